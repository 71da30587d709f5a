"""A scenario without one of its hosts: every mention of it goes too.

Where hosts are named is said by the types of a scenario, so that a new fault needs nothing here. A
mention within a list goes alone; what needs the host to make sense goes with it.
"""

from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Final, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec.structs import replace

from simulations.plan import Plan
from simulations.scenario import Scenario

_GONE: Final = object()
_GROUPS_MIN: Final = 2
"""A split into one group splits nothing."""


def without_host(scenario: Scenario, name: str) -> Scenario | None:
    """The same without the host ``name``; None where nobody would be left to be shrunk."""
    hints = _hints(Scenario)
    changes: dict[str, object] = {}
    for field, value in _fields(scenario).items():
        stripped = _stripped(value, hints[field], name, keep_empty=True)
        changes[field] = None if stripped is _GONE else stripped
    shrunk = replace(scenario, **changes)
    if not shrunk.hosts:
        return None
    if not any(host.founds or host.fresh for host in shrunk.hosts):
        founder = replace(shrunk.hosts[0], founds=True)
        shrunk = replace(shrunk, hosts=(founder, *shrunk.hosts[1:]))
    return shrunk


def _fields(plan: Plan) -> Mapping[str, object]:
    return {field: getattr(plan, field) for field in plan.__struct_fields__}


@cache
def _hints(kind: type[Plan]) -> Mapping[str, object]:
    return get_type_hints(kind, include_extras=True)


def _names_hosts(hint: object) -> bool:
    return get_origin(hint) is Annotated and any(
        isinstance(each, msgspec.Meta) and (each.extra or {}).get("names") == "host"
        for each in get_args(hint)[1:]
    )


def _stripped(value: object, hint: object, name: str, *, keep_empty: bool = False) -> object:
    """``value`` without mentions of ``name``; _GONE where it means nothing without it."""
    if _names_hosts(hint):
        return _GONE if value == name else value
    if get_origin(hint) is Annotated:
        return _stripped(value, get_args(hint)[0], name, keep_empty=keep_empty)
    if isinstance(value, Plan):
        return _stripped_plan(value, name)
    if get_origin(hint) in (Union, UnionType):
        inner = next((each for each in get_args(hint) if _fits(value, each)), None)
        return value if inner is None else _stripped(value, inner, name, keep_empty=keep_empty)
    if isinstance(value, tuple):
        return _stripped_tuple(value, get_args(hint), name, keep_empty=keep_empty)
    if isinstance(value, dict):
        return _stripped_dict(value, get_args(hint), name)
    return value


def _fits(value: object, hint: object) -> bool:
    """Which member of a union ``value`` is: plans know themselves, so names and lists are left."""
    plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    kind = get_origin(plain) or plain
    return isinstance(kind, type) and isinstance(value, kind)


def _stripped_plan(plan: Plan, name: str) -> object:
    hints = _hints(type(plan))
    changes = {
        field: _stripped(value, hints[field], name) for field, value in _fields(plan).items()
    }
    if any(value is _GONE for value in changes.values()):
        return _GONE
    groups = changes.get("groups")
    if isinstance(groups, tuple) and len(groups) < _GROUPS_MIN:
        return _GONE
    return replace(plan, **changes)


def _stripped_tuple(
    items: tuple[object, ...], arguments: tuple[object, ...], name: str, *, keep_empty: bool
) -> object:
    inner = arguments[0] if arguments else object
    stripped = [_stripped(item, inner, name) for item in items]
    left = tuple(item for item in stripped if item is not _GONE)
    return _GONE if items and not left and not keep_empty else left


def _stripped_dict(
    items: dict[object, object], arguments: tuple[object, ...], name: str
) -> dict[object, object]:
    key_hint, value_hint = arguments or (object, object)
    pairs = (
        (_stripped(key, key_hint, name), _stripped(value, value_hint, name, keep_empty=True))
        for key, value in items.items()
    )
    return {key: value for key, value in pairs if key is not _GONE and value is not _GONE}
