"""For whoever comes from before a checkpoint: the ground itself, and the proof that it was agreed.

Facts below a checkpoint are nowhere any more, so somebody who lacks them cannot catch up fact by
fact. Whoever sees that offers what it stands on itself; the other one asks for it part by part. The
proof comes first: the proposal of the checkpoint, which names the hash of the ground, and the seals
of all who took part, each signed. Only who has shown it is asked for more, since a ground is large
and anybody can offer one. Then the life ends, and the next one begins on that ground, with whatever
of its own facts lies above it: what it did alone is kept, and seen by all.

Invariant: no ground is stood upon that was not sealed by controllers whom this one has a reason to
believe: most of the others in the roster that it knows; whoever let it in, for a newcomer; or
itself, in a former life.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from mesh.environment.founding import decode_founding
from mesh.protocol.admission import Enrolment
from mesh.protocol.catalogue import Catalogue, ChangeSet, numbers, read_change_set
from mesh.protocol.chains import Chains
from mesh.protocol.effects import CutChains, WriteMeta
from mesh.protocol.ground import GROUND_BYTES_MAX, GROUND_KEY, Ground, read_ground, write_ground
from mesh.protocol.history import History
from mesh.protocol.now import SECOND, Now
from mesh.protocol.outgoing import Channel, Outgoing
from mesh.protocol.replica.acquaintances import Acquaintances
from mesh.protocol.replica.desk import Desk
from mesh.protocol.suite import Verifier
from mesh.protocol.terms import Terms, terms_of
from mesh.wire import cbor
from mesh.wire.facts import Fact, Propose, Seal, SignedFact, read_fact
from mesh.wire.identity import Incarnation, digest
from mesh.wire.limits import FACT_BYTES_MAX, PARTICIPANTS_MAX, SNAPSHOT_PART_BYTES_MAX
from mesh.wire.messages import FactVector, Message, SnapshotPart, SnapshotRequest
from mesh.wire.requests import Kind

PATIENCE_NS: Final = 10 * SECOND
"""How long whoever stands lower, and lacks nothing that is gone, is left to get here by itself."""

PART_NS: Final = 10 * SECOND
"""Nobody is offered a snapshot more often; what did not go on for so long has come to nothing."""

PROOF_BYTES_MAX: Final = FACT_BYTES_MAX + PARTICIPANTS_MAX * 1_024
"""The proposal, and a seal of everybody: all that is kept of somebody who has proved nothing."""

_LENGTH_BYTES: Final = 4
"""In front, the length of the proof; the ground follows it."""

PARTS_MAX: Final = (GROUND_BYTES_MAX + PROOF_BYTES_MAX) // SNAPSHOT_PART_BYTES_MAX


class Unproved(Exception):
    """A snapshot of a peer that is not believed: why."""


@dataclass(slots=True)
class _Fetching:
    """A snapshot on its way."""

    peer: Incarnation
    asked_at_ns: int
    height: int
    parts: list[bytes] = field(default_factory=list)
    proved: Terms | None = None
    """What was sealed, once that is shown; until then anybody else may come first."""


class Snapshots:
    """Asks for snapshots, and serves them."""

    def __init__(
        self,
        desk: Desk,
        place: Enrolment,
        catalogue: Catalogue,
        history: History,
        chains: Chains,
        verifier: Verifier,
        known: Acquaintances,
    ) -> None:
        self._desk = desk
        self._place = place
        self._catalogue = catalogue
        self._history = history
        self._chains = chains
        self._verifier = verifier
        self._known = known
        self._lower: dict[Incarnation, tuple[int, int | None]] = {}
        """By peer that stands lower: since when that was seen, and when it was last offered one."""
        self._fetching: _Fetching | None = None
        self._next: tuple[bytes, int] | None = None
        """The ground of the checkpoint that was applied here and is not stood upon, and since when
        it has been offered."""
        self._served: tuple[int, bytes] = (0, b"")

    # --- serving ------------------------------------------------------------------------------

    def serve(self, peer: Incarnation, request: SnapshotRequest, now: Now) -> None:
        """Send the part that ``peer`` asks for; nothing where there is none."""
        raw = self._snapshot()
        begin = request.part * SNAPSHOT_PART_BYTES_MAX
        if begin >= len(raw):
            return
        part = SnapshotPart(
            self._catalogue.ground.height,
            request.part,
            -(-len(raw) // SNAPSHOT_PART_BYTES_MAX),
            raw[begin : begin + SNAPSHOT_PART_BYTES_MAX],
        )
        self._send(peer, part, now)

    def _snapshot(self) -> bytes:
        ground = self._catalogue.ground
        if self._served[0] != ground.height:
            proof = [part for fact in self._proof() for part in (fact.raw, fact.signature)]
            raw = join(cbor.encode(proof), write_ground(ground)) if proof else b""
            self._served = ground.height, raw
        return self._served[1]

    def _proof(self) -> list[SignedFact]:
        """The proposal of the checkpoint that the ground is of, and the seals on it."""
        checkpoint = self._checkpoint()
        if checkpoint is None:
            return []
        proof: list[SignedFact] = []
        for who in dict.fromkeys((checkpoint.attempt.author, *checkpoint.attempt.participants)):
            for fact in self._chains.chain(who):
                match fact.body:
                    case Propose() if fact.body.attempt_id == checkpoint.id:
                        proof.insert(0, fact.signed)
                    case Seal(attempt=checkpoint.id):
                        proof.append(fact.signed)
                    case _:
                        pass
        return proof

    def _checkpoint(self) -> ChangeSet | None:
        for number in numbers(self._history.ids):
            change_set = self._catalogue[number]
            if change_set.kind is Kind.CHECKPOINT:
                terms = terms_of(change_set.request)
                if terms is not None and terms.ground == self._catalogue.ground.hash:
                    return change_set
        return None

    # --- offering and fetching ----------------------------------------------------------------

    def offer(self, peer: Incarnation, vector: FactVector, now: Now) -> None:
        """``peer`` holds what ``vector`` says: offer a snapshot where facts will not help it."""
        if vector.height >= self._catalogue.ground.height:
            _ = self._lower.pop(peer, None)
            return
        since_ns, offered_ns = self._lower.get(peer, (now.monotonic_ns, None))
        has_waited = now.monotonic_ns - since_ns >= PATIENCE_NS
        if offered_ns is not None and now.monotonic_ns - offered_ns < PART_NS:
            return
        if has_waited or self._lacks_what_is_gone(vector):
            offered_ns = now.monotonic_ns
            self.serve(peer, SnapshotRequest(0), now)
        self._lower[peer] = since_ns, offered_ns

    def disconnected(self, peer: Incarnation) -> None:
        """The stream is gone, and what was on its way on it."""
        _ = self._lower.pop(peer, None)
        if self._fetching is not None and self._fetching.peer == peer:
            self._fetching = None

    def _lacks_what_is_gone(self, vector: FactVector) -> bool:
        held = {line.origin: line.sequence for line in vector.held}
        return any(
            held.get(origin, 0) < floor.sequence and vector.covers(origin)
            for origin, floor in self._catalogue.ground.floors.items()
        )

    def _is_out_of_reach(self, height: int, now: Now) -> bool:
        """Whether this controller will not come to stand there by itself.

        Who has applied the checkpoint does, mostly; but who had no part in it, and holds what those
        who made it did not, finds another ground.
        """
        own = self._catalogue.ground
        shut = self._history.shut
        if shut is None or shut.terms.ground == own.hash:
            self._next = None
            return height > own.height
        if self._next is None or self._next[0] != shut.terms.ground:
            self._next = shut.terms.ground, now.monotonic_ns
        has_waited = now.monotonic_ns - self._next[1] >= PATIENCE_NS
        return height > own.height + (0 if has_waited else 1)

    def take(self, peer: Incarnation, part: SnapshotPart, now: Now) -> SnapshotRequest | None:
        """A part has come: what to ask ``peer`` for next. With the last one it is judged."""
        if (
            part.part == 0
            and self._may_begin(peer, now)
            and self._is_out_of_reach(part.height, now)
        ):
            self._fetching = _Fetching(peer, now.monotonic_ns, part.height)
        fetching = self._fetching
        if fetching is None or fetching.peer != peer or not self._fits(fetching, part):
            self._desk.counters["snapshot parts out of place"] += 1
            return None
        fetching.asked_at_ns = now.monotonic_ns
        fetching.parts.append(part.content)
        is_whole = len(fetching.parts) == part.parts
        try:
            if fetching.proved is None:
                fetching.proved = self._prove(b"".join(fetching.parts), peer)
            ground = self._read(b"".join(fetching.parts), fetching.proved) if is_whole else None
        except (Unproved, cbor.Undecodable) as error:
            self._fetching = None
            self._desk.counters["snapshots refused"] += 1
            self._desk.notice("warning", "snapshot refused", f"from {peer}: {error}")
            return None
        if ground is None:
            return SnapshotRequest(len(fetching.parts))
        self._fetching = None
        self._adopt(ground)
        return None

    def _may_begin(self, peer: Incarnation, now: Now) -> bool:
        """Whether a snapshot of ``peer`` is begun, perhaps in place of one that proved nothing."""
        under_way = self._fetching
        if under_way is None or now.monotonic_ns - under_way.asked_at_ns >= PART_NS:
            return True
        return under_way.proved is None and under_way.peer != peer

    def _fits(self, fetching: _Fetching, part: SnapshotPart) -> bool:
        is_next = part.part == len(fetching.parts) < part.parts <= PARTS_MAX
        is_full = part.part == part.parts - 1 or len(part.content) == SNAPSHOT_PART_BYTES_MAX
        return is_next and is_full and fetching.height == part.height

    def _adopt(self, ground: Ground) -> None:
        """End this life; the next one begins on ``ground``."""
        self._desk.write(WriteMeta(GROUND_KEY, write_ground(ground)))
        self._known.keep(ground.height, 0, ground.workspace().roster)
        self._desk.write(CutChains(self._chains.settle(ground)))
        why = f"it was away for longer than facts are kept: it begins on checkpoint {ground.height}"
        self._desk.notice("info", "checkpoint", why)
        self._desk.end(why, self._desk.own.boot)

    # --- judging ------------------------------------------------------------------------------

    def _prove(self, raw: bytes, peer: Incarnation) -> Terms | None:
        """What the proof in front of ``raw`` proves to be sealed; None while it is not all here.

        Raises Unproved, or cbor.Undecodable.
        """
        until = _proof_ends(raw)
        if until is None or len(raw) < until:
            return None
        proof = cbor.decode(raw[_LENGTH_BYTES:until], PROOF_BYTES_MAX)
        parts = proof if isinstance(proof, list) else [proof]
        facts = _facts([each for each in parts if isinstance(each, bytes)])
        checkpoint = read_change_set(_proposal(facts))
        terms = terms_of(checkpoint.request)
        fault = self._fault(checkpoint, facts, peer)
        if fault is not None or terms is None:
            raise Unproved(fault or "its proof is of something else")
        return terms

    def _fault(self, checkpoint: ChangeSet, facts: list[Fact], peer: Incarnation) -> str | None:
        request, attempt = checkpoint.propose.request, checkpoint.attempt
        if checkpoint.kind is not Kind.CHECKPOINT:
            return "its proof is of something else"
        if checkpoint.request.environment != self._place.environment:
            return "its proof is of another environment"
        if digest(request.raw) != checkpoint.tx or attempt.quorum != len(attempt.participants):
            return "its proof is not in order"
        if any(each.origin not in (attempt.author, *attempt.participants) for each in facts):
            return "its proof holds what proves nothing"
        if not self._is_believed({who.controller for who in attempt.participants}, peer):
            return "too few whom we know have sealed it"
        if not all(self._is_signed(fact) for fact in facts):
            return "its proof is not signed"
        if not _is_sealed(checkpoint, facts):
            return "not all who took part have sealed it"
        return None

    def _read(self, raw: bytes, proved: Terms | None) -> Ground:
        """The ground in ``raw``, which is the one that was ``proved``.

        Raises Unproved, or cbor.Undecodable.
        """
        until = _proof_ends(raw)
        if until is None or proved is None:
            raise Unproved("its proof is broken off")
        ground = read_ground(raw[until:])
        if ground.environment != self._place.environment:
            raise Unproved("it is of another environment")
        if ground.height <= self._catalogue.ground.height:
            raise Unproved("it is older than what this controller stands on")
        if proved.ground != ground.hash:
            raise Unproved("its proof is of something else")
        return ground

    def _is_signed(self, fact: Fact) -> bool:
        signed = fact.signed
        return self._verifier.verify(fact.origin.controller, signed.raw, signed.signature)

    def _is_believed(self, members: set[bytes], peer: Incarnation) -> bool:
        """Whether this controller has a reason to believe these."""
        own = self._desk.own.controller
        if self._known.forgotten:
            return _are_most(members, self._known.forgotten, own)
        if self._history.ids or self._catalogue.ground.height:
            roster = self._history.roster(self._history.ids)
            return _are_most(members, roster, own)
        founder = decode_founding(self._place.founding).founder
        believed = (self._place.introducer, founder, own)
        return any(each == peer.controller or each in members for each in believed)

    def _send(self, peer: Incarnation, message: Message, now: Now) -> None:
        self._desk.send((Outgoing(peer, message, Channel.STREAM),), now, gated=True)


def _are_most(members: set[bytes], roster: tuple[bytes, ...], own: bytes) -> bool:
    """Whether ``members`` are most of ``roster``, of whom the one who asks counts if it is one."""
    asked = [each for each in roster if each != own or own in members]
    return 2 * sum(each in members for each in asked) > len(asked)


def join(proof: bytes, ground: bytes) -> bytes:
    """A snapshot, to be cut into parts."""
    return len(proof).to_bytes(_LENGTH_BYTES, "big") + proof + ground


def _proof_ends(raw: bytes) -> int | None:
    """Where the ground begins; None where ``raw`` is too short to say. Raises Unproved."""
    if len(raw) < _LENGTH_BYTES:
        return None
    length = int.from_bytes(raw[:_LENGTH_BYTES], "big")
    if length > PROOF_BYTES_MAX:
        raise Unproved(f"a proof of {length} bytes, {PROOF_BYTES_MAX} are read")
    return _LENGTH_BYTES + length


def _facts(parts: list[bytes]) -> list[Fact]:
    """Raises cbor.Undecodable where ``parts`` are not facts and their signatures in turn."""
    if len(parts) % 2 or len(parts) > 2 * (PARTICIPANTS_MAX * 2 + 1):
        raise cbor.Undecodable("its proof is too long, or broken off")
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return [read_fact(SignedFact(raw, signature)) for raw, signature in pairs]


def _proposal(facts: Iterable[Fact]) -> Propose:
    for fact in facts:
        if isinstance(fact.body, Propose):
            return fact.body
    raise cbor.Undecodable("its proof lacks the proposal")


def _is_sealed(checkpoint: ChangeSet, facts: Iterable[Fact]) -> bool:
    """Whether every participant has sealed the set of all participants."""
    participants = checkpoint.attempt.participants
    everybody = (1 << len(participants)) - 1
    sealed = {
        fact.origin
        for fact in facts
        if isinstance(fact.body, Seal)
        and fact.body.attempt == checkpoint.id
        and int.from_bytes(fact.body.members, "little") == everybody
    }
    return sealed.issuperset(participants)
