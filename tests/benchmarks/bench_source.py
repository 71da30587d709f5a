"""How long it takes to plan from files: python -m tests.benchmarks.bench_source.

Two environments described in files: the shop of the examples, and one ten times its size. What a
barrier costs beside that, `make bench` measures.
"""

import tempfile
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Final

from mesh.cli.source.directory import read_directory
from mesh.cli.source.writer import to_yaml
from mesh.environment.commands import declaration_of
from mesh.environment.configuration import Configuration
from mesh.environment.draft import Draft
from mesh.environment.founding import founded
from mesh.environment.resolve import Resolution, resolve
from mesh.environment.source.exporting import export_tree
from mesh.environment.source.plan import Plan, make_plan
from mesh.environment.source.standing import DESCRIBED, Ground, ground_of
from mesh.environment.source.steps import split
from mesh.environment.workspace import Workspace
from mesh.wire.requests import Value
from tests.mesh.protocol.history.world import FOUNDING

EXAMPLE: Final = Path(__file__).parents[2] / "docs" / "examples" / "shop"
ROUNDS: Final = 5
LARGE: Final = 10


def measure(place: Path) -> dict[str, float]:
    """Milliseconds for each deed on the files at ``place``, the best of a few times."""
    configuration = founded(FOUNDING)
    documents, misread = read_directory(place)
    empty = _ground(configuration)
    plan = make_plan(documents, empty, misread=misread)
    assert isinstance(plan, Plan), plan
    figures = {
        "objects": float(len(plan.differences)),
        "commands": float(sum(len(step.commands) for step in plan.steps)),
        "read the files": _best(lambda: read_directory(place)),
        "plan on an empty environment": _best(lambda: make_plan(documents, empty)),
    }
    figures["resolve and apply all of it"] = _once(lambda: _apply(configuration, plan))
    full = _ground(configuration)
    figures["plan when there is nothing to do"] = _best(lambda: make_plan(documents, full))
    figures["hash of the content"] = _best(lambda: configuration.snapshot().content_hash)
    figures["export as text"] = _best(lambda: to_yaml(dict(export_tree(full))))
    return figures


def _ground(configuration: Configuration) -> Ground:
    return ground_of(
        {
            kind: {name: configuration.get(kind, name) for name in configuration.names(kind)}
            for kind in (*DESCRIBED, "controller", "secret")
        }
    )


def _apply(configuration: Workspace, plan: Plan) -> None:
    parts = [part for step in plan.steps for part in split(step.commands)]
    for at, part in enumerate(parts):
        resolution = resolve(configuration, part, at.to_bytes(16, "big"))
        assert isinstance(resolution, Resolution), resolution
        draft = Draft(configuration)
        for command in resolution.resolved:
            declaration = declaration_of(command)
            assert declaration is not None
            draft.begin(declaration.touched(command.parameters))
            assert declaration.run(draft, command.parameters) is None
        _ = configuration.assign(draft.changes(bytes(32)))


def _best(deed: Callable[[], object]) -> float:
    return min(timeit.repeat(deed, number=1, repeat=ROUNDS)) * 1e3


def _once(deed: Callable[[], object]) -> float:
    return timeit.timeit(deed, number=1) * 1e3


def larger(place: Path, times: int) -> None:
    """Writes the example so many times over, each copy with names of its own, to ``place``."""
    documents, _ = read_directory(EXAMPLE)
    for at in range(times):
        for number, document in enumerate(documents):
            told = document.plain()
            assert isinstance(told, dict)
            once = {kind: told.pop(kind, None) for kind in ("environment", "data")}
            copies = {kind: _renamed(members, at) for kind, members in told.items()}
            if at == 0 and once["data"]:
                copies["data"] = once["data"]
            _ = (place / f"{at}-{number}.yaml").write_text(to_yaml(copies))


_REFERRING: Final = ("role", "site", "roles", "after", "services")


def _renamed(members: Value, at: int) -> Value:
    """Objects, and what they refer to, under names that end with ``at``."""
    assert isinstance(members, dict)
    return {f"{name}-{at}": _refer(fields, at) for name, fields in members.items()}


def _refer(fields: Value, at: int) -> Value:
    if not isinstance(fields, dict):
        return fields
    return {
        name: _suffixed(value, at) if name in (*_REFERRING, "host") else value
        for name, value in fields.items()
    }


def _suffixed(value: Value, at: int) -> Value:
    match value:
        case str() if "{{" in value:
            return f"{at}.{value}"
        case str():
            return f"{value}-{at}"
        case list():
            return [_suffixed(each, at) for each in value]
        case dict():
            return {f"{name}-{at}": each for name, each in value.items()}
        case _:
            return value


def main() -> None:
    """Print both."""
    with tempfile.TemporaryDirectory() as directory:
        larger(Path(directory), LARGE)
        for words, place in (("the example", EXAMPLE), ("ten times", Path(directory))):
            print(words)  # noqa: T201  a program that people run
            for name, figure in measure(place).items():
                unit = "" if name in ("objects", "commands") else " ms"
                print(f"  {name:40} {figure:10.1f}{unit}")  # noqa: T201  the same


if __name__ == "__main__":
    main()
