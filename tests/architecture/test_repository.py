"""The repository holds what it says it holds, and nothing of the machine that it was written on."""

import re
import subprocess
import tomllib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytestmark = pytest.mark.repository

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("crdt", "mesh", "simulations")

REGISTRIES: Final = re.compile(r"\b(pypi|pythonhosted|npmjs|deb\.debian)\.(com|org)\b")
ELSEWHERE: Final = re.compile(r"(?<![\w.~/-])/(Users|home|opt|root|work)/\w")


@cache
def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@cache
def _committed() -> dict[str, str]:
    """The text of every file that git knows, by its path."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    files = (ROOT / name for name in listing.stdout.split("\0") if name)
    return {
        str(file.relative_to(ROOT)): file.read_text(errors="replace")
        for file in files
        if file.is_file()
    }


def _lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()}"
        for name, text in _committed().items()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def _locked() -> dict[str, str]:
    """The version of each package in the lock, by its normalised name."""
    pins = re.findall(
        r"^([\w.-]+)==([^\s;]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE
    )
    return {canonicalize_name(name): pinned for name, pinned in pins}


def _required() -> list[Requirement]:
    """What pyproject.toml asks for: at run time, in every group, and to build."""
    project = _project()
    groups = project["dependency-groups"].values()
    texts = [
        *project["project"]["dependencies"],
        *project["build-system"]["requires"],
        *(text for group in groups for text in group if isinstance(text, str)),
    ]
    return [Requirement(text) for text in texts]


def test_no_file_names_a_registry() -> None:
    """Packages come from whichever registry the machine is set up for."""
    assert _lines_with(REGISTRIES) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    """A path into somebody's home means nothing on another machine."""
    assert _lines_with(ELSEWHERE) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_package_is_typed(package: str) -> None:
    """A marker in each package tells type checkers that its annotations are meant."""
    assert (ROOT / package / "py.typed").is_file()


def test_every_folder_of_code_is_a_package() -> None:
    """A folder without `__init__.py` would be missing from tools that look for packages."""
    folders = {file.parent for package in PACKAGES for file in (ROOT / package).rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_version_is_one() -> None:
    """What is installed, what is built, and what the README tells to install are one version."""
    stated = _project()["project"]["version"]
    assert version("trellis-mesh") == stated
    wheels = re.findall(r"trellis_mesh-([\w.]+)-py3", (ROOT / "README.md").read_text())
    assert wheels == [stated]


def test_news_are_of_a_known_kind() -> None:
    """A fragment of an unknown kind would be left out of the changelog without a word."""
    kinds = {kind["directory"] for kind in _project()["tool"]["towncrier"]["type"]}
    fragments = [
        path.name for path in (ROOT / "docs" / "changelog.d").glob("*") if path.name[0] != "."
    ]
    assert [name for name in fragments if name.split(".")[1:-1] not in [[k] for k in kinds]] == []


def test_lock_names_no_index() -> None:
    """A lock that names a registry fails behind a mirror."""
    text = (ROOT / "requirements.lock").read_text()
    assert re.findall(r"^\s*--(?!hash=sha256:)\S+|\w+://\S+", text, re.MULTILINE) == []


def test_lock_pins_every_package_with_hashes() -> None:
    """A pin without a hash would be refused by pip, or worse, taken from anywhere."""
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text())
    bare = [entry for entry in entries if not entry.startswith("#") and "--hash=" not in entry]
    assert bare == []


def test_lock_meets_what_the_project_asks_for() -> None:
    """Whoever changes a requirement makes the lock anew: make lock."""
    locked = _locked()
    unmet = [
        str(requirement)
        for requirement in _required()
        if not requirement.specifier.contains(
            locked.get(canonicalize_name(requirement.name), "0.dev0")
        )
    ]
    assert unmet == []
