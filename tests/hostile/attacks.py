"""Everything that is tried, in this order: what ends the insider's standing comes last."""

from collections.abc import Callable
from typing import Final

from tests.hostile import at_the_door, floods, from_within, guests, hiding, torrents, usurpers
from tests.hostile.attack import Attack
from tests.hostile.stage import Stage

Kind = Callable[[Stage], int]

_KINDS: Final[dict[Kind, str]] = {
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
    from_within.farewells_of_others: "",
    from_within.counters_beyond_the_range: "facts refused: undecodable",
    from_within.stamps_of_the_year_2200: "",
    from_within.entries_of_others: "store messages rejected",
    hiding.how_far_others_have_come: "store alarms",
    from_within.deep_and_large: "streams ended: unreadable",
    from_within.slow_reading: "",
    floods.handshakes_begun: "streams ended: hurried",
    floods.datagrams_in_the_name_of_members: "datagrams rejected",
    torrents.one_entry_without_end: "store messages put off",
    torrents.entries_without_end: "store messages put off",
    torrents.large_entries_without_end: "store messages put off",
    torrents.heaps_of_entries: "store messages put off",
    guests.noticeboard_flooded: "",
    usurpers.forged_consent: "",
}

_AMONG_PEOPLE: Final = (
    Attack(
        "one invite at two doors",
        "Two newcomers show one invite at two controllers in the same moment: one is let in.",
        guests.one_invite_at_two_doors,
        "invites not honoured",
        is_settled=True,
    ),
    Attack(
        "asks only itself",
        "Under majority: new keys of its own that nobody else has sealed, also beside that step.",
        usurpers.asks_only_itself,
    ),
    Attack(
        "merges what it likes",
        "Says to have been alone before each change in turn, and merges that change away.",
        usurpers.merges_what_it_likes,
        prepare=usurpers.demand_all,
        in_history=True,
    ),
)
"""Where honest people do something, too, or what is thrown may be in the history."""


def _plain(kind: Kind, counted: str) -> Attack:
    return Attack(
        kind.__name__.replace("_", " "), str(kind.__doc__).partition("\n")[0], kind, counted
    )


_LAST: Final = from_within.equivocation

ATTACKS: Final = (
    *(_plain(kind, counted) for kind, counted in _KINDS.items()),
    *_AMONG_PEOPLE,
    _plain(_LAST, ""),
)
