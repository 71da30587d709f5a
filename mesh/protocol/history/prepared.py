"""A ChangeSet made ready to be folded: all that can be known about it without any state, once.

A refold goes through thousands; what depends on the signed bytes alone (signature, shapes,
the keys touched) is found at the first meeting and kept.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from mesh.environment.commands import check_resolved, declaration_of, unknown_part
from mesh.environment.declarations import Arguments, Declaration
from mesh.environment.draft import Touched
from mesh.environment.entries import spell
from mesh.environment.faithful import departure
from mesh.environment.kinds import merge
from mesh.protocol.catalogue import ChangeSet
from mesh.protocol.history.proofs import approvers_of, unproved, unvouched
from mesh.protocol.suite import Verifier
from mesh.protocol.terms import terms_of
from mesh.wire.facts import NoReason
from mesh.wire.identity import digest
from mesh.wire.requests import Command, Key, Kind, Request, SignedRequest


@dataclass(frozen=True, slots=True)
class Step:
    """One command, found in the table."""

    declaration: Declaration
    arguments: Arguments
    touched: Touched


@dataclass(frozen=True, slots=True)
class Decision:
    """What a merge says, each a list of tx."""

    keep: tuple[bytes, ...] = ()
    set_aside: tuple[bytes, ...] = ()
    admit: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A ChangeSet, read and checked as far as no state is needed."""

    change_set: ChangeSet
    forgery: str | None
    """Why it is not what its signer signed for this environment."""
    unknown: str | None
    """What this version does not understand about it."""
    faults: tuple[str, ...]
    """What is wrong with its commands or its base."""
    steps: tuple[Step, ...]
    decision: Decision
    approvers: tuple[bytes, ...] = ()
    """The keys of those who have signed that they approve it."""

    @property
    def written(self) -> Iterator[Key]:
        """Every key that its commands write, in whichever way."""
        for step in self.steps:
            yield from step.touched.written

    @property
    def by_controllers(self) -> bool:
        """Whether a controller of the roster may sign all of it."""
        return all(step.declaration.is_for_controllers(step.arguments) for step in self.steps)


@dataclass(frozen=True, slots=True)
class Examined:
    """A request, read and checked as far as neither an attempt of it nor any state is needed."""

    forgery: str | None = None
    unknown: str | None = None
    shape: tuple[str, ...] = ()
    """What is wrong with the shape of its commands."""
    unproved: tuple[str, ...] = ()
    """Which of them lack a proof that they must carry."""
    uncovered: tuple[str, ...] = ()
    """What is wrong with its base, or with what became of its templates."""
    steps: tuple[Step, ...] = ()
    decision: Decision = field(default_factory=Decision)


def examine(
    signed: SignedRequest, request: Request, environment: bytes, suite: Verifier
) -> Examined:
    """``signed``, which ``request`` is read from, on its way into the fold of ``environment``."""
    unknown = _unknown(request)
    forgery = _forgery(signed, request, environment, suite)
    if unknown is not None or forgery is not None:
        return Examined(forgery, unknown)
    shape = [error for command in request.resolved for error in check_resolved(command)]
    steps = () if shape else tuple(_step(command) for command in request.resolved)
    lacking = [
        error
        for step in steps
        for error in unproved(step.declaration, step.arguments, environment, suite)
    ]
    uncovered = () if shape or lacking else (*_uncovered(request, steps), *_unfaithful(request))
    return Examined(None, None, tuple(shape), tuple(lacking), uncovered, steps, _decision(steps))


def prepare(
    change_set: ChangeSet,
    environment: bytes,
    suite: Verifier,
    examined: Callable[[SignedRequest, Request], Examined],
) -> Prepared:
    """``change_set`` made ready for the fold of ``environment``.

    ``examined`` is `examine`, or what it said of the same request before.
    """
    signed, request, flaw = change_set.propose.request, change_set.request, change_set.flaw
    unknown = flaw.detail if flaw is not None and flaw.why is NoReason.VERSION else None
    if digest(signed.raw) != change_set.tx:
        forgery = "the request is not the one that the attempt names"
        return Prepared(change_set, forgery, unknown or _unknown(request), (), (), Decision())
    if flaw is not None:  # nobody can say here who signed what
        faults = () if unknown is not None else (flaw.detail,)
        return Prepared(change_set, None, unknown, faults, (), Decision())
    found = examined(signed, request)
    if found.unknown is not None or found.forgery is not None:
        return Prepared(change_set, found.forgery, found.unknown, (), (), Decision())
    misfits = _misfits(change_set, found.steps)
    wrong = (*found.shape, *misfits, *found.unproved) or found.uncovered
    approvals = change_set.attempt.approvals
    approvers = approvers_of(approvals, environment, change_set.tx, suite)
    return Prepared(change_set, None, None, wrong, found.steps, found.decision, approvers)


