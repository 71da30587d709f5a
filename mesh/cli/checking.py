"""Whether a request says what a person asked for, found out on the person's own machine.

The controller makes the request, and may be anybody's: whatever it puts there that was not asked
for is found before anything is signed. It may fill in defaults, ids and keys that names stand for;
what it fills in for templates each controller checks against the environment's data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from mesh.cli.acquaintances import stands_for

if TYPE_CHECKING:
    from mesh.cli.session import Session
    from mesh.wire.requests import Command, Request

Body = Mapping[str, object]
"""What was sent to the controller: what the person asked for."""

_ID_DIGITS_MIN: Final = 8
_ID_DIGITS: Final = 64


def disagreement(request: Request, who: Session, body: Body, shown: Request | None = None) -> str:
    """How ``request`` differs from what was asked for with ``body``; empty where it does not.

    ``shown`` is the request that it carries on, which the person has read. What a merge or a revert
    comes to only the controller knows: it is shown, and asked about.
    """
    return next(_differences(request, who, body, shown), "")


def _differences(
    request: Request, who: Session, body: Body, shown: Request | None
) -> Iterator[str]:
    if request.environment.hex() != who.environment:
        yield "it is for another environment"
    if request.signer.hex() != who.key:
        yield "it names another signer"
    if any(each.unknown for each in (*request.written, *request.resolved)):
        yield "it says more than this version can read"
    if not _is_what_was_typed(request.written, body):
        yield "its commands are others"
    yield from _of_the_cover(request, body)
    yield from _of_where_it_comes_from(request, body, shown)
    yield from _of_what_it_carries_out(request)


def _of_the_cover(request: Request, body: Body) -> Iterator[str]:
    """What goes with the commands."""
    if request.override and not body.get("override"):
        yield "it would pass by what the environment demands"
    if request.overridden and not body.get("force"):
        yield "it would write over what others changed meanwhile"
    for name in ("reason", "patience_ns"):
        if body.get(name) and getattr(request, name) != body[name]:
            yield f"its {name} is another"
    called = body.get("name") or body.get("draft")
    if "commands" in body and called and request.name != called:
        yield "its name is another"


def _of_where_it_comes_from(request: Request, body: Body, shown: Request | None) -> Iterator[str]:
    """Only what is promoted, or was, comes from elsewhere, and then it is vouched for."""
    if shown is not None:
        if request.written != shown.written or request.origin != shown.origin:
            yield "it is not what was shown"
        return
    if "from" in body:
        yield from _of_what_was_meant(request, str(body["name"]))
    elif request.origin is not None and body.keys() & {"commands", "fingerprint"}:
        yield "it says that it comes from another environment"
    if request.origin is not None:
        yield from _of_the_vouch(request)


def _of_what_was_meant(request: Request, asked: str) -> Iterator[str]:
    origin = request.origin
    if origin is None:
        yield "it does not come from another environment"
        return
    is_id = len(asked) >= _ID_DIGITS_MIN and origin.tx.hex().startswith(asked.lower())
    is_named = request.name == asked and len(asked) != _ID_DIGITS
    if not is_named and not is_id:
        yield f"it is '{request.name}', not '{asked}'"


def _of_the_vouch(request: Request) -> Iterator[str]:
    from mesh.driver.keys import NaClSuite
    from mesh.environment.consent import own_kind
    from mesh.protocol.history.prepared import keys_written
    from mesh.protocol.history.proofs import unvouched

    wrong = unvouched(request, NaClSuite())
    if wrong:
        yield wrong
    own = own_kind(keys_written(request.resolved or request.written))
    if own is not None:
        yield f"what is of the kind {own} is an environment's own, and is not promoted"


def _of_what_it_carries_out(request: Request) -> Iterator[str]:
    from mesh.environment.faithful import departure

    if request.origin is not None and not request.resolved:
        return  # it waits for data: whoever carries it on signs what comes of it
    wrong = departure(request.written, request.resolved)
    if wrong:
        yield wrong
    for written, resolved in zip(request.written, request.resolved, strict=False):
        yield from _added(written, resolved)
        yield from _other_fingerprint(written, resolved)


def _added(written: Command, resolved: Command) -> Iterator[str]:
    """Defaults that are not the ones of this program: the fold would take any."""
    from mesh.environment.commands import declaration_of

    declaration = declaration_of(written)
    assert declaration is not None, "a departure otherwise"
    for each in declaration.parameters:
        is_default = each.default is not None and each.name not in written.parameters
        if is_default and resolved.parameters.get(each.name, each.default) != each.default:
            yield f"{each.name} was added to {written.group} {written.verb}"


def _other_fingerprint(written: Command, resolved: Command) -> Iterator[str]:
    """A fingerprint that was written stands for its own key."""
    from mesh.wire.identity import fingerprint

    for name, value in written.parameters.items():
        key = resolved.parameters.get(name)
        if isinstance(value, str) and isinstance(key, str) and _is_key_for(value, key):
            mark = fingerprint(bytes.fromhex(key))
            if len(value) == len(mark) and value.count("-") == mark.count("-") and value != mark:
                yield f"{name} of {written.group} {written.verb} became another"


def unnamed_right(request: Request, who: Session) -> str:
    """The first right that it takes, where it names none of the signer's; empty: it does.

    A request ends when a right that it names is renewed. One that names none could be kept for
    ever; and whoever has none has nothing to sign.
    """
    from mesh.environment.rights import Holder, is_of_right
    from mesh.protocol.history.prepared import keys_written

    touched = (*request.base, *request.overridden)
    mine = ("operator", who.name)
    if not touched or any(each.key[:2] == mine and is_of_right(each.key) for each in touched):
        return ""
    holder = Holder(*mine, bytes.fromhex(who.key), ())
    demanded = filter(None, map(holder.demand, keys_written(request.resolved)))
    return next(map(str, demanded), "")


def named_controllers(request: Request) -> dict[str, str]:
    """The keys that names of controllers stand for in it, by name: only the controller says so."""
    found: dict[str, str] = {}
    for written, resolved in zip(request.written, request.resolved, strict=False):
        name, key = (each.parameters.get("controller") for each in (written, resolved))
        if isinstance(name, str) and isinstance(key, str) and not stands_for(name, key):
            found[name] = key
    return found


def _is_key_for(written: str, resolved: str) -> bool:
    digits = 64
    return (
        written != resolved and len(resolved) == digits and not resolved.strip("0123456789abcdef")
    )


def _is_what_was_typed(written: Sequence[Command], body: Body) -> bool:
    match body:
        case {"commands": [*typed]}:
            return len(written) == len(typed) and all(map(_is_typed, written, typed))
        case {"fingerprint": str(mark)}:
            return [_admitted(each) for each in written] == [mark.replace("-", "").lower()]
        case _:
            return True


def _is_typed(written: Command, typed: object) -> bool:
    """Whether one command says what was typed; whoever makes a secret names it."""
    from mesh.environment.kinds.environment_secret import COMMITMENT, ROTATION

    said = {"group": written.group, "verb": written.verb, "parameters": written.parameters}
    if said == typed:
        return True
    if (written.group, written.verb) != ROTATION:
        return False
    named = {name: value for name, value in written.parameters.items() if name != COMMITMENT}
    return {**said, "parameters": named} == typed


def _admitted(command: Command) -> str:
    """The fingerprint of whom a command admits; empty: nobody."""
    from mesh.wire.identity import fingerprint

    if (command.group, command.verb) != ("controller", "admit"):
        return ""
    return fingerprint(bytes.fromhex(str(command.parameters["controller"]))).replace("-", "")
