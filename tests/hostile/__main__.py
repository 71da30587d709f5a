"""``make hostile``: a hostile peer tries everything against three honest controllers.

Exit 1 if anything got through.
"""

import argparse
import json
import re
import sys
import time
from pathlib import Path

from tests.hostile.attack import QUIET_S, Judgement, judge
from tests.hostile.attacks import ATTACKS
from tests.hostile.pulse import take_pulse
from tests.hostile.stage import open_stage


def main() -> int:
    """Run the attacks that were asked for; the last line is the summary."""
    parser = argparse.ArgumentParser(prog="hostile", description=__doc__)
    _ = parser.add_argument("--only", default="", help="attacks whose names match this pattern")
    _ = parser.add_argument("--json", type=Path, help="write the report here, too")
    arguments = parser.parse_args()
    chosen = [attack for attack in ATTACKS if re.search(arguments.only, attack.name)]
    begun = time.monotonic()
    with open_stage() as stage:
        quiet_ms = take_pulse(stage.honest, QUIET_S).median_ms
        _say(f"quiet: a change is known to all after {quiet_ms:.1f} ms (median)")
        judgements = []
        for attack in chosen:
            judgements.append(judge(stage, attack, quiet_ms))
            _say(line(judgements[-1]))
    if arguments.json is not None:
        _ = arguments.json.write_text(json.dumps([row(each) for each in judgements], indent=2))
    through = [each for each in judgements if each.breaches]
    _say(
        f"hostile: {len(judgements)} attacks, {sum(each.tries for each in judgements)} tries in"
        f" {time.monotonic() - begun:.0f} s, {len(through)} got through"
    )
    return 1 if through or not judgements else 0


def line(judgement: Judgement) -> str:
    """One line for people, and one more for each breach."""
    head = (
        f"{judgement.attack.name:32} {judgement.tries:7} tries  {judgement.slower:4.1f}x slower "
        f" {judgement.grown_bytes / 1_048_576:+5.1f} MiB  calm after {judgement.calm_s:4.1f} s"
    )
    return "\n".join([head, *(f"    GOT THROUGH: {breach}" for breach in judgement.breaches)])


def row(judgement: Judgement) -> dict[str, object]:
    """The same for programs."""
    return {
        "attack": judgement.attack.name,
        "what": judgement.attack.what,
        "tries": judgement.tries,
        "slower": round(judgement.slower, 2),
        "grown_bytes": judgement.grown_bytes,
        "calm_s": round(judgement.calm_s, 1),
        "breaches": judgement.breaches,
    }


def _say(text: str) -> None:
    _ = sys.stdout.write(f"{text}\n")
    _ = sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
