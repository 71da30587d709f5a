"""Everything that is tried, in this order: what ends the insider's standing comes last."""

from typing import Final

from tests.hostile import at_the_door, floods, from_within
from tests.hostile.attack import Attack

_KINDS: Final = {
    at_the_door.wrong_key: "streams ended: forged",
    at_the_door.another_name_than_proven: "streams ended: forged",
    at_the_door.unadmitted_key: "messages not allowed",
    at_the_door.chains_of_made_up_keys: "facts refused: stranger",
    at_the_door.removed_key: "facts refused: stranger",
    at_the_door.replayed_handshake: "streams ended: forged",
    at_the_door.flipped_bits: "streams ended: forged",
    at_the_door.truncated_frames: "streams cut",
    at_the_door.knocks_without_end: "streams ended: hurried",
    from_within.datagrams_again: "datagrams repeated",
    from_within.flipped_datagrams: "datagrams rejected",
    from_within.forged_facts: "facts refused: signature",
    from_within.words_about_others: "",
    from_within.counters_beyond_the_range: "facts refused: undecodable",
    from_within.stamps_of_the_year_2200: "",
    from_within.entries_of_others: "store messages rejected",
    from_within.deep_and_large: "streams ended: unreadable",
    from_within.slow_reading: "",
    floods.handshakes_begun: "streams ended: hurried",
    floods.datagrams_in_the_name_of_members: "datagrams rejected",
    from_within.equivocation: "",
}

ATTACKS: Final = tuple(
    Attack(kind.__name__.replace("_", " "), str(kind.__doc__).partition("\n")[0], kind, counted)
    for kind, counted in _KINDS.items()
)
