"""What people call things: controllers by name, ChangeSets by the first digits of their ids.

A person never types 64 digits. An id is shown as its first eight, or as many more as it takes to
mean one ChangeSet only; whoever asks may give any beginning that means one, or a name.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Final, TypedDict

from mesh.environment.configuration import Configuration
from mesh.wire.identity import fingerprint

ID_DIGITS_MIN: Final = 8
"""Of an id shown: two of 10,000 ChangeSets share eight digits once in a hundred environments."""

ASKED_DIGITS_MIN: Final = 4
"""Of an id asked for: shorter ones would mean another ChangeSet tomorrow."""

TX_DIGITS: Final = 64


class Who(TypedDict):
    """A controller or an operator, as people are shown it."""

    id: str
    name: str
    fingerprint: str


def who(key: bytes, names: dict[str, str]) -> Who:
    """``key`` with its name in the roster; without one it is called by its fingerprint."""
    told = fingerprint(key)
    return Who(id=key.hex(), name=names.get(key.hex(), told), fingerprint=told)


def names_in(configuration: Configuration) -> dict[str, str]:
    """The names of all controllers that ever were in the roster, by their ids in hex."""
    return {key: str(fields["name"]) for key, fields in configuration.items("controller")}


def short_ids(all_of_them: Iterable[bytes]) -> dict[bytes, str]:
    """For each tx its first digits in hex: eight, or as many as tell it from its neighbours."""
    ordered = sorted(set(all_of_them))
    digits = dict.fromkeys(ordered, ID_DIGITS_MIN)
    for before, after in pairwise(ordered):
        needed = _common(before.hex(), after.hex()) + 1
        digits[before] = max(digits[before], needed)
        digits[after] = max(digits[after], needed)
    return {tx: tx.hex()[:count] for tx, count in digits.items()}


def _common(one: str, other: str) -> int:
    for at, (left, right) in enumerate(zip(one, other, strict=True)):
        if left != right:
            return at
    return len(one)


def spell_path(path: tuple[str, ...]) -> str:
    """A key as people write it, ``/web/1/address``; in a part ``/`` is ``~1``, ``~`` is ``~0``.

    This is JSON Pointer (RFC 6901), so any key can be written, and none in two ways.
    """
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)


def read_path(text: str) -> tuple[str, ...]:
    """The key that a person wrote; a leading and a trailing ``/`` may be missing or there."""
    trimmed = text.strip("/")
    if not trimmed:
        return ()
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in trimmed.split("/"))
