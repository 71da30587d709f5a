"""Running information in the replica: what the stores want said, and what is to be on disk first.

Every change goes the same way: into the store, onto the disk's list, to the peers and to local
readers, and the last two wait for the disk.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any, Final

from crdt import AlarmKind, Speech, speech_of
from crdt.limits import group_max
from mesh.protocol.admission import Enrolment
from mesh.protocol.effects import ChangeProgressed, Image, InformationChanged
from mesh.protocol.information import (
    NOTHING_HEARD,
    Authorship,
    DataSet,
    Heard,
    Information,
)
from mesh.protocol.inputs import Path, Write
from mesh.protocol.now import SECOND, Now
from mesh.protocol.outgoing import Channel, Outgoing
from mesh.protocol.replica.desk import Desk
from mesh.protocol.replica.rations import Rations
from mesh.protocol.swaps import SWAPS_PUBLISHED_MAX, Swap
from mesh.wire.identity import Incarnation
from mesh.wire.messages import Compare, Summary

SWAP: Final = "swap"
"""Owned entries (SWAP, controller, tx) say when that controller showed that ChangeSet."""

SAY_EVERY_NS: Final = SECOND // 10
"""Swaps that follow one another more closely are told together."""

TOO_MUCH: Final = "you tell more running information than is taken; dial again, and compare"

TOGETHER_MAX: Final = group_max // 2
"""Swaps in one write: each may take back an older one."""


class Entries:
    """Carries what the stores want to the desk."""

    def __init__(self, desk: Desk, information: Information) -> None:
        self._desk = desk
        self._information = information
        self._said: dict[Path, None] = {}
        """Own swaps that others are told, the oldest first."""
        self.unsaid: dict[Path, Mapping[str, object]] = {}
        """Own swaps that others will be told in a moment, the oldest first."""
        self._say_at_ns = 0
        """Not before."""
        self.alarms: Counter[tuple[AlarmKind, bytes]] = Counter()
        """What the stores of this life found that healthy controllers never cause.

        By kind, and by the controller that was heard then.
        """
        self.put_off: Counter[bytes] = Counter()
        """Messages that were not read since their teller's ration was used up, by controller."""
        self._rations = Rations()

    def damaged(self) -> None:
        """Tell people what could not be read from the disk."""
        found = self._information.damaged
        if found:
            text = f"{len(found)} stored records, the first one: {found[0].reason}"
            self._desk.notice("error", "records set aside", text)

    # --- what people write --------------------------------------------------------------------

    def write(self, writes: Sequence[Write], now: Now) -> int:
        """Make ``writes`` together; how many they are. Raises RefusedWrite."""
        outgoing = self._information.write(writes, self._desk.peers(), now)
        self._written(tuple(write.path for write in writes), outgoing, now)
        return len(writes)

    def remove(self, prefix: Path, now: Now) -> int:
        """Remove what is visible below ``prefix``; how many entries that was.

        Raises RefusedWrite.
        """
        paths = tuple(path for path, _ in self._information.items(prefix))
        outgoing = self._information.remove(prefix, self._desk.peers(), now)
        self._written(paths, outgoing, now)
        return len(paths)

    def _written(self, paths: Iterable[Path], outgoing: Iterable[Outgoing], now: Now) -> None:
        self.flush()
        self._desk.send(outgoing, now, gated=True)
        self.changed(paths)

    # --- what peers say -----------------------------------------------------------------------

    def receive(self, sender: Incarnation, payload: bytes, now: Now) -> None:
        """A message of another's stores."""
        if not self._is_within_ration(sender, payload, now):
            return
        self._heard(self._information.receive(sender, payload, self._desk.peers(), now), now)

    def compare(self, peer: Incarnation, ping: bytes, now: Now) -> None:
        """What ``peer`` holds."""
        if not self._is_within_ration(peer, ping, now):
            return
        self._heard(self._information.compare(peer, ping, now), now)

    def wake(self, now: Now) -> None:
        """Do what is due."""
        self._say_swaps(now)
        self._heard(self._information.wake(now), now)

    def _is_within_ration(self, peer: Incarnation, payload: bytes, now: Now) -> bool:
        speech = speech_of(payload)
        controller = peer.controller
        if self._rations.admits(controller, speech, len(payload), now.monotonic_ns):
            return True
        self._desk.counters[f"store messages put off: {speech}"] += 1
        if speech is Speech.UNASKED:
            self.put_off[controller] += 1
            if self._rations.is_hopeless(controller, now.monotonic_ns):
                self._desk.carry(self._desk.links.drop(controller, TOO_MUCH, now))
        return False

    def _heard(self, heard: Heard, now: Now) -> None:
        if heard is NOTHING_HEARD:
            return
        self.flush()
        self._desk.send(heard.outgoing, now, gated=True)
        self.changed(heard.changed)
        self._desk.counters["store messages rejected"] += heard.rejected
        for alarm in heard.alarms:
            self.alarms[alarm.kind, alarm.peer.controller] += 1
            self._desk.counters[f"store alarms: {alarm.kind}"] += 1
            self._desk.notice("error", "store", str(alarm))

    # --- telling ------------------------------------------------------------------------------

    def changed(self, paths: Iterable[Path]) -> None:
        """Tell local listeners which entries read differently now."""
        changed = tuple(paths)
        if changed:
            self._desk.notify(InformationChanged(changed))
        for tx in dict.fromkeys(filter(None, map(_concerned, changed))):
            self._desk.notify(ChangeProgressed(tx))

    def tell_what_is_held(self, peers: Iterable[Incarnation], summary: Summary, now: Now) -> None:
        """A push may have been lost: let ``peers`` compare."""
        message = Compare(summary)
        outgoing = (Outgoing(peer, message, Channel.DATAGRAM) for peer in peers)
        self._desk.send(outgoing, now, gated=True)

    def publish(self, swapped: Swap, now: Now) -> None:
        """Let everybody know when ``swapped`` was shown here; the last ones stay to be read.

        At once, unless it was just said of another: then both go together in a moment, for each
        saying costs every controller a signature to check and a step.
        """
        own = self._desk.own.controller.hex()
        value = {"at_ns": now.wall_ns, "late": swapped.late, "why": swapped.why}
        for tx in swapped.tx:
            path = (SWAP, own, tx.hex())
            _ = self.unsaid.pop(path, None)
            self.unsaid[path] = value
        _ = _drop_oldest(self.unsaid)
        self._say_swaps(now)

    @property
    def deadline_ns(self) -> int | None:
        """Monotonic time at which ``wake`` has swaps to tell."""
        return self._say_at_ns if self.unsaid else None

    def _say_swaps(self, now: Now) -> None:
        if not self.unsaid or now.monotonic_ns < self._say_at_ns:
            return
        self._say_at_ns = now.monotonic_ns + SAY_EVERY_NS
        while self.unsaid:
            said = {path: self.unsaid.pop(path) for path in [*self.unsaid][:TOGETHER_MAX]}
            for path in said:
                _ = self._said.pop(path, None)
                self._said[path] = None
            gone = _drop_oldest(self._said)
            outgoing = self._information.publish(said, gone, self._desk.peers(), now)
            self._desk.send(outgoing, now, gated=True)
            self.changed(said)

    def flush(self) -> None:
        """Ask for what changed in the kept store to be written."""
        dirty = self._information.dirty()
        if dirty is not None:
            self._desk.write(dirty)


def information(
    own: Incarnation, place: Enrolment, random: Random, image: Image, authorship: Authorship
) -> Information:
    """The stores of ``own`` in the environment ``place``, with what the disk held."""
    data = DataSet(
        place.environment,
        place.generation,
        place.generation_nonce,
        place.secret,
        place.secret_version,
    )
    return Information(own, data, random, image.records, image.store_metadata, authorship)


def _drop_oldest(swaps: dict[Path, Any]) -> list[Path]:
    """Keep the last ones; returns the others."""
    gone = [*swaps][: max(0, len(swaps) - SWAPS_PUBLISHED_MAX)]
    for path in gone:
        del swaps[path]
    return gone


def _concerned(path: Path) -> bytes | None:
    """The ChangeSet that ``path`` says was shown, or waits; None for whatever else there is."""
    match path:
        case ("swap", _, tx) | ("pending", tx, *_):
            pass
        case _:
            return None
    try:
        return bytes.fromhex(tx)
    except ValueError:
        return None
