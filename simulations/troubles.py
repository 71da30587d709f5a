"""Everything that can go wrong, each a word in a scenario.

A fault is an interval with both its ends: whoever shortens a scenario cannot leave out the end of a
fault by mistake. A fault that ends after the horizon never ends for hosts outside the scenario's
core; for those in the core all ends at the horizon.
"""

from typing import Final, Literal

from mesh.protocol.now import MILLISECOND, SECOND
from simulations.plan import Count, Delay, Event, Name, Nanoseconds, Share


class Fault(Event, frozen=True, tag_field="fault"):
    """Something is wrong from ``starts_ns`` to ``ends_ns``."""

    starts_ns: Nanoseconds
    """When it begins."""
    ends_ns: Nanoseconds
    """When all is well again."""


# --- who hears whom -----------------------------------------------------------------------------


class Split(Fault, frozen=True, tag="split"):
    """Nothing passes between hosts of different groups; hosts in no group reach everybody."""

    groups: tuple[tuple[Name, ...], ...]


class Isolate(Fault, frozen=True, tag="isolate"):
    """Each of these hosts is alone: nothing reaches it, and it reaches nobody."""

    hosts: tuple[Name, ...]


class OneWay(Fault, frozen=True, tag="one-way"):
    """Nothing passes from ``source`` to ``target``; back it does."""

    source: Name
    target: Name


class Bridge(Fault, frozen=True, tag="bridge"):
    """Hosts of different groups reach each other no more; the bridges reach everybody."""

    groups: tuple[tuple[Name, ...], ...]
    bridges: tuple[Name, ...]


class Ring(Fault, frozen=True, tag="ring"):
    """Each of these hosts reaches, of these, its two neighbours only, in the order given."""

    hosts: tuple[Name, ...]


class Flaky(Fault, frozen=True, tag="flaky"):
    """Between two hosts everything passes for a while, then nothing, by turns; nothing first."""

    one: Name
    other: Name
    down_ns: Count
    up_ns: Count


class Matrix(Fault, frozen=True, tag="matrix"):
    """Each listener named here hears only the hosts listed for it; all others hear everybody."""

    hears: dict[Name, tuple[Name, ...]]


class Clog(Fault, frozen=True, tag="clog"):
    """The links of these hosts stop one after another; all that was sent arrives at the end."""

    hosts: tuple[Name, ...]
    stagger_ns: Nanoseconds = 50 * MILLISECOND
    """From the stop of one link to that of the next."""


# --- what becomes of what is sent ---------------------------------------------------------------


class Weather(Fault, frozen=True, tag="weather"):
    """Links of these hosts lose, repeat and delay, each datagram by itself."""

    hosts: tuple[Name, ...]
    loss: Share = 0.0
    duplication: Share = 0.0
    delay: Delay | None = None
    """On top of the usual one."""


class Bursts(Fault, frozen=True, tag="bursts"):
    """Links of these hosts lose in bursts: a chain of good and bad states (Gilbert, 1960; Elliott).

    Each datagram draws whether the link goes from good to bad, or back.
    """

    hosts: tuple[Name, ...]
    to_bad: Share = 0.05
    to_good: Share = 0.2
    loss_bad: Share = 1.0
    loss_good: Share = 0.0


class Reordering(Fault, frozen=True, tag="reordering"):
    """A share of the datagrams of these hosts' links is held back, so that later ones pass it."""

    hosts: tuple[Name, ...]
    share: Share
    late: Delay = Delay("uniform", MILLISECOND, 50 * MILLISECOND)


class Bandwidth(Fault, frozen=True, tag="bandwidth"):
    """Each direction of these hosts' links carries so many bytes a second, through a queue.

    A datagram that finds the queue full is lost; a stream waits.
    """

    hosts: tuple[Name, ...]
    bytes_per_second: Count
    queue_bytes: Count = 64 * 1024


class Mtu(Fault, frozen=True, tag="mtu"):
    """Larger datagrams vanish on the links of these hosts, and nobody is told; streams go on."""

    hosts: tuple[Name, ...]
    datagram_bytes_max: Count


class Corruption(Fault, frozen=True, tag="corruption"):
    """A share of the datagrams, and of the frames in streams, arrives with one bit flipped.

    The controllers have to notice it by themselves: a box or a cipher does not open, a handshake
    comes to nothing.
    """

    hosts: tuple[Name, ...]
    share: Share
    frame_share: Share = 0.0
    """Of the frames in streams."""


class Replay(Fault, frozen=True, tag="replay"):
    """A share of the datagrams of these hosts' links arrives a second time, much later."""

    hosts: tuple[Name, ...]
    share: Share
    age_ns: Count = 10 * SECOND
    """How much later."""


class Move(Fault, frozen=True, tag="move"):
    """The host has another address meanwhile; what is sent to the old one reaches nobody.

    Its connections die unnoticed, and the others find it again as multicast DNS lets them.
    """

    host: Name


# --- hosts --------------------------------------------------------------------------------------


class Crash(Fault, frozen=True, tag="crash"):
    """The controller is gone until the end of the interval."""

    host: Name
    kind: Literal["killed", "power", "torn", "wiped", "restored"]
    """Killed: the host goes on, and refuses connections. Power: it falls silent and its restart
    cannot prove that nothing was lost. Torn: as power, and of what was being written a part is
    there, with a damaged row. Wiped: as power, and the disk is empty afterwards. Restored: as
    power, and the disk is what it was at ``image_ns``."""
    image_ns: Nanoseconds = 0
    """When the image was taken to which the disk is restored: 0 is the moment of the assembly."""


