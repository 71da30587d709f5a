"""To undo one ChangeSet of the history: what it wrote over comes back, as a new ChangeSet.

Nothing leaves the history: who undoes something has done something, with a name, a reason and the
rights that it takes. It is refused where another ChangeSet has written there since, since that one
was made by somebody who saw the state as it is; with force the former values come back anyway.
"""

from collections.abc import Mapping
from typing import Final

from mesh.environment.entries import spell
from mesh.environment.inverse import Done, Inverse, inverse, overwritten
from mesh.environment.resolve import Resolution, Unresolved, resolve
from mesh.protocol.catalogue import Catalogue
from mesh.protocol.history.line import Line, Step
from mesh.protocol.history.outcomes import Standing
from mesh.wire.requests import Key, Kind

_NAMED_MAX: Final = 10
"""Keys in one refusal: what others there are is seen when these are settled."""

_RULING: Final[Mapping[Kind, str]] = {
    Kind.MERGE: "a merge is not undone: restage what it set aside, or revert what it kept",
    Kind.CHECKPOINT: "a checkpoint is not undone: it changes nothing, it forgets",
}


def revert(
    line: Line,
    catalogue: Catalogue,
    tx: bytes,
    nonce: bytes,
    *,
    force: bool = False,
    signer: bytes | None = None,
) -> Resolution | Unresolved:
    """The request that undoes ``tx`` at the end of ``line``, or every reason why there is none."""
    step = line.first_of(tx)
    why = _unfit(catalogue, tx, step)
    if why or step is None:
        return Unresolved((why,))
    former = dict(step.before)
    done = tuple(Done(key, former[key], after) for key, after in step.after)
    since = () if force else overwritten(line.workspace, tx, done)
    if since:
        return Unresolved(_told(line, catalogue, tx, since), conflict=True)
    undoing = inverse(line.workspace, done)
    if not isinstance(undoing, Inverse):
        return Unresolved(undoing.errors)
    if not undoing.commands:
        return Unresolved((f"everything is as it was before {_called(line, catalogue, tx)}",))
    return resolve(
        line.workspace,
        undoing.commands,
        nonce,
        force=force,
        signer=signer,
        returning=undoing.returning,
    )


def _unfit(catalogue: Catalogue, tx: bytes, step: Step | None) -> str:
    """Why there is nothing to undo, whatever the state is; empty: there may be."""
    short = tx.hex()[:8]
    if step is None:
        if tx in catalogue.ground.folded:
            return (
                f"{short} is older than the checkpoint: what it wrote over is not kept any more;"
                " write the former values by commands"
            )
        return f"no ChangeSet {tx.hex()} in the history"
    kind = catalogue[step.number].kind
    if kind in _RULING:
        return _RULING[kind]
    match step.outcome.standing:
        case Standing.EFFECTIVE:
            return ""
        case Standing.SET_ASIDE:
            return (
                f"{short} was set aside and has changed nothing;"
                f" to carry it out after all: trellis change restage {short}"
            )
        case standing:
            return f"{short} is {standing}, there is nothing to undo"


def _told(
    line: Line, catalogue: Catalogue, tx: bytes, since: tuple[tuple[Key, bytes], ...]
) -> tuple[str, ...]:
    texts = [
        f"{spell(key)} was written since by {_called(line, catalogue, by)}"
        for key, by in since[:_NAMED_MAX]
    ]
    if len(since) > _NAMED_MAX:
        texts.append(f"and {len(since) - _NAMED_MAX} more keys")
    short = tx.hex()[:8]
    texts.append(f"revert these first, or write over them: trellis change revert {short} --force")
    return tuple(texts)


def _called(line: Line, catalogue: Catalogue, tx: bytes) -> str:
    step = line.first_of(tx)
    short = tx.hex()[:8]
    return short if step is None else f"'{catalogue[step.number].request.name}' ({short})"
