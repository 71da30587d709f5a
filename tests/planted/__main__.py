"""Stock scenarios must find planted bugs: `python -m tests.planted [WORD ...]`.

With WORDs only the bugs with one of them in their name. When all were hunted for, the table of the
documentation is written anew. The exit code is 1 if one escapes.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Final

from simulations.sweep.progress import display
from tests.planted.hunt import Hunt, hunt_all
from tests.planted.page import PAGE, page
from tests.planted.tables import all_bugs

SEEDS: Final = 500
"""A bug that takes more of them would take too many hours of a developer's machine."""

ESCAPED: Final = 1
INTERRUPTED: Final = 130

SHORT: Final = (
    "both_founders_yield",
    "boot_number_reused",
    "joined_instead_of_merged",
    "majority_of_the_living",
    "vote_sent_before_durable",
    "conflicts_overwrite",
    "vector_on_disk_ahead_of_its_records",
    "nobody_asked_to_try",
    "elements_survive_their_object",
)
"""Found by their first seeds, and of as many parts of the protocol as possible."""


def main(words: Sequence[str]) -> int:
    """Plant, hunt, tell, and write the table."""
    arguments = _arguments(words)
    bugs = all_bugs()
    chosen = [(name, bug) for name, bug in bugs.items() if _is_chosen(name, arguments)]
    hunts: dict[str, Hunt] = {}
    with display(len(chosen), 0, "planted bugs") as shown:
        for hunt in hunt_all(chosen, arguments.seeds, arguments.jobs):
            hunts[hunt.name] = hunt
            shown.say(_told(hunt))
            shown.advance(failed=hunt.found is None)
    found = [hunt for hunt in hunts.values() if hunt.found is not None]
    print(f"{len(found)} of {len(chosen)} planted bugs found")  # noqa: T201  a program
    if len(found) < len(chosen):
        return ESCAPED
    if len(chosen) == len(bugs):
        _ = PAGE.write_text(page([hunts[name] for name in bugs]), encoding="utf-8")
    return 0


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.planted", description=__doc__)
    add = parser.add_argument
    _ = add("words", nargs="*", metavar="WORD", help="only bugs with such a word in their name")
    _ = add("--seeds", type=int, default=SEEDS, metavar="N", help=f"per bug ({SEEDS})")
    jobs = len(os.sched_getaffinity(0))
    _ = add("--jobs", type=int, default=jobs, metavar="N", help=f"processes at once ({jobs})")
    _ = add("--short", action="store_true", help="only a few that are found quickly")
    return parser.parse_args(words)


def _is_chosen(name: str, arguments: argparse.Namespace) -> bool:
    if arguments.short:
        return name in SHORT
    return not arguments.words or any(word in name for word in arguments.words)


def _told(hunt: Hunt) -> str:
    """One line about a hunt that is over."""
    unsound = f"; the honest code fails at seeds {hunt.unsound}" if hunt.unsound else ""
    if hunt.found is None:
        return f"ESCAPED {hunt.name} ({hunt.bug.scenario}, {hunt.seeds} seeds){unsound}"
    found = hunt.found
    return f"{hunt.name}: {hunt.bug.scenario}, seed {found.seed}: {found.checker}{unsound}"


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # noqa: T201  a program
        sys.exit(INTERRUPTED)
