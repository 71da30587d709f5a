"""Bugs around the roster: keys that are replaced, and sides that put each other out."""

from typing import Final

from mesh.protocol.history.merging import Merging
from mesh.protocol.replica.rotating import Rotating
from tests.planted.bug import Bug, Change

BUGS: Final[dict[str, Bug]] = {
    "new_key_forgotten": Bug.of(
        "A controller that was given a new exchange key begins its next life with the old one",
        "new_key_while_one_is_away",
        Change(
            Rotating.roster_changed, "self._desk.write(WriteMeta(EXCHANGE_META, named))", "pass"
        ),
    ),
    "old_key_used_on": Bug.of(
        "A controller goes on with its old exchange key when all others know the new one",
        "new_key_while_one_is_away",
        Change(Rotating.roster_changed, "self._desk.end(", "(lambda *_: None)("),
    ),
    "removals_never_collide": Bug.of(
        "Two sides that have removed each other are merged by rule",
        "two_sides_remove_each_other",
        Change(Merging._mutual_removals, "and not sides.met(earlier, later)", "and False"),
    ),
}
