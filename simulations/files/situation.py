"""A situation: a story, a scenario for every seed, and what it promises.

    # Its story, for whoever reads the file: the comment at the top.
    title = "…"
    horizon = "30 s"                       any field of a scenario
    [sites] [hosts.NAME]                   who is there
    [network] [disk]                       what they run on
    [links.NAME]                           links that are not like all others
    [faults.NAME] [steps.NAME]             what goes wrong, what people ask for
    [expect]                               what must hold at the end
    [compare.NAME]                         keys to lay over the file, for a second scenario

All that is wrong with a file is told at once, each mistake with its line.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from simulations.files.checking import check
from simulations.files.durations import NoDuration, read_duration
from simulations.files.places import HOSTS, SITES, read_places
from simulations.files.positions import Place, lines_of
from simulations.files.problems import Misspelled, Notes, Problem, hint
from simulations.files.reading import Names, Reader, fields_of, kind_of
from simulations.scenario import AnyStep, Host, Link, Scenario
from simulations.selection import LABEL, SITE, resolved
from simulations.troubles import AnyFault

TITLE: Final = "title"
PENDING: Final = "pending"
LINKS: Final = "links"
FAULTS: Final = "faults"
STEPS: Final = "steps"
COMPARE: Final = "compare"

_OWN: Final = (TITLE, PENDING, SITES, HOSTS, LINKS, FAULTS, STEPS, COMPARE)
"""Keys of a document that are no fields of a scenario."""

_TIMES, _EVERY = "times", "every"
_NUMBERED = ("commands", "paths")
STEPS_MAX: Final = 10_000

_TOML_LINE: Final = re.compile(r"\(at line (\d+), column \d+\)")


@dataclass(frozen=True, slots=True)
class Situation:
    """One file."""

    name: str
    title: str
    story: str
    pending: str | None
    """The rules that it needs come with later work: which. Then it is never counted as passing."""
    plan: Scenario
    """With the seed 0."""
    alternatives: Mapping[str, Scenario]

    def scenario(self, seed: int) -> Scenario:
        """Everything about the run with ``seed``."""
        return replace(self.plan, seed=seed)


def read_file(path: Path) -> Situation:
    """The situation in a file.

    Raises Misspelled, with all that is wrong, and OSError.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Misspelled(str(path), [Problem(1, "", f"line 1: is not UTF-8: {error}")]) from None
    return read_situation(text, path.stem, source=str(path))


