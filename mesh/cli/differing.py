"""How differences of the configuration look on a screen: object by object, before and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from mesh.cli.output import paint, spelled_field

if TYPE_CHECKING:
    from mesh.protocol.replica.views import KeyView


def lines_of(keys: Sequence[KeyView]) -> Iterator[str]:
    """Before and after, object by object."""
    objects: dict[tuple[str, str], list[tuple[str, KeyView]]] = {}
    for key in keys:
        kind, name, *rest = [*key["key"].strip("/").split("/"), ""]
        objects.setdefault((kind, name), []).append(("/".join(filter(None, rest)), key))
    for (kind, name), fields in objects.items():
        own = next((key for field, key in fields if not field), None)
        made = own is not None and own["before"] is None
        gone = own is not None and own["after"] is None
        sign, colour = ("+", "green") if made else ("-", "red") if gone else ("~", "yellow")
        is_single = own is not None and len(fields) == 1
        value = f": {_change(own, made=made, gone=gone)}" if is_single and own is not None else ""
        yield paint(f"{sign} {kind} {name}{value if _is_plain(own) else ''}", colour)
        for field, key in fields:
            if field:
                yield f"    {field}: {_change(key, made=made, gone=gone)}"


_ID_DIGITS: Final = 32


def _is_plain(own: KeyView | None) -> bool:
    """Whether an object is a single value; others have a creation id there, which says nothing."""
    if own is None:
        return False
    values = [value for value in (own["before"], own["after"]) if value is not None]
    return not all(isinstance(value, str) and len(value) == _ID_DIGITS for value in values)


def _change(key: KeyView, *, made: bool, gone: bool) -> str:
    before, after = (
        "(nothing)" if value is None else spelled_field(key["key"], value)
        for value in (key["before"], key["after"])
    )
    return after if made else before if gone else f"{before} → {after}"