def kind_of(commands: Sequence[Command]) -> Kind:
    """The kind of attempt that may carry these resolved commands."""
    kinds = [
        declaration.needs(command.parameters)
        for command in commands
        if (declaration := declaration_of(command)) is not None
    ]
    special = (Kind.MERGE, Kind.CHECKPOINT, Kind.ROSTER)
    return next((kind for kind in special if kind in kinds), Kind.NORMAL)


def keys_written(commands: Sequence[Command]) -> Iterator[Key]:
    """Every key that these commands write, less what is not known here."""
    for command in commands:
        declaration = declaration_of(command)
        if declaration is not None:
            yield from declaration.touched(command.parameters).written


def _forgery(
    signed: SignedRequest, request: Request, environment: bytes, suite: Verifier
) -> str | None:
    if request.environment != environment:
        return "it was signed for another environment"
    if not suite.verify(request.signer, signed.raw, signed.signature):
        return "the signature is not by the key that it names"
    return unvouched(request, suite)


def _unknown(request: Request) -> str | None:
    unknown = (unknown_part(command) for command in request.resolved)
    return next((part for part in unknown if part is not None), None)


def _step(command: Command) -> Step:
    declaration = declaration_of(command)
    assert declaration is not None, "unknown commands were found before"
    return Step(declaration, command.parameters, declaration.touched(command.parameters))


def _misfits(change_set: ChangeSet, steps: Sequence[Step]) -> list[str]:
    kinds = [step.declaration.needs(step.arguments) for step in steps]
    needed = kind_of(change_set.request.resolved)
    if change_set.request.written and not change_set.request.resolved:
        return ["its commands are not resolved: somebody must carry it on"]
    if change_set.kind is Kind.MERGE and not steps:
        return []
    if change_set.kind is not needed:
        return [f"its commands need an attempt of the kind {needed}, not {change_set.kind}"]
    if needed is Kind.MERGE and any(kind is not Kind.MERGE for kind in kinds):
        return ["a merge carries nothing but its lists"]
    if needed is Kind.CHECKPOINT and terms_of(change_set.request) is None:
        return ["a checkpoint carries nothing but its terms"]
    return []


def _uncovered(request: Request, steps: Sequence[Step]) -> list[str]:
    """The base must name every key that is read, or written non-commutatively: each once."""
    if request.base and request.overridden:
        return ["it is forced and has a base"]
    named = [entry.key for entry in (*request.base, *request.overridden)]
    covered = dict.fromkeys(named)
    if len(covered) < len(named):
        return ["its base names a key twice"]
    missing: list[Key] = sorted(
        dict.fromkeys(key for step in steps for key in step.touched.based if key not in covered)
    )
    return [f"its base does not name {spell(missing[0])}"] if missing else []


def _unfaithful(request: Request) -> list[str]:
    """What is folded is what was written, which is what people read and others vouch for."""
    wrong = departure(request.written, request.resolved)
    return [f"its commands are not those that were written: {wrong}"] if wrong else []


def _decision(steps: Sequence[Step]) -> Decision:
    lists: dict[str, list[bytes]] = {merge.KEEP: [], merge.SET_ASIDE: [], merge.ADMIT: []}
    for step in steps:
        if step.declaration.group == merge.NAME:
            lists[step.declaration.verb].append(bytes.fromhex(str(step.arguments["tx"])))
    return Decision(
        tuple(lists[merge.KEEP]), tuple(lists[merge.SET_ASIDE]), tuple(lists[merge.ADMIT])
    )
