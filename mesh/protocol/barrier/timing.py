"""How long the barrier waits where waiting is a matter of taste. Safety depends on none of it."""

from dataclasses import dataclass

from mesh.protocol.now import MILLISECOND, SECOND


@dataclass(frozen=True, slots=True)
class Timing:
    """Waiting times in monotonic nanoseconds, and counts."""

    reseal_ns: int = 50 * MILLISECOND
    """B3c: how long the live participants stay the same before a first reseal.

    Detectors that drop somebody for the same reason do so within a few probe packets of each other;
    a second set that is wrong too costs a round.
    """
    reseal_doublings_max: int = 7
    """Each reseal doubles the wait: up to 6.4 s, a round of suspicion on a LAN."""
    stall_ns: int = 6_400 * MILLISECOND
    """B3c: how long m waits for the set that it sees, sealed already, before it believes others.

    Longer than a round of suspicion on a LAN: two that merely have not yet noticed the same crash
    need no help.
    """
    reseals_before_fallback: int = 4
    """B3c: reseals after which the sets of the others are believed.

    The network is not transitive.
    """
    skip_ns: int = 5 * SECOND
    """B6: how long too few must be reachable before a ChangeSet is passed over.

    Longer than a restart.
    """
    merge_step_ns: int = 250 * MILLISECOND
    """B10: each roster member waits for those before it.

    As long as a proposal takes to spread over a WAN.
    """
    merge_steps_max: int = 12
    """B10: nobody waits longer than 3 s for those before it."""
    merge_retry_ns: int = 2 * SECOND
    """B10: after which a merge that did not come about is asked for again."""
    renew_ns: int = 30 * SECOND
    """P-stranded: how long news of those who began new lives is waited for.

    Whoever holds a last vote of theirs and was out of reach for a moment is back by then.
    """
    renew_step_ns: int = 2 * SECOND
    """P-stranded: each waits for those before it, so that not all are away at once."""
    renew_steps_max: int = 30
    """P-stranded: nobody waits longer than a minute for those before it."""
    repropose_ns: int = 20 * MILLISECOND
    """B8: the mean of the first random back-off; it doubles with each attempt."""
    attempts_max: int = 8
    """B8: attempts of one request by itself; with doubling, several seconds of bad luck."""
