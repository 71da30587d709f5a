"""Which controller a name stands for, noted on the person's own machine, as hosts are with ssh.

A person says *oak*, and the controller that is asked says which key that is. One that lied would be
given the removal of another controller to sign, or a password sealed to a key of its own. So at the
login, and whenever a name is first used, its key is noted here; a name that has come to stand for
another key is refused, and one that nobody has seen yet is shown and asked about.

Invariant: what is noted is changed by people alone, with ``trellis members recognize``.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Final

from mesh.cli import opened, session
from mesh.cli.asking import demand_yes
from mesh.cli.errors import FAILED, CommandError
from mesh.cli.sealed import Controller

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_SUFFIX: Final = ".known"
_ENVIRONMENT_DIGITS: Final = 32
_KEY_DIGITS: Final = 64


def learn(environment: str, roster: Iterable[Controller]) -> list[str]:
    """Note whoever is new; the names that stand for another key than the noted one."""
    noted, met = _noted(environment), list(roster)
    other = [each.name for each in met if _differs(noted.get(each.name), each)]
    fresh = {each.name: each for each in met if each.name not in noted}
    if fresh:
        _note(environment, {**noted, **fresh})
    return other


def recognize(environment: str, one: Controller) -> None:
    """From now on the name of ``one`` stands for it: somebody has compared the fingerprint."""
    _note(environment, {**_noted(environment), one.name: one})


def demand_known(
    environment: str, met: Iterable[Controller], *, says_yes: bool = False, is_quiet: bool = False
) -> None:
    """Raises CommandError where a name stands for another key than it did, or nobody knows it.

    A name that was never seen here is asked about, unless the person ``says_yes`` beforehand.
    """
    noted, unseen = _noted(environment), list[Controller]()
    for each in dict.fromkeys(met):
        known = noted.get(each.name)
        if known is None or (not known.exchange_key and each.exchange_key):
            unseen.append(each)
        if _differs(known, each):
            raise CommandError(FAILED, *_changed(known, each))
    if not unseen:
        return
    _ask_about(unseen, says_yes=says_yes, is_quiet=is_quiet)
    _note(environment, {**noted, **{each.name: each for each in unseen}})


def marks(key: str) -> str:
    """The fingerprint of a key in hex. Raises CommandError where that is none."""
    from mesh.wire.identity import fingerprint

    try:
        raw = bytes.fromhex(key)
    except ValueError:
        raw = b""
    if len(key) != _KEY_DIGITS or not raw:
        raise CommandError(FAILED, "what the controller says of the others is no key.")
    return fingerprint(raw)


def stands_for(written: str, key: str) -> bool:
    """Whether ``written`` is that key or its fingerprint, and so cannot be another's."""
    return written == key or written.replace("-", "").lower() == marks(key).replace("-", "")


def _differs(known: Controller | None, one: Controller) -> bool:
    """Whether a key is another than the noted one; what is not known yet differs from nothing."""
    if known is None:
        return False
    has_both = bool(known.exchange_key and one.exchange_key)
    return known.key != one.key or (has_both and known.exchange_key != one.exchange_key)


def _changed(known: Controller | None, one: Controller) -> tuple[str, ...]:
    assert known is not None, "it differs from that"
    mark = marks(one.key)
    if known.key != one.key:
        what = f"'{one.name}' was {marks(known.key)} when this machine saw it last, and is {mark}"
        why = "If another controller has taken that name"
    else:
        what = f"'{one.name}' ({mark}) had another exchange key when this machine saw it last:"
        what += f" now it is {one.exchange_key}"
        why = "If `trellis members rotate-key` was run there"
    way = f"compare with `trellis controller list` on its own host; then: {_way(one)}"
    told = f"{what} by the word of the controller that was asked. Nothing was signed."
    return told, f"{why}, {way}"


def _ask_about(unseen: list[Controller], *, says_yes: bool, is_quiet: bool) -> None:
    told = "; ".join(
        f"{each.name} {marks(each.key)} {each.exchange_key}".strip() for each in unseen
    )
    demand_yes(
        f"This machine has not seen them before: {told}.",
        f"compare the fingerprints on their own hosts, then: {_way(unseen[0])}",
        says_yes=says_yes,
        is_quiet=is_quiet,
    )


def _way(one: Controller) -> str:
    return f"trellis members recognize {one.name} {marks(one.key)}"


# --- the file -------------------------------------------------------------------------------------


def _directory() -> Path:
    """On disk, for it is to outlive the day; with the sessions where somebody has said a place."""
    said = session.directory() if os.environ.get(session.DIRECTORY_VARIABLE) else None
    return said or opened.state_directory()


def _file(environment: str) -> Path:
    return _directory() / f"{environment[:_ENVIRONMENT_DIGITS]}{_SUFFIX}"


def _note(environment: str, noted: Mapping[str, Controller]) -> None:
    file = _file(environment)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_suffix(f"{_SUFFIX}.new")
    told = {name: [each.key, each.exchange_key] for name, each in noted.items()}
    _ = fresh.write_text(json.dumps(told))
    _ = fresh.replace(file)


def _noted(environment: str) -> dict[str, Controller]:
    """By name. Raises CommandError where the file is damaged: it is not begun anew in silence."""
    file = _file(environment)
    try:
        told = json.loads(file.read_text())
        return {
            str(name): Controller(str(keys[0]), str(name), str(keys[1]))
            for name, keys in told.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, LookupError, TypeError) as error:
        text = f"{file} cannot be read: {error}"
        raise CommandError(
            FAILED, text, "Remove it to begin anew, and compare fingerprints."
        ) from None