class Leave(Fault, frozen=True, tag="leave"):
    """The controller is stopped in good order, and started again at the end of the interval."""

    host: Name


class RollingRestart(Fault, frozen=True, tag="rolling-restart"):
    """These controllers are stopped in good order and started again, one after the other.

    Their turns share the interval evenly; each is down for the first half of its turn.
    """

    hosts: tuple[Name, ...]


class FlashCrowd(Fault, frozen=True, tag="flash-crowd"):
    """These hosts are newcomers: all are started, and accepted, within this interval."""

    hosts: tuple[Name, ...]


class Pause(Fault, frozen=True, tag="pause"):
    """The controller does nothing, and finds everything that arrived meanwhile when it goes on."""

    host: Name


class SlowHost(Fault, frozen=True, tag="slow-host"):
    """Each step of the controller takes this long, and what arrives meanwhile queues."""

    host: Name
    step_ns: Count


class Clone(Fault, frozen=True, tag="clone"):
    """A second controller runs from a copy of the host's disk, at an address of its own.

    At the end somebody decides: the copy is switched off for good, the controller started anew.
    """

    host: Name
    of: Literal["disk", "key"] = "disk"
    """A key alone, as a thief has it: the disk is empty, and nothing of the past is known there."""


Lie = Literal[
    "votes",
    "boots",
    "counters",
    "doubts",
    "farewells",
    "garbage",
    "heads",
    "equivocation",
    "alone",
    "merges",
    "admits",
]
"""What a liar says: votes of others; that others have begun new lives; numbers near the end of
their range; to each, that an elder life of it answers all the others, and that these have left or
moved; bytes that mean nothing, or are nested too deep; that others have written to running
information, and removed, what they never will; two facts of its own under one number, each to one
half of the others; a ChangeSet for which it asks nobody but itself; a merge that sets the
last change aside, as if it had been apart from before it; admissions of a friend, on its own word
and by an invite of which it has no code."""

LIES: Final[tuple[Lie, ...]] = ("votes", "boots", "counters", "doubts", "farewells", "garbage")
"""Those that honest controllers must not even notice: the others show."""


class Liar(Fault, frozen=True, tag="liar"):
    """Somebody has another program on this member's host: it lies to everybody, again and again.

    It has the member's key and its connections, and no key of anybody else.
    """

    host: Name
    lies: tuple[Lie, ...] = LIES
    """``votes`` of others, ``boots`` of others, ``counters`` near the end of their range,
    ``doubts`` about the life of the one that is told, ``farewells`` of all others, ``garbage``;
    ``heads``: writes to running information that others never made;
    ``equivocation``: two facts of its own under one number, to each half another; ``alone``: a
    ChangeSet that it seals alone;
    ``merges``: one that sets the last change aside; ``admits``: a friend whom nobody let in."""
    every_ns: Count = 250 * MILLISECOND
    """How often it tells each of them."""


class OtherVersion(Fault, frozen=True, tag="other-version"):
    """The host speaks another version of the protocol: it and the others refuse each other."""

    host: Name


# --- disks --------------------------------------------------------------------------------------


class SlowDisk(Fault, frozen=True, tag="slow-disk"):
    """Each sync takes this much longer."""

    host: Name
    extra_ns: Nanoseconds


class FailingDisk(Fault, frozen=True, tag="failing-disk"):
    """Each sync fails; the controller is started anew from what is durable until one succeeds."""

    host: Name


class FailingSync(Fault, frozen=True, tag="failing-sync"):
    """One sync fails, the first in the interval; the next ones do not."""

    host: Name


class FullDisk(Fault, frozen=True, tag="full-disk"):
    """The disk takes no more than this, and gives no room back until the end."""

    host: Name
    free_bytes: Nanoseconds = 0
    """How much can still be written."""


class BitRot(Fault, frozen=True, tag="bit-rot"):
    """Rows of the journal rot, evenly over the interval; found out when it is opened next."""

    host: Name
    rows: Count = 1


# --- clocks -------------------------------------------------------------------------------------

AnyClock = Literal["wall", "monotonic", "both"]


class ClockStep(Fault, frozen=True, tag="clock-step"):
    """The wall clock is set by this much, and set back at the end.

    A monotonic clock can only jump ahead, as that of a suspended machine does, and stays there.
    """

    host: Name
    by_ns: int
    clock: AnyClock = "wall"


class ClockDrift(Fault, frozen=True, tag="clock-drift"):
    """The clock runs too fast by so many parts in a billion, or too slow; the error stays."""

    host: Name
    ppb: int
    clock: AnyClock = "both"


class ClockFrozen(Fault, frozen=True, tag="clock-frozen"):
    """The clock stands still and goes on from there; without a monotonic one no timer fires."""

    host: Name
    clock: AnyClock = "wall"


AnyFault = (
    Split
    | Isolate
    | OneWay
    | Bridge
    | Ring
    | Flaky
    | Matrix
    | Clog
    | Weather
    | Bursts
    | Reordering
    | Bandwidth
    | Mtu
    | Corruption
    | Replay
    | Move
    | Crash
    | Leave
    | RollingRestart
    | FlashCrowd
    | Pause
    | SlowHost
    | Clone
    | Liar
    | OtherVersion
    | SlowDisk
    | FailingDisk
    | FailingSync
    | FullDisk
    | BitRot
    | ClockStep
    | ClockDrift
    | ClockFrozen
)
