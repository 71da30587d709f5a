"""From what a person wrote to what a person signs: commands resolved against today's configuration.

Resolved, a command says everything itself: defaults are written out, objects named by creation id,
controllers by key. The base names, for every key read or written, the version that it was resolved
against; so the fold can tell, years later and on every controller alike, whether the ChangeSet
still means what its author saw.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import starmap

from mesh.environment.commands import check_commands, check_resolved, declaration_of, spell_place
from mesh.environment.declarations import ID_PARAMETER, Declaration
from mesh.environment.draft import Draft, Refusal
from mesh.environment.entries import ObjectId, object_of
from mesh.environment.invariants import breaches
from mesh.environment.kinds import controller, data, environment, invite, role
from mesh.environment.policy import MAJORITY_ROSTER_MIN, Policy
from mesh.environment.suggestions import NEAR, unknown_name
from mesh.environment.templates import Filling, has_template, missing_error, too_much_error
from mesh.environment.workspace import Workspace
from mesh.wire.identity import digest
from mesh.wire.limits import BASE_MAX
from mesh.wire.requests import Base, Command, Key, Kind, Request, Value

_CREATION_ID_BYTES = 16
_UNSIGNED = bytes(32)
"""Stands for the tx, which is not known before the request is complete."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a request holds beside who, where and why."""

    written: tuple[Command, ...]
    resolved: tuple[Command, ...]
    base: tuple[Base, ...]
    overridden: tuple[Base, ...]
    kind: Kind
    """What an attempt of it must be."""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Commands that cannot be done: every reason."""

    errors: tuple[str, ...]
    missing: tuple[str, ...] = ()
    """The environment data that is required and not there; empty: that is not the reason."""
    conflict: bool = False
    """Another ChangeSet has written meanwhile what this is about."""


def resolve(
    configuration: Workspace,
    commands: Sequence[Command],
    nonce: bytes,
    *,
    force: bool = False,
    signer: bytes | None = None,
    returning: Mapping[ObjectId, str] | None = None,
) -> Resolution | Unresolved:
    """``commands`` as a request on top of ``configuration``, which is left as it was.

    ``nonce`` is the request's own: the creation ids of new objects come from it. With ``force``
    the versions found are written over, whatever happens to them meanwhile. The rights that it
    takes ``signer`` are part of the base. Where ``returning`` is given the commands undo others:
    objects are made with the creation ids that they had, and no role is made that nobody names.
    """
    errors = check_commands(commands)
    if errors:
        return Unresolved(errors)
    filling = Filling(configuration)
    filled = [_filled(filling, each) for each in commands]
    if filling.missing:
        return Unresolved(
            tuple(starmap(missing_error, filling.missing.items())), missing=(*filling.missing,)
        )
    if filling.is_too_much:
        return Unresolved((too_much_error(),))
    if any(each is not command for each, command in zip(filled, commands, strict=True)):
        errors = check_commands(filled, filled=True)
        if errors:
            return Unresolved(errors)
    resolving = _Resolving(configuration, nonce, returning or {}, len(filled))
    resolving.depend_on(filling.read)
    for command in filled:
        resolving.add(command)
    if returning is None:
        resolving.add_roles()
    resolving.lapse_majority()
    if signer is not None:
        resolving.name_rights(signer)
    return resolving.outcome(tuple(commands), force=force)


def _filled(filling: Filling, command: Command) -> Command:
    """``command`` with its templates filled in; itself where it has none, as data has never."""
    if command.group == data.NAME or not any(map(has_template, command.parameters.values())):
        return command
    return Command(command.group, command.verb, filling.parameters(command.parameters))


class _Resolving:
    """One resolution under way."""

    def __init__(
        self,
        configuration: Workspace,
        nonce: bytes,
        returning: Mapping[ObjectId, str],
        count: int,
    ) -> None:
        self._configuration = configuration
        self._nonce = nonce
        self._returning = returning
        self._count = count
        self._draft = Draft(configuration)
        self._resolved: list[Command] = []
        self._keys: dict[Key, None] = {}
        self._errors: list[str] = []
        self._refused: dict[ObjectId, None] = {}
        """What refusals are about: that others miss it is no news."""
        self._is_misshapen = False
        self._kinds: dict[Kind, None] = {}
        self._written: dict[Key, None] = {}

    def depend_on(self, keys: Iterable[Key]) -> None:
        """What was filled in holds as long as these stay as they are."""
        self._keys.update(dict.fromkeys(keys))

    def add(self, command: Command) -> None:
        declaration = declaration_of(command)
        assert declaration is not None, "checked before"
        fresh = self._creation_id(command)
        arguments = declaration.fill(self._draft, _with_defaults(declaration, command), fresh)
        touched = declaration.touched(arguments)
        self._draft.begin(touched)
        refusal = declaration.run(self._draft, arguments)
        resolved = Command(command.group, command.verb, dict(arguments))
        self._resolved.append(resolved)
        if refusal is not None:
            where = spell_place(len(self._resolved), self._count, command)
            self._errors.append(f"{where}: {self._explained(refusal)}")
            for key in (*touched.written, *([] if refusal.key is None else [refusal.key])):
                self._refused[object_of(key)] = None
            return
        misshapen = check_resolved(resolved)
        self._errors += misshapen
        self._is_misshapen |= bool(misshapen)
        self._keys.update(dict.fromkeys(touched.based))
        self._written.update(dict.fromkeys(touched.written))
        self._kinds[declaration.needs(arguments)] = None

    def _creation_id(self, command: Command) -> str:
        """The id of an object that ``command`` creates, if it creates one."""
        owner = (command.group, str(command.parameters.get("name")))
        return self._returning.get(owner) or creation_id(self._nonce, len(self._resolved))

    def _explained(self, refusal: Refusal) -> str:
        """The refusal, and what the person may have meant where an object is not there."""
        key = refusal.key
        if key is None or self._draft.present(key):
            return refusal.text
        known = _known(self._draft, key[0])
        return f"{refusal.text}: {unknown_name(key[0], key[1], known)}" if known else refusal.text

    def add_roles(self) -> None:
        """A role that is named for the first time is made; not where another may be meant."""
        named = [key for key in self._keys if key[0] == role.NAME and not key[2:]]
        for key in named:
            if self._draft.present(key) or key in self._written:
                continue
            near = get_close_matches(key[1], self._draft.names(role.NAME), n=1, cutoff=NEAR)
            if near:
                self._refused[object_of(key)] = None
                self._errors.append(
                    f"there is no role named '{key[1]}', did you mean '{near[0]}'?"
                    f" If it is to be a new one: role create --name {key[1]}"
                )
            else:
                self.add(Command(role.NAME, "create", {"name": key[1]}))

    def lapse_majority(self) -> None:
        """A removal that leaves fewer than a majority needs sets all-active as well."""
        removes = any(command.verb == "remove" for command in self._resolved)
        barrier = self._draft.peek((environment.NAME, "barrier"))
        active = [
            name
            for name in self._draft.names(controller.NAME)
            if self._draft.peek((controller.NAME, name, "state")) == controller.ACTIVE
        ]
        if removes and barrier == Policy.MAJORITY and len(active) < MAJORITY_ROSTER_MIN:
            self.add(Command(environment.NAME, "set", {"barrier": Policy.ALL_ACTIVE.value}))

    def name_rights(self, signer: bytes) -> None:
        """Whether they suffice is judged at the vote; here the base is told which they are."""
        holder = self._configuration.rights.holder(signer)
        if holder is not None:
            self._keys.update(dict.fromkeys(holder.used(self._written)))

    def outcome(self, written: tuple[Command, ...], *, force: bool) -> Resolution | Unresolved:
        if len(self._keys) > BASE_MAX:
            self._errors.append(
                f"{len(self._keys)} keys are touched,"
                f" one ChangeSet may touch {BASE_MAX}: make several"
            )
        if not self._is_misshapen:
            self._check_whole()
        if self._errors:
            return Unresolved(tuple(dict.fromkeys(self._errors)))
        base = tuple(Base(key, self._configuration.version(key)) for key in sorted(self._keys))
        return Resolution(
            written,
            tuple(self._resolved),
            () if force else base,
            base if force else (),
            _strongest(self._kinds),
        )

    def _check_whole(self) -> None:
        changes = self._draft.changes(_UNSIGNED)
        before = self._configuration.assign(changes)
        broken = list(breaches(self._configuration, [object_of(key) for key, _ in changes]))
        _ = self._configuration.assign(before)
        self._errors += [each.text for each in broken if not self._is_consequence(each)]

    def _is_consequence(self, broken: Refusal) -> bool:
        """Whether it misses only what a command that was refused would have made."""
        if broken.key is None:
            return False
        missed = object_of(broken.key)
        return missed in self._refused and not self._draft.present(missed)


def creation_id(nonce: bytes, position: int) -> str:
    """The id of an object that the command at ``position`` of a request creates."""
    return digest(nonce + position.to_bytes(4, "big"))[:_CREATION_ID_BYTES].hex()


def returning_in(request: Request) -> dict[ObjectId, str]:
    """The objects that ``request`` makes under ids that are not its own: they were there before."""
    return {
        (each.group, str(each.parameters.get("name"))): str(each.parameters[ID_PARAMETER])
        for at, each in enumerate(request.resolved)
        if each.verb == "create"
        and each.parameters.get(ID_PARAMETER) not in (None, creation_id(request.nonce, at))
    }


def _known(draft: Draft, kind: str) -> list[str]:
    """What there is of that kind, as a person calls it: nobody types a key."""
    match kind:
        case controller.NAME:
            return controller.names(draft)
        case invite.NAME:
            return invite.names(draft)
        case _:
            return draft.names(kind)


def _with_defaults(declaration: Declaration, command: Command) -> dict[str, Value]:
    arguments = dict(command.parameters)
    for parameter in declaration.parameters:
        if parameter.default is not None and parameter.name not in arguments:
            arguments[parameter.name] = parameter.default
    return arguments


def _strongest(kinds: dict[Kind, None]) -> Kind:
    for kind in (Kind.MERGE, Kind.CHECKPOINT, Kind.ROSTER):
        if kind in kinds:
            return kind
    return Kind.NORMAL
