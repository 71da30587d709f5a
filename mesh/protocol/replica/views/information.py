"""Running information as people and programs read it: paths, values, what stands beside them."""

from collections.abc import Mapping
from typing import TypedDict, TypeGuard

from crdt import Reading
from crdt.clock import stamp_ms
from mesh.protocol.replica.door import Replica
from mesh.protocol.replica.noticeboard import PLACE
from mesh.protocol.replica.views.names import spell_path

Json = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


class Entry(TypedDict):
    """One entry of running information."""

    path: str
    value: Json
    conflicts: list[Json]
    """Other values written at the same time, unseen by each other; the latest first."""
    written_ms: int
    """Unix time in milliseconds, by the writer's clock."""
    token: str
    """Stands for what was shown here: a write that brings it along supersedes just that."""


class Listing(TypedDict):
    """Entries below a prefix."""

    prefix: str
    entries: list[Entry]
    count: int
    """How many there are, those beyond the limit included."""


def information(replica: Replica, prefix: tuple[str, ...], limit: int) -> Listing:
    """The first ``limit`` entries below ``prefix``, by path.

    Less what waits for approval, whose raw bytes may hold what is confidential: see
    :mod:`mesh.protocol.replica.views.consent`.
    """
    inside = replica.participant
    every = () if inside is None else inside.information.items(prefix)
    found = [(path, reading) for path, reading in every if path[0] != PLACE]
    return Listing(
        prefix=spell_path(prefix) or "/",
        entries=[_entry(path, reading) for path, reading in found[:limit]],
        count=len(found),
    )


def entry(replica: Replica, path: tuple[str, ...]) -> Entry | None:
    """The entry at exactly ``path``, None where there is none."""
    inside = replica.participant
    reading = (
        None if inside is None or path[:1] in ((), (PLACE,)) else inside.information.read(path)
    )
    return None if reading is None else _entry(path, reading)


def _entry(path: tuple[str, ...], reading: Reading) -> Entry:
    return Entry(
        path=spell_path(path),
        value=plain(reading.value),
        conflicts=[plain(value) for value in reading.conflicts],
        written_ms=stamp_ms(reading.stamp),
        token=reading.token.encode().hex(),
    )


def plain(value: object) -> Json:
    """A value of the store in what JSON can say; bytes become ``{"hex": …}``."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    assert _is_scalar(value), f"a {type(value).__name__} in the store"
    return value


def _is_scalar(value: object) -> TypeGuard[bool | int | float | str | None]:
    return value is None or isinstance(value, bool | int | float | str)
