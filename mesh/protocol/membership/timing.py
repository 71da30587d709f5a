"""How long to wait, for whom, and how often to say it: the numbers of the failure detector.

Waiting is the only evidence that a silent peer gives. Wait too short and a busy host is called
dead, too long and everybody waits for a dead one. So a suspicion starts with a long wait, and every
independent witness makes it shorter; one witness can be wrong about itself, three hardly are.

Sources: SWIM (Das, Gupta, Motivala 2002) for probes and rumours; Lifeguard (Dadgar, Phillips,
Currey 2018) for suspicions that shrink with confirmations. The number of witnesses asked for comes
from the members *believed alive now*, where the reference implementations take all that are known:
there the third of several crashes is noticed late, because it waits for the word of the dead.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from mesh.protocol.configuration import Profile
from mesh.protocol.now import MILLISECOND, SECOND


@dataclass(frozen=True, slots=True)
class Timing:
    """One profile: what is normal on this kind of network."""

    probe_interval_ns: int
    """One member is asked in each."""
    probe_timeout_ns: int
    """How long the direct answer may take before others are asked to try."""
    indirect_timeout_ns: int
    """How much longer the others may take before the member is suspect."""
    suspicion_min_ns: int
    """How long a suspect has to refute when all witnesses agree, in a mesh of up to ten."""
    suspicion_max_ns: int
    """The same while nobody confirms."""
    gossip_interval_ns: int
    """The pause between two rounds of gossip, while there is something to tell."""
    exchange_interval_ns: int
    """How often two tables are compared as a whole: the net under the gossip."""
    retry_interval_ns: int
    """How often one failed member is asked whether it is back."""
    far: "Timing | None" = None
    """The waits for members that are far away, or how far is not known; None: as for all others."""

    def towards(self, round_trip_ns: int | None) -> "Timing":
        """The waits for a member so far away; None: nothing is measured yet."""
        if self.far is None:
            return self
        is_near = round_trip_ns is not None and round_trip_ns <= NEAR_ROUND_TRIP_NS
        return self if is_near else self.far


NEAR_ROUND_TRIP_NS: Final = 50 * MILLISECOND
"""Members up to this far away are waited for as on a LAN. It is an eighth of the wait for an answer
there, and round trips vary by less, as long as the line is not full."""


_LAN: Final = Timing(
    probe_interval_ns=SECOND,
    probe_timeout_ns=400 * MILLISECOND,
    indirect_timeout_ns=400 * MILLISECOND,
    suspicion_min_ns=1_200 * MILLISECOND,
    suspicion_max_ns=6 * SECOND,
    gossip_interval_ns=200 * MILLISECOND,
    exchange_interval_ns=20 * SECOND,
    retry_interval_ns=2 * SECOND,
)

_WAN: Final = Timing(
    probe_interval_ns=3 * SECOND,
    probe_timeout_ns=1_500 * MILLISECOND,
    indirect_timeout_ns=1_500 * MILLISECOND,
    suspicion_min_ns=4 * SECOND,
    suspicion_max_ns=20 * SECOND,
    gossip_interval_ns=500 * MILLISECOND,
    exchange_interval_ns=60 * SECOND,
    retry_interval_ns=6 * SECOND,
)

TIMINGS: Final[Mapping[Profile, Timing]] = {
    Profile.LOCAL: Timing(
        probe_interval_ns=SECOND,
        probe_timeout_ns=200 * MILLISECOND,
        indirect_timeout_ns=200 * MILLISECOND,
        suspicion_min_ns=800 * MILLISECOND,
        suspicion_max_ns=4 * SECOND,
        gossip_interval_ns=100 * MILLISECOND,
        exchange_interval_ns=20 * SECOND,
        retry_interval_ns=2 * SECOND,
    ),
    Profile.LAN: _LAN,
    Profile.WAN: _WAN,
    Profile.AUTO: replace(_LAN, far=_WAN),
}

INDIRECT_PROBES: Final = 3
"""Members asked to try in our place: SWIM's k, enough to go round one bad link."""

GOSSIP_FANOUT: Final = 3
"""Members told in one round of gossip."""

CONFIRMATIONS_MAX: Final = 2
"""Further witnesses after whom waiting longer makes no verdict better."""

VERIFIERS: Final = 8
"""About how many of those who hear of a suspicion go and see for themselves. Four for each
confirmation wanted, so that too few is rare; not all, so that a large mesh does not fall upon one
slow member."""

TRANSMISSIONS_FACTOR: Final = 4
"""How often a rumour is told, times the digits of the size of the mesh (SWIM's lambda)."""

SCALE_FROM_MEMBERS: Final = 10
"""Up to this size the waits of the profile hold; beyond, news need more rounds, so suspects need
more time."""

NACK_SHARE_PERCENT: Final = 80
"""Of the direct timeout: how long a helper waits before it says that it cannot reach the target
either, so that the word is there before whoever asked gives up."""

LATE_NS: Final = 100 * MILLISECOND
"""A wake-up later than this means that nobody listened meanwhile; time in which nobody listened is
no silence. After one, all waits go on for this long at least: what waits in our own sockets is read
by then, or the next wake-up is late, too."""


def confirmations_expected(bystanders: int) -> int:
    """How many more witnesses can come, with ``bystanders`` others believed alive."""
    return min(CONFIRMATIONS_MAX, bystanders)


@lru_cache(maxsize=1_024)
def suspicion_ns(timing: Timing, confirmations: int, expected: int, members: int) -> int:
    """How long a suspect has to refute, from the first accusation on.

    Falls with the logarithm of the confirmations, from max to min: the first confirmation says the
    most. ``members`` believed alive scale the least wait with their digits. Nobody to expect one
    from: the least wait.
    """
    least = timing.suspicion_min_ns
    if members > SCALE_FROM_MEMBERS:
        least = round(least * math.log(members, SCALE_FROM_MEMBERS))
    most = max(least, timing.suspicion_max_ns)
    if confirmations >= expected:
        return least
    share = math.log(confirmations + 1) / math.log(expected + 1)
    return most - round((most - least) * share / MILLISECOND) * MILLISECOND


def transmissions_max(members: int) -> int:
    """How many members a controller tells one rumour, so that it most likely reaches all."""
    return TRANSMISSIONS_FACTOR * math.ceil(math.log10(members + 1))