def read_situation(text: str, name: str, *, source: str) -> Situation:
    """The situation that ``text`` spells.

    Raises Misspelled, with all that is wrong.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _TOML_LINE.search(str(error))
        line = int(at[1]) if at else 1
        what = _TOML_LINE.sub("", str(error)).strip()
        raise Misspelled(source, [Problem(line, "", f"line {line}: {what}")]) from None
    notes = Notes(lines_of(text))
    plan = _read_plan(document, notes)
    title = _text(document, TITLE, notes) or name.replace("_", " ")
    pending = _text(document, PENDING, notes)
    alternatives = _alternatives(document, notes)
    if notes.problems or plan is None:
        raise Misspelled(source, notes.problems)
    return Situation(name, title, _story(text), pending, plan, alternatives)


def _text(document: Mapping[str, object], key: str, notes: Notes) -> str | None:
    value = document.get(key)
    if value is not None and (not isinstance(value, str) or not value.strip()):
        notes.wrong((key,), f"is {kind_of(value)}, text is wanted")
        return None
    return value


def _story(text: str) -> str:
    """The comment at the top."""
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return "\n".join(lines).strip()


# --- the scenario -------------------------------------------------------------------------------


def _read_plan(document: Mapping[str, object], notes: Notes) -> Scenario | None:
    steps = _tables(document, STEPS, notes)
    hosts = read_places(document, _step_names(steps), notes)
    faults = _tables(document, FAULTS, notes)
    plain = tuple(host.name for host in hosts)
    names = Names(plain, _step_names(steps), tuple(faults))
    several = Names((*plain, *_common(hosts)), names.steps, names.faults)
    fault_plans = [
        Reader(notes, several).tagged(AnyFault, each, (FAULTS, name), {"name": name})
        for name, each in faults.items()
    ]
    links = _read_links(document, several, notes)
    step_plans = [
        Reader(notes, names).tagged(AnyStep, each, place, {"name": name})
        for name, place, each in _repeated(steps, notes)
    ]
    rest = {key: value for key, value in document.items() if key not in _OWN}
    _check_keys(rest, notes)
    given = dict.fromkeys(_READ_APART, ()) | {"seed": 0, "hosts": hosts or (_NOBODY,)}
    known = {key: value for key, value in rest.items() if key in _scenario_keys()}
    core = {key: value for key, value in known.items() if key == "core"}
    others = {key: value for key, value in known.items() if key != "core"}
    plan = Reader(notes, names).struct(Scenario, others, (), given)
    cored = Reader(notes, several).struct(Scenario, core, (), given)
    if notes.problems or plan is None or cored is None:
        return None
    plan = replace(
        plan,
        links=links,
        faults=tuple(fault_plans),
        workload=tuple(step_plans),
        core=cored.core,
    )
    plan = resolved(plan)
    check(plan, notes)
    return plan


_READ_APART: Final = ("seed", "hosts", "links", "faults", "workload")
"""Fields of a scenario that a document spells in a way of its own."""

_NOBODY: Final = Host("nobody", "nowhere")
"""Stands in where the hosts are wrong, so that the rest of the file is read all the same."""


def _scenario_keys() -> tuple[str, ...]:
    return tuple(key for key in fields_of(Scenario) if key not in _READ_APART)


def _read_links(document: Mapping[str, object], names: Names, notes: Notes) -> tuple[Link, ...]:
    found: list[Link] = []
    for name, value in _tables(document, LINKS, notes).items():
        place: Place = (LINKS, name)
        if not isinstance(value, dict):
            notes.wrong(place, f"is {kind_of(value)}, a table is wanted")
            continue
        link = Reader(notes, names).struct(Link, value, place, {"name": name})
        if link is not None:
            found.append(link)
    return tuple(found)


def _check_keys(rest: Mapping[str, object], notes: Notes) -> None:
    for key in rest:
        if key not in _scenario_keys():
            notes.wrong((key,), f"unknown key; {hint(key, (*_OWN, *_scenario_keys()))}")


def _common(hosts: tuple[Host, ...]) -> tuple[str, ...]:
    """Words for several hosts at once."""
    sites = [SITE + host.site for host in hosts]
    labels = [LABEL + label for host in hosts for label in host.labels]
    return tuple(dict.fromkeys((*sites, *labels)))


def _tables(document: Mapping[str, object], key: str, notes: Notes) -> dict[str, object]:
    """The named tables under ``key``."""
    found = document.get(key, {})
    if not isinstance(found, dict):
        notes.wrong((key,), f"is {kind_of(found)}, tables such as [{key}.NAME] are wanted")
        return {}
    return found


# --- steps that are repeated --------------------------------------------------------------------


def _step_names(steps: Mapping[str, object]) -> tuple[str, ...]:
    """The names of all steps, repeated ones with their numbers."""
    return tuple(
        spelled
        for name, value in steps.items()
        for spelled in (name, *_numbered(name, _count(value)))
    )


def _numbered(name: str, count: int) -> tuple[str, ...]:
    return tuple(f"{name} {number}" for number in range(1, count + 1)) if count > 1 else ()


def _count(value: object) -> int:
    count = value.get(_TIMES, 1) if isinstance(value, dict) else 1
    return count if isinstance(count, int) and 1 <= count <= STEPS_MAX else 1


def _repeated(steps: Mapping[str, object], notes: Notes) -> list[tuple[str, Place, object]]:
    """Each step as often as it is to be done: ``times`` times, one ``every`` so often."""
    found: list[tuple[str, Place, object]] = []
    for name, value in steps.items():
        place: Place = (STEPS, name)
        if not isinstance(value, dict) or (_TIMES not in value and _EVERY not in value):
            found.append((name, place, value))
            continue
        every_ns = _every_ns(value, place, notes)
        rest = {key: each for key, each in value.items() if key not in {_TIMES, _EVERY}}
        for number, spelled in enumerate(_numbered(name, _count(value)) or (name,)):
            found.append((spelled, place, _later(rest, number * every_ns, number + 1)))
    return found


def _every_ns(value: Mapping[str, object], place: Place, notes: Notes) -> int:
    times, every = value.get(_TIMES), value.get(_EVERY)
    is_count = isinstance(times, int) and not isinstance(times, bool) and 1 <= times <= STEPS_MAX
    if not is_count:
        notes.wrong((*place, _TIMES), f"a whole number from 1 to {STEPS_MAX} is wanted")
    try:
        return read_duration(every if isinstance(every, str) else "")
    except NoDuration as error:
        notes.wrong((*place, _EVERY), str(error))
        return 0


def _later(step: Mapping[str, object], delay_ns: int, number: int) -> Mapping[str, object]:
    """The same step ``delay_ns`` later; ``{n}`` in its commands and paths is its number."""
    later = dict(step)
    at = step.get("at")
    if isinstance(at, str):
        later["at"] = f"{at} {delay_ns} ns"
    for what in _NUMBERED:
        texts = step.get(what)
        if isinstance(texts, list):
            later[what] = [
                each.replace("{n}", str(number)) if isinstance(each, str) else each
                for each in texts
            ]
    return later


# --- alternatives -------------------------------------------------------------------------------


def _alternatives(document: Mapping[str, object], notes: Notes) -> dict[str, Scenario]:
    found: dict[str, Scenario] = {}
    base = {key: value for key, value in document.items() if key != COMPARE}
    for name, overlay in _tables(document, COMPARE, notes).items():
        if not isinstance(overlay, dict):
            notes.wrong((COMPARE, name), f"is {kind_of(overlay)}, a table is wanted")
            continue
        plan = _read_plan(_laid_over(base, overlay), notes.over((COMPARE, name)))
        if plan is not None:
            found[name] = plan
    return found


def _laid_over(under: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """``under`` with what ``over`` says instead; false takes a table away."""
    result = dict(under)
    for key, value in over.items():
        before = under.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            result[key] = _laid_over(before, value)
        elif isinstance(before, dict) and value is False:
            del result[key]
        else:
            result[key] = value
    return result
