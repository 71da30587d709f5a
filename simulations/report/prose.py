"""The run in sentences: what came out, what happened, and the life of each ChangeSet."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mesh.protocol.barrier.status import Word
from mesh.protocol.history.outcomes import Standing
from simulations.recording.changes import Showing, Story
from simulations.recording.recorder import Kind
from simulations.report.subject import Subject
from simulations.report.troubles import Trouble
from simulations.report.words import count, duration, listed

MOMENTS_MAX: Final = 400
"""A story of more is read by nobody; what is left out is counted."""

FEW: Final = 6
"""Hosts that are named one by one; of more, how many there are."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something worth telling."""

    time_ns: int
    sort: str
    """``fault``, ``host``, ``change``, ``bad`` or ``end``."""
    words: str


# --- the verdict ----------------------------------------------------------------------------------


def headline(subject: Subject) -> str:
    """What came out, in one line."""
    violations = subject.verdict.violations
    if violations:
        return f"Something happened that never must: {violations[0].rule}"
    missed = [each for each in subject.expectations if not each.holds]
    if missed:
        return f"All that must always hold has held, but not what was expected: {missed[0].words}"
    return "All that must hold has held"


def summary(subject: Subject, faults: tuple[Trouble, ...]) -> Iterator[str]:
    """What was tried and what came of it, in a few sentences."""
    hosts = count(len(subject.scenario.hosts), "controller")
    sites = len({host.site for host in subject.scenario.hosts})
    where = f" at {count(sites, 'site')}" if sites > 1 else ""
    length = duration(subject.verdict.simulated_ns)
    yield f"{hosts}{where} ran for {length} of simulated time, with the real protocol code."
    yield _tried(subject, faults)
    for violation in subject.verdict.violations:
        what = subject.recorder.names.plain(violation.text)
        yield f"At {violation.time_ns / 1e9:.3f} s the rule “{violation.rule}” was broken: {what}"
    if not subject.verdict.violations:
        healing = duration(subject.verdict.healing_ns)
        after = f"within {healing}" if subject.verdict.healing_ns else "at once"
        yield f"When nothing was wrong any more, all healthy controllers agreed {after}."


def _tried(subject: Subject, faults: tuple[Trouble, ...]) -> str:
    changes = _own_stories(subject)
    asked = count(len({story.tx for story in changes}), "ChangeSet")
    writes = count(len(subject.recorder.sights.writes), "write")
    bit = sum(1 for fault in faults if fault.bites)
    if not faults:
        wrong = "nothing went wrong on purpose"
    elif bit == len(faults):
        wrong = f"{count(len(faults), 'fault')} happened, and each made a difference"
    else:
        wrong = f"{count(len(faults), 'fault')} happened, of which {bit} made a difference"
    return f"Meanwhile there were {asked} and {writes} of running information; {wrong}."


def _own_stories(subject: Subject) -> list[Story]:
    """The ChangeSets since the mesh has assembled."""
    stories = subject.recorder.stories.all.values()
    return [story for story in stories if story.proposed_ns >= subject.begins_ns]


# --- what happened --------------------------------------------------------------------------------


def moments(subject: Subject, faults: tuple[Trouble, ...]) -> list[Moment]:
    """What is worth telling, in the order of time; the earliest, where there is too much."""
    told = [
        *_of_phases(subject),
        *_of_faults(faults),
        *_of_hosts(subject),
        *(moment for story in _own_stories(subject) for moment in _of_change(story)),
        *_of_violations(subject),
    ]
    told.sort(key=lambda moment: moment.time_ns)
    ends = [moment for moment in told if moment.sort == "bad"]
    return told if len(told) <= MOMENTS_MAX else [*told[: MOMENTS_MAX - len(ends)], *ends]


def _of_phases(subject: Subject) -> Iterator[Moment]:
    for phase in subject.recorder.phases:
        words = {"assembled": "the mesh has assembled; what follows is the story"}
        yield Moment(phase.time_ns, "end", words.get(phase.words, phase.words))


def _of_faults(faults: tuple[Trouble, ...]) -> Iterator[Moment]:
    for fault in faults:
        if fault.begins_ns is not None and fault.ends_ns is not None:
            yield Moment(fault.begins_ns, "fault", f"fault begins: {fault.told}")
            yield Moment(fault.ends_ns, "fault", f"fault ends: {fault.told}")


