"""When a checkpoint is taken, who is left out of it, and when what lies below it is dropped.

The lowest controller that is there proposes one when enough has been added since the last. All who
take part keep the ground that they agreed to on disk, together with their seal. When all of the
roster have said that they applied it (but those who have been away for very long), nobody will ask
for what is below it any more, and it goes: from memory, and from the disk.

Invariant: whoever drops holds the ground that the checkpoint names, byte for byte.
"""

from collections.abc import Mapping
from typing import Final

from mesh.environment.configuration import Configuration
from mesh.environment.kinds.checkpoint import DEAD_MAX
from mesh.protocol.barrier import Barrier
from mesh.protocol.barrier.agenda import is_answer_due
from mesh.protocol.barrier.checkpoints import below, decided_by
from mesh.protocol.barrier.predicates import is_dead, open_ids
from mesh.protocol.barrier.standpoint import Case
from mesh.protocol.catalogue import Catalogue, Ids, numbers
from mesh.protocol.chains import Chains
from mesh.protocol.effects import WriteMeta
from mesh.protocol.ground import FOUNDED, SEALED_KEY, Ground, stored_ground, write_ground
from mesh.protocol.history import History
from mesh.protocol.now import SECOND, Now
from mesh.protocol.replica.absence import Absence
from mesh.protocol.replica.desk import Desk
from mesh.protocol.replica.surveying import Extent, Survey
from mesh.protocol.terms import Terms, terms_of
from mesh.wire.facts import Body, Seal
from mesh.wire.identity import Timestamp
from mesh.wire.requests import Kind

RETRY_NS: Final = 10 * SECOND
RETRY_DOUBLINGS_MAX: Final = 8
"""After a checkpoint was proposed here, the next one is, at the earliest; and later each time as
long as none goes through, up to three quarters of an hour."""

FACTS_PER_CHANGE: Final = 64
"""More facts than that for each ChangeSet are a reason for a checkpoint too: refused proposals,
and lives that began and ended. What a checkpoint itself leaves is none for the next one: else they
would follow each other for ever in a mesh where nothing happens."""


