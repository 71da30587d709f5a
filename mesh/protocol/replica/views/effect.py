"""What commands would do now: those of a draft, or of a ChangeSet that has had no effect (yet)."""

from collections.abc import Iterator, Sequence
from typing import TypedDict

from mesh.environment.commands import declaration_of, spell_place, unknown_part
from mesh.environment.configuration import Configuration
from mesh.environment.draft import Draft
from mesh.environment.kinds import data
from mesh.environment.resolve import Unresolved
from mesh.protocol.now import Now
from mesh.protocol.replica.door import Replica
from mesh.protocol.replica.views.changes import find
from mesh.protocol.replica.views.look import Look
from mesh.protocol.replica.views.looking_back import differ, difference, key_view
from mesh.protocol.replica.views.names import spell_path
from mesh.protocol.replica.views.shapes import KeyView
from mesh.wire.requests import Command, Request

_NONCE_BYTES = 16


class EffectOf(TypedDict):
    """What a draft or a ChangeSet would do now."""

    keys: list[KeyView]
    errors: list[str]
    """Why it cannot be done; with any there are no keys."""
    since: list[KeyView]
    """What others have changed of all that a draft touches, since its author last looked."""


def effect(replica: Replica, now: Now, commands: Sequence[Command], on: str) -> EffectOf:
    """What ``commands`` would do now, or every reason why they cannot be done.

    ``on`` is the last ChangeSet that their author knew of.
    """
    inside = replica.participant
    if inside is None:
        return EffectOf(keys=[], errors=["there is no environment here yet"], since=[])
    resolution = inside.history.resolve(commands, bytes(_NONCE_BYTES))
    if isinstance(resolution, Unresolved):
        return EffectOf(keys=[], errors=list(resolution.errors), since=[])
    told = _carried_out(inside.history.state, resolution.resolved)
    touched = {spell_path(each.key) for each in (*resolution.base, *resolution.overridden)}
    since = [each for each in _since(replica, now, on) if each["key"] in touched]
    return {**told, "since": since}


def effect_of(replica: Replica, asked: str, now: Now) -> EffectOf | None:
    """What the ChangeSet that ``asked`` means would do if it took effect now.

    None where it means none. Raises Ambiguous where it means several.
    """
    look = Look.at(replica, now)
    tx = None if look is None else find(look, asked)
    if look is None or tx is None:
        return None
    request = look.request(tx)
    if _is_made_anew(look, tx, request):
        return effect(replica, now, request.written, "")
    return _carried_out(look.inside.history.state, request.resolved)


def _is_made_anew(look: Look, tx: bytes, request: Request) -> bool:
    """Whether it would have to be resolved again: it lacked data, or is in the history already."""
    is_decided = look.inside.history.entry(tx) is not None or tx in look.set_aside_below
    return is_decided or not request.resolved


def _carried_out(state: Configuration, commands: Sequence[Command]) -> EffectOf:
    """What resolved ``commands`` write over ``state``."""
    draft = Draft(state)
    errors = [*_errors(draft, commands)]
    if errors:
        return EffectOf(keys=[], errors=errors, since=[])
    changes = [(key, state.read(key), entry.value) for key, entry in draft.changes(bytes(32))]
    keys = [key_view(key, before, after) for key, before, after in changes if differ(before, after)]
    return EffectOf(keys=sorted(keys, key=lambda each: each["key"]), errors=[], since=[])


def _errors(draft: Draft, commands: Sequence[Command]) -> Iterator[str]:
    """Carries ``commands`` out, and says which cannot be."""
    for at, command in enumerate(commands, 1):
        declaration = declaration_of(command)
        unknown = unknown_part(command)
        if declaration is None or unknown is not None:
            yield f"{spell_place(at, len(commands), command)}: {unknown}"
            continue
        draft.begin(declaration.touched(command.parameters))
        refusal = declaration.run(draft, command.parameters)
        if refusal is not None:
            yield f"{spell_place(at, len(commands), command)}: {refusal.text}"


def _since(replica: Replica, now: Now, on: str) -> list[KeyView]:
    """What was changed after ``on``; nothing where that cannot be said any more.

    Environment data that was not there is not what anybody has seen: whoever fills it in changes
    nothing that a draft was written for.
    """
    try:
        changed = difference(replica, now, on, "")["keys"] if on else []
    except LookupError:
        return []
    filled_in = {
        each["key"] for each in changed if _is_data(each["key"]) and each["before"] is None
    }
    return [each for each in changed if _owner(each["key"]) not in filled_in]


def _is_data(key: str) -> bool:
    return key.startswith(f"/{data.NAME}/")


def _owner(key: str) -> str:
    """The key of the object that ``key`` belongs to."""
    return "/".join(key.split("/")[:3])
