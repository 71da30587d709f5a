"""The table of planted bugs, as a page of the documentation."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.planted.bug import CHANGES, GENERATED, ROOT
from tests.planted.hunt import Hunt

PAGE: Final[Path] = ROOT / "docs" / "simulator" / "planted-bugs.md"

_HEAD: Final = """\
# Planted bugs

<!-- Written by `make sim-bugs`. Do not edit. -->

Does the simulator find bugs? Each of these {count} mistakes was put into the protocol, alone, and a
stock scenario was run with one seed after the other, until a checker spoke or a promise was broken.
A *stock* scenario is a situation that comes with Trellis, one that the generator makes up, or a run
of `make changes`, in which people change the same things on all sides of a split. Two situations
came after bugs of their kind had escaped: one in which a set has to grow, one in which a member
lies. A seed counts only if the code without the bug passes the very same run.

```console
$ make sim-bugs                             # all of them; writes this page
$ make sim-bugs ARGS="majority --seeds 50"  # those with a word in their name
```

With `--plant` the simulator's own commands show what a bug does:

```console
$ python -m simulations report {example} --text \\
    --plant tests.planted.plant:{bug}
```

{table}
## Where they are planted

{places}"""

_NAMES: Final = {GENERATED: "the generator", CHANGES: "`make changes`"}


def page(hunts: Sequence[Hunt]) -> str:
    """The page about ``hunts``, each of which has found its bug."""
    shown = next((hunt for hunt in hunts if hunt.bug.scenario not in _NAMES), hunts[0])
    assert shown.found is not None, "only what was found is shown"
    return _HEAD.format(
        count=len(hunts),
        example=f"{shown.bug.scenario} --seed {shown.found.seed}",
        bug=shown.name,
        table="\n".join(_table(hunts)),
        places="\n".join(_places(hunts)) + "\n",
    )


def _table(hunts: Sequence[Hunt]) -> Iterator[str]:
    yield "| What is wrong | Found by | Seeds it took | Who spoke |"
    yield "|---|---|---|---|"
    for hunt in hunts:
        found = hunt.found
        assert found is not None, "only what was found is shown"
        scenario = _NAMES.get(hunt.bug.scenario, f"`{hunt.bug.scenario}`")
        checker = found.checker.replace("|", "\\|")
        yield f"| {hunt.bug.wrong} | {scenario} | {found.seed + 1} | {checker} |"
    yield ""


def _places(hunts: Sequence[Hunt]) -> Iterator[str]:
    yield "| Name | Where |"
    yield "|---|---|"
    for hunt in hunts:
        places = "<br>".join(f"`{place}`" for place in hunt.bug.places)
        yield f"| `{hunt.name}` | {places} |"
