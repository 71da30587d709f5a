"""The core decides and does nothing else: what import contracts cannot see is checked here."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.purity import impurities

CORE: Final = ("crdt", "mesh.environment", "mesh.protocol", "mesh.wire")
DEEDS: Final = ("asyncio", "hypercorn", "rich", "sqlite3", "starlette", "trio", "zeroconf")


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _modules(package: str) -> dict[str, Path]:
    """Every module of a package, by its dotted name."""
    folder = _folder(package)
    return {
        ".".join((package, *file.relative_to(folder).with_suffix("").parts)): file
        for file in sorted(folder.rglob("*.py"))
    }


def _loaded_by(*modules: str) -> set[str]:
    """The names of all modules in a fresh interpreter that has imported these."""
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("package", CORE)
def test_core_has_no_world_in_it(package: str) -> None:
    """No luck, no file, no terminal, and no decision that hangs on the order of a set."""
    found = [
        f"{name}:{impurity}"
        for name, file in _modules(package).items()
        for impurity in impurities(file.read_text())
    ]
    assert found == []


def test_importing_the_core_loads_no_deeds() -> None:
    """The core can be used where no deed is wanted: in a simulator, in a test, in a browser."""
    names = [name.removesuffix(".__init__") for package in CORE for name in _modules(package)]
    assert _loaded_by(*names).isdisjoint(DEEDS)


def test_a_plain_command_loads_no_deeds() -> None:
    """The command line is quick: what only some commands need is imported after parsing."""
    names = {"mesh.cli.__init__", "mesh.cli.main"} & _modules("mesh.cli").keys()
    assert _loaded_by(*(name.removesuffix(".__init__") for name in names)).isdisjoint(DEEDS)


@pytest.mark.parametrize(
    "impure",
    [
        "import random",
        "from random import randrange",
        "def f(): return Random(1)",
        "def f(x): return hash(x)",
        "def f(): return open('x')",
        "for x in {1, 2}: pass",
        "for x in a & set(b): pass",
        "x = [y for y in frozenset(z)]",
        "x = tuple({y for y in z})",
        "x = ','.join(set(y))",
        "x = min(set(y), key=f)",
        "x = [*{1, 2}]",
        "def f(x: frozenset[int]):\n  for y in x: pass",
        "class C:\n  x: set[int]\n  def f(self): return list(self.x)",
        "x = set()\ny = {z: 1 for z in x - w}",
    ],
)
def test_impurity_is_found(impure: str) -> None:
    """A check that cannot fail proves nothing: each kind of impurity is found."""
    assert len(impurities(impure)) == 1


@pytest.mark.parametrize(
    "pure",
    [
        "from random import Random\ndef f(random: Random): return random.randrange(3)",
        "if TYPE_CHECKING:\n  import random",
        "class C:\n  def __hash__(self): return hash(self.x)",
        "for x in sorted({1, 2}): pass",
        "x = sorted(set(y), key=f)",
        "x = min(set(y))",
        "x = any(y in z for y in frozenset(z))",
        "x = {y for y in frozenset(z)}",
        "x = 1 in {1, 2}",
        "for x in {1: 2}: pass",
    ],
)
def test_purity_is_left_alone(pure: str) -> None:
    """What cannot influence an output is allowed, so that nobody learns to silence the check."""
    assert impurities(pure) == []
