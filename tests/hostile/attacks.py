"""Everything that is tried, in this order: what ends the insider's standing comes last."""

from typing import Final

from tests.hostile import at_the_door, floods, from_within
from tests.hostile.attack import Attack

_KINDS: Final = (
    at_the_door.wrong_key,
    at_the_door.another_name_than_proven,
    at_the_door.unadmitted_key,
    at_the_door.removed_key,
    at_the_door.replayed_handshake,
    at_the_door.flipped_bits,
    at_the_door.truncated_frames,
    at_the_door.knocks_without_end,
    from_within.datagrams_again,
    from_within.flipped_datagrams,
    from_within.forged_facts,
    from_within.words_about_others,
    from_within.counters_beyond_the_range,
    from_within.stamps_of_the_year_2200,
    from_within.entries_of_others,
    from_within.deep_and_large,
    from_within.slow_reading,
    floods.handshakes_begun,
    floods.datagrams_in_the_name_of_members,
    from_within.equivocation,
)

ATTACKS: Final = tuple(
    Attack(kind.__name__.replace("_", " "), str(kind.__doc__).partition("\n")[0], kind)
    for kind in _KINDS
)