class Checkpoints:
    """The checkpoints of one participant. It is the barrier's surveyor."""

    def __init__(
        self,
        desk: Desk,
        catalogue: Catalogue,
        chains: Chains,
        history: History,
        barrier: Barrier,
        survey: Survey,
        absence: Absence,
        meta: Mapping[str, bytes],
    ) -> None:
        self._desk = desk
        self._catalogue = catalogue
        self._chains = chains
        self._history = history
        self._barrier = barrier
        self._survey = survey
        self._absence = absence
        self._sealed = stored_ground(meta, SEALED_KEY)
        self._surveyed: tuple[tuple[Ids, Terms], Ground | None] | None = None
        self._tried_at_ns: int | None = None
        self._tried_at_height = 0
        self._tries = 0
        self._remaining = FOUNDED.height, 0
        """A height, and how many facts were here when this controller was first seen there."""
        self._setting: tuple[Configuration | None, int] = (None, 0)
        """The state that was asked for ``_every``, and the answer."""
        self.wanted = False
        """A person asked for one."""
        barrier.take_surveyor(self)

    # --- what the barrier asks ----------------------------------------------------------------

    def is_level(self) -> bool:
        """See `Surveyor.is_level`."""
        shut = self._history.shut
        return shut is None or shut.terms.ground == self._catalogue.ground.hash

    def is_away(self, controller: bytes) -> bool:
        """See `Surveyor.is_away`."""
        return self._absence.is_long(controller)

    def survey(self, case: Case, terms: Terms) -> tuple[bytes, bytes] | None:
        """See `Surveyor.survey`."""
        members = {who.controller for who in case.change_set.attempt.participants}
        ground = self._ground(case.ancestors, terms, members)
        return None if ground is None else (ground.fold_hash, ground.hash)

    def _ground(self, ancestors: Ids, terms: Terms, members: set[bytes]) -> Ground | None:
        asked = (self._barrier.standpoint.knowledge.version, terms)
        if self._surveyed is None or self._surveyed[0] != asked:
            inside = below(self._barrier.standpoint, ancestors, terms.through)
            roster = self._history.roster(ancestors)
            extent = Extent(terms.through, inside, terms.dead, members.issuperset(roster))
            self._surveyed = asked, self._survey.ground(extent)
        return self._surveyed[1]

    def saying(self, body: Body) -> None:
        """A fact is about to be written: with the seal of a checkpoint goes its ground."""
        if not isinstance(body, Seal) or self._surveyed is None:
            return
        number = self._catalogue.number(body.attempt)
        (_, terms), ground = self._surveyed
        if number is None or ground is None or ground.hash != terms.ground:
            return
        if terms_of(self._catalogue[number].request) == terms:
            self._sealed = ground
            self._desk.write(WriteMeta(SEALED_KEY, write_ground(ground)))

    # --- proposing ----------------------------------------------------------------------------

    def due(self, now: Now) -> Terms | None:
        """What a checkpoint proposed here and now should say; None: none should be."""
        if not self._is_time(now) or not self._is_ours():
            return None
        self._tried_at_ns = now.monotonic_ns
        height = self._catalogue.ground.height
        self._tries = self._tries + 1 if self._tried_at_height == height else 1
        self._tried_at_height = height
        kept = 0 if self.wanted else self._every
        self.wanted = False
        return self._terms(kept)

    def ask(self) -> str:
        """A person asks for one now: why none will come; empty: one will."""
        at = self._barrier.standpoint
        roster = self._history.roster(self._history.ids)
        here = sorted(who.controller for who in at.live if who.controller in roster)
        missing = [each for each in roster if each not in here and not self.is_away(each)]
        if missing:
            named = ", ".join(map(self._called, missing))
            return f"a checkpoint takes everybody of the roster: {named} cannot be reached"
        if here[:1] != [at.me.controller]:
            return f"{self._called(here[0])} is the one that proposes checkpoints: ask it there"
        if not self.is_level() or self._is_one_open() or self._through(0) is None:
            return "there is nothing to close the book below, or a checkpoint is on its way already"
        self.wanted = True
        return ""

    def _called(self, controller: bytes) -> str:
        name = self._history.state.read(("controller", controller.hex(), "name"))
        return str(name or controller.hex()[:8])

    def deadline_ns(self, now: Now) -> int | None:
        """Monotonic time at which one may be due; None: before something else happens it is not."""
        if self._tried_at_ns is None or not self._is_enough():
            return None
        due_ns = self._tried_at_ns + self._pause_ns
        return due_ns if due_ns > now.monotonic_ns else None

    @property
    def is_awaited(self) -> bool:
        """Whether one may be due as soon as others agree, or one is there to be stood on."""
        return self._is_enough() or (self._history.shut is not None and not self.is_level())

    def _is_time(self, now: Now) -> bool:
        tried = self._tried_at_ns
        is_early = tried is not None and now.monotonic_ns < tried + self._pause_ns
        return self._is_enough() and (self.wanted or not is_early)

    def _is_enough(self) -> bool:
        if self.wanted:
            return True
        enough, changes = 2 * self._every, self._history.ids.bit_count()
        is_much = self._facts_added >= enough * FACTS_PER_CHANGE
        return enough > 0 and (changes > enough or is_much)

    @property
    def _facts_added(self) -> int:
        """How many facts have come since the last checkpoint, which may have had to leave many."""
        height, count = self._catalogue.ground.height, self._chains.count
        if self._remaining[0] != height:
            self._remaining = height, count
        return count - self._remaining[1]

    @property
    def _pause_ns(self) -> int:
        """How long to wait after the last one that was proposed here."""
        return RETRY_NS << min(max(self._tries - 1, 0), RETRY_DOUBLINGS_MAX)

    @property
    def _every(self) -> int:
        """How many ChangeSets are kept in full, and how many go at a time."""
        state = self._history.state
        if self._setting[0] is not state:
            every = state.get("environment", "checkpoint_changes")
            assert isinstance(every, int), "the setting is a whole number"
            self._setting = state, every
        return self._setting[1]

    def _is_ours(self) -> bool:
        """Whether this controller is the one to propose it, and nothing speaks against that."""
        at = self._barrier.standpoint
        roster = self._history.roster(self._history.ids)
        here = sorted(who.controller for who in at.live if who.controller in roster)
        if here[:1] != [at.me.controller] or not self.is_level() or self._is_one_open():
            return False
        return all(each in here or self.is_away(each) for each in roster)

    def _is_one_open(self) -> bool:
        """Whether a checkpoint is on its way already."""
        at = self._barrier.standpoint
        return any(
            self._catalogue[number].kind is Kind.CHECKPOINT and not is_dead(at, number)
            for number in numbers(open_ids(at))
        )

    def _terms(self, kept: int) -> Terms | None:
        at = self._barrier.standpoint
        through = self._through(kept)
        if through is None:
            return None
        rest = below(at, at.knowledge.proposed & ~at.judge.ids, through)
        dead = [n for n in self._catalogue.ordered(rest) if is_dead(at, n)][:DEAD_MAX]
        names = tuple(sorted(self._catalogue[number].id for number in dead))
        draft = Terms(through, b"", b"", names)
        members = {who.controller for who in at.live}
        ground = self._ground(at.judge.ids, draft, members)
        return None if ground is None else Terms(through, ground.fold_hash, ground.hash, names)

    def _through(self, kept: int) -> Timestamp | None:
        """How far it can go: the last ``kept`` stay, and one that all who are there have applied.

        Nothing below it may be undecided, and no merge above it may decide about what is below.
        """
        at = self._barrier.standpoint
        roster = self._history.roster(self._history.ids)
        everybody = 0
        for who in at.live:
            if who.controller in roster:
                everybody |= at.knowledge.controller(who.controller)
        limit = self._first_undecided()
        ordered = self._catalogue.ordered(at.judge.ids)
        settled: list[Timestamp] = []
        for number in ordered:
            timestamp = self._catalogue[number].timestamp
            is_undecided = limit is not None and timestamp >= limit
            if is_undecided or everybody & ~at.knowledge.applied(number):
                break
            settled.append(timestamp)
        length = self._unparted(ordered, min(len(settled) - 1, len(ordered) - kept))
        return settled[length - 1] if length > 0 else None

    def _unparted(self, ordered: list[int], length: int) -> int:
        """How many of the first ``length`` there are about which no later merge decides."""
        while length > 0:
            above = sum(1 << number for number in ordered[length:])
            decided = decided_by(self._barrier.standpoint, above)
            below = (self._catalogue[number].tx.hex() for number in ordered[:length])
            first = next((at for at, tx in enumerate(below) if tx in decided), None)
            if first is None:
                break
            length = first
        return length

    def _first_undecided(self) -> Timestamp | None:
        """The lowest place of what a seal of this controller may still release."""
        at = self._barrier.standpoint
        rest = at.knowledge.proposed & ~at.judge.ids
        busy = rest & (at.knowledge.released | open_ids(at))
        for number in numbers(rest & ~busy):
            if is_answer_due(at, number) and not is_dead(at, number):
                busy |= 1 << number
        return min((self._catalogue[number].timestamp for number in numbers(busy)), default=None)

    # --- dropping -----------------------------------------------------------------------------

    def agreed(self) -> Ground | None:
        """The ground to stand on from now on; None: not yet, or there is no other."""
        shut = self._history.shut
        if shut is None or self.is_level() or not self._barrier.is_all_said:
            return None
        if not self._is_applied_by_all(shut.change_set.id):
            return None
        if self._sealed.hash == shut.terms.ground:
            return self._sealed
        members = {who.controller for who in shut.change_set.attempt.participants}
        number = self._catalogue.number(shut.change_set.id)
        ancestors = self._catalogue.ancestors(number) if number is not None else None
        assert ancestors is not None, "what is applied is known, with all that is behind it"
        ground = self._ground(ancestors, shut.terms, members)
        return ground if ground is not None and ground.hash == shut.terms.ground else None

    def _is_applied_by_all(self, attempt: bytes) -> bool:
        knowledge = self._barrier.standpoint.knowledge
        number = self._catalogue.number(attempt)
        assert number is not None, "what is applied is known"
        applied = knowledge.applied(number)
        return all(
            applied & knowledge.controller(each) or self.is_away(each)
            for each in self._history.roster(self._history.ids)
        )
