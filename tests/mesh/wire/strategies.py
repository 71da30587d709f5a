"""Hypothesis strategies for whatever the wire carries, read off the types with their limits."""

from typing import Final, cast

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from mesh.wire import risp
from mesh.wire.messages import Message
from mesh.wire.requests import Command

_ITEMS_MAX: Final = 3
_TEXT_MAX: Final = 12

_LATER_BEADS: Final = st.one_of(
    st.builds(risp.Command, st.just(0x1005), st.integers(0, 0xFFFF)),
    st.builds(risp.Command, st.sampled_from([0x8001, 0xAFFF]), st.binary(max_size=_TEXT_MAX)),
    st.just(risp.Command(0x7006)),
)
"""What a later version may say of a command beside its four beads."""


def values(info: inspect.Type) -> st.SearchStrategy[object]:
    """Values of the type that ``info`` describes, within its limits."""
    match info:
        case inspect.IntType(ge=least, le=most):
            return st.integers(least, most)
        case inspect.BytesType(min_length=least, max_length=most):
            return st.binary(min_size=least or 0, max_size=_capped(least, most))
        case inspect.StrType(min_length=least, max_length=most):
            return st.text(min_size=least or 0, max_size=_capped(least, most))
        case inspect.VarTupleType(item_type=item, min_length=least, max_length=most):
            items = st.lists(values(item), min_size=least or 0, max_size=_fewest(least, most))
            return items.map(tuple)
        case (
            inspect.NamedTupleType(cls=cls, fields=fields)
            | inspect.StructType(cls=cls, fields=fields)
        ):
            return _records(cls, fields)
        case inspect.UnionType(types=types):
            return st.one_of([values(one) for one in types])
        case _:
            return _scalars(info)


def _scalars(info: inspect.Type) -> st.SearchStrategy[object]:
    match info:
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.EnumType(cls=cls):
            return st.sampled_from(list(cls))
        case inspect.LiteralType(values=choices):
            return st.sampled_from(choices)
        case inspect.DictType(key_type=key):
            return st.dictionaries(values(key), _plain(), max_size=_ITEMS_MAX)
        case _:
            raise NotImplementedError(type(info).__name__)


def _records(cls: type, fields: tuple[inspect.Field, ...]) -> st.SearchStrategy[object]:
    parts = {field.name: values(field.type) for field in fields}
    if cls is Command:
        parts["unknown"] = st.lists(_LATER_BEADS, max_size=_ITEMS_MAX).map(risp.encode)
    return st.builds(cls, **parts)


def _plain() -> st.SearchStrategy[object]:
    leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=4)
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
        ),
        max_leaves=4,
    )


def _capped(least: int | None, most: int | None) -> int:
    return max(least or 0, min(most if most is not None else _TEXT_MAX, _TEXT_MAX))


def _fewest(least: int | None, most: int | None) -> int:
    return max(least or 0, min(most if most is not None else _ITEMS_MAX, _ITEMS_MAX))


def structs(cls: type[msgspec.Struct]) -> st.SearchStrategy[msgspec.Struct]:
    """Values of one struct of the wire."""
    return cast("st.SearchStrategy[msgspec.Struct]", values(inspect.type_info(cls)))


def messages() -> st.SearchStrategy[Message]:
    """Messages of every kind."""
    return cast("st.SearchStrategy[Message]", values(inspect.type_info(Message)))