def _of_hosts(subject: Subject) -> Iterator[Moment]:
    recorder = subject.recorder
    for mark in recorder.marks:
        if mark.kind in {Kind.STARTED, Kind.STOPPED} and mark.time_ns >= subject.begins_ns:
            yield Moment(mark.time_ns, "host", f"{recorder.hosts[mark.host]} {mark.words}")
    for belief in recorder.sights.beliefs:
        if belief.standing == "failed" and belief.time_ns >= subject.begins_ns:
            words = f"{belief.host} holds {belief.about} to have failed"
            yield Moment(belief.time_ns, "host", words)


def _of_change(story: Story) -> Iterator[Moment]:
    name = f"“{story.name}”"
    yield Moment(story.proposed_ns, "change", f"{story.author} proposes {name}")
    for no in story.nos[:1]:
        yield Moment(no.time_ns, "change", f"{no.host} says No to {name}: {no.words}")
    if story.released_ns is not None:
        by = _some(story.released_by)
        yield Moment(story.released_ns, "change", f"{name} is released by {by}")
    on_time = story.on_time
    if on_time:
        words = f"{name} is shown by {_some([each.host for each in on_time])}"
        skew = story.skew_ns
        within = f", within {duration(skew)} of each other" if skew is not None else ""
        yield Moment(max(each.time_ns for each in on_time), "change", words + within)
    for turn in story.turns:
        if turn.words.startswith(Standing.SET_ASIDE):
            yield Moment(turn.time_ns, "change", f"{turn.host} sets {name} aside")


def _of_violations(subject: Subject) -> Iterator[Moment]:
    for violation in subject.verdict.violations:
        what = subject.recorder.names.plain(violation.text)
        yield Moment(violation.time_ns, "bad", f"VIOLATED {violation.rule}: {what}")


# --- one ChangeSet --------------------------------------------------------------------------------


def outcome(story: Story) -> str:
    """What became of it, in a word or two."""
    ends = [words.partition(":")[0] for words in story.end.values()]
    for word in (Standing.SET_ASIDE, Standing.EFFECTIVE, Standing.REPEATED, Standing.UNFOLDED):
        if word in ends:
            return str(word)
    for word in (Word.UNMERGED, Word.IN_DOUBT, Word.CANCELLED, Word.CANCELLED_HERE):
        if word in ends:
            return str(word)
    return "applied" if story.applied else "pending"


def told(story: Story) -> Iterator[str]:
    """Its life, in sentences."""
    yield (
        f"{story.author} proposed it at {story.proposed_ns / 1e9:.3f} s"
        f" to {_some(story.participants)}."
    )
    yield _votes(story)
    if story.released_ns is not None:
        yield from _showing(story)
    yield from _aside(story)


def _votes(story: Story) -> str:
    sealers = list(dict.fromkeys(seal.host for seal in story.seals))
    parts = []
    if sealers:
        took = duration(max(seal.time_ns for seal in story.seals) - story.proposed_ns)
        parts.append(f"{_some(sealers)} sealed it, the last after {took}")
    sets = list(dict.fromkeys(seal.words for seal in story.seals))
    if len(sets) > 1:
        parts.append(f"they named {len(sets)} different sets, not having seen the same peers")
    parts.extend(f"{no.host} said No ({no.words})" for no in story.nos)
    if story.released_ns is None:
        parts.append("nobody ever released it")
    else:
        took = duration(story.released_ns - story.proposed_ns)
        parts.append(f"it was released {took} after the proposal")
    return f"{'; '.join(parts)}."


def _showing(story: Story) -> Iterator[str]:
    on_time, late = story.on_time, story.afterwards
    if on_time:
        after = duration(min(each.time_ns for each in on_time) - story.proposed_ns)
        skew = story.skew_ns
        within = f", within {duration(skew)} of each other" if skew is not None else ""
        hosts = _some([each.host for each in on_time])
        yield f"{hosts} showed it at the common instant, {after} after the proposal{within}."
    if late:
        told = listed([_late(each, story) for each in late[:FEW]])
        yield f"Later, as soon as they could: {told}."


def _late(showing: Showing, story: Story) -> str:
    why = f": {showing.why}" if showing.why else ""
    return f"{showing.host} (after {duration(showing.time_ns - story.proposed_ns)}{why})"


def _aside(story: Story) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for host, words in story.end.items():
        standing, colon, reason = words.partition(": ")
        if standing == Standing.SET_ASIDE and colon:
            by_reason.setdefault(reason, []).append(host)
    for reason, hosts in by_reason.items():
        yield f"Set aside on {_some(hosts)}: {reason}."


def _some(hosts: list[str] | tuple[str, ...]) -> str:
    return listed(list(hosts)) if len(hosts) <= FEW else count(len(hosts), "host")
