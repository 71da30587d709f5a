"""The waits of the detector, as tables."""

import pytest

from mesh.protocol.configuration import Profile
from mesh.protocol.membership.timing import (
    NACK_SHARE_PERCENT,
    TIMINGS,
    confirmations_expected,
    suspicion_ns,
    transmissions_max,
)
from mesh.protocol.now import MILLISECOND

LAN = TIMINGS[Profile.LAN]


@pytest.mark.parametrize(
    ("confirmations", "expected", "members", "milliseconds"),
    [
        (0, 0, 2, 1_200),
        (0, 1, 3, 6_000),
        (1, 1, 3, 1_200),
        (0, 2, 5, 6_000),
        (1, 2, 5, 2_972),
        (2, 2, 5, 1_200),
        (3, 2, 5, 1_200),
        (2, 2, 10, 1_200),
        (2, 2, 100, 2_400),
        (2, 2, 1_000, 3_600),
        (0, 2, 1_000, 6_000),
        (0, 2, 10**6, 7_200),
    ],
)
def test_a_suspicion_shrinks_with_each_confirmation(
    confirmations: int, expected: int, members: int, milliseconds: int
) -> None:
    """From 6 s to 1.2 s by the logarithm of the confirmations; more in a large mesh."""
    wait = suspicion_ns(LAN, confirmations, expected, members)
    assert wait == milliseconds * MILLISECOND


@pytest.mark.parametrize(("bystanders", "expected"), [(0, 0), (1, 1), (2, 2), (3, 2), (99, 2)])
def test_confirmations_are_expected_from_bystanders(bystanders: int, expected: int) -> None:
    """Nobody is expected to confirm who is not believed alive."""
    assert confirmations_expected(bystanders) == expected


@pytest.mark.parametrize(
    ("members", "transmissions"), [(1, 4), (3, 4), (9, 4), (10, 8), (30, 8), (99, 8), (1_000, 16)]
)
def test_a_rumour_is_told_so_often(members: int, transmissions: int) -> None:
    """Four times the digits of the size."""
    assert transmissions_max(members) == transmissions


@pytest.mark.parametrize("profile", Profile)
def test_the_waits_of_a_profile_fit_each_other(profile: Profile) -> None:
    """A question is judged before the next turn, and a nack comes before it is judged."""
    timing = TIMINGS[profile]
    assert timing.probe_timeout_ns + timing.indirect_timeout_ns <= timing.probe_interval_ns
    assert timing.probe_timeout_ns * NACK_SHARE_PERCENT // 100 < timing.indirect_timeout_ns
    assert timing.suspicion_min_ns < timing.suspicion_max_ns
    assert timing.gossip_interval_ns < timing.suspicion_min_ns
