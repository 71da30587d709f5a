"""The run in sentences: what came out, what happened, and the life of each ChangeSet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mesh.protocol.barrier.status import Word
from mesh.protocol.history.outcomes import Standing
from simulations.recording.changes import Showing, Story
from simulations.recording.recorder import Kind
from simulations.recording.sights import Belief
from simulations.report.subject import Subject
from simulations.report.troubles import Trouble
from simulations.report.words import count, duration, listed
from simulations.trial import signature

MOMENTS_MAX: Final = 400
"""A story of more is read by nobody; what is left out is counted."""

WAVE_NS: Final = 3_000_000_000
"""Detectors that give up the same members do so within a few rounds of probes."""

_OUTCOMES: Final = (
    Standing.SET_ASIDE,
    Standing.EFFECTIVE,
    Standing.REPEATED,
    Standing.UNFOLDED,
)

FEW: Final = 6
"""Hosts that are named one by one; of more, how many there are."""


PROMISE: Final = "expectation"
"""How the rules begin that a situation sets for itself."""

RULES: Final = {
    "assembly": "the controllers did not come together",
    "agreement": "the healthy controllers did not come to agree in time",
    "at rest": "not everything was settled when nothing moved any more",
    "running information": "a controller shows something else than what was written",
    "persist before send": "something was said that was not yet on disk",
    "answer before durable": "somebody was told that a write is done, and it was not on disk",
    "one chain": "two different facts have one number",
    "boot number": "two lives of a controller have one number",
    "storm": "a controller was busy with nothing but messages",
    "alarm": "a controller found itself at fault",
    "barrier W": "a ChangeSet was released with somebody who had said No",
    "barrier NF": "a No was overlooked",
    "barrier D": "a ChangeSet was sealed by a controller that did not hold it",
    "barrier O": "two ChangeSets were applied in the wrong order",
    "barrier H": "a ChangeSet was applied that was not released, or without what it builds on",
    "barrier Q": "nothing was wrong, and yet something was refused, merged or replayed",
    "barrier M": "two ChangeSets were released by majorities that do not meet",
}
"""What it means that a rule was broken, by the kind of failure."""

_PHASES: Final = {
    "assembled": "the mesh has assembled; what follows is the story",
    "nothing is wrong any more": "nothing is wrong any more: from here on all must come to agree",
}


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
    if not violations:
        return "All that must hold has held"
    if violations[0].rule.startswith(PROMISE):
        return "A promise of this situation was broken"
    kind = signature(subject.verdict) or violations[0].rule
    return f"Something happened that never must: {RULES.get(kind, violations[0].rule)}"


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
        yield f"At {violation.time_ns / 1e9:.3f} s, by the rule “{violation.rule}”: {what}"
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
        each = "it" if bit == 1 else "each"
        wrong = f"{count(len(faults), 'fault')} happened, and {each} made a difference"
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
        *_of_faults(faults, subject.ends_ns),
        *_of_hosts(subject),
        *(moment for story in _own_stories(subject) for moment in _of_change(story)),
        *_of_violations(subject),
    ]
    told.sort(key=lambda moment: (moment.time_ns, moment.sort == "end"))
    ends = [moment for moment in told if moment.sort == "bad"]
    return told if len(told) <= MOMENTS_MAX else [*told[: MOMENTS_MAX - len(ends)], *ends]


def _of_phases(subject: Subject) -> Iterator[Moment]:
    for phase in subject.recorder.phases[:-1]:
        if phase.time_ns < subject.ends_ns or not subject.verdict.violations:
            yield Moment(phase.time_ns, "end", _PHASES.get(phase.words, phase.words))
    yield Moment(subject.ends_ns, "end", "the run ends")


def _of_faults(faults: tuple[Trouble, ...], ends_ns: int) -> Iterator[Moment]:
    for fault in faults:
        if fault.begins_ns is not None and fault.ends_ns is not None:
            yield Moment(fault.begins_ns, "fault", f"fault begins: {fault.told}")
            if fault.ends_ns < ends_ns:
                yield Moment(fault.ends_ns, "fault", f"fault ends: {fault.told}")


def _of_hosts(subject: Subject) -> Iterator[Moment]:
    recorder = subject.recorder
    for mark in recorder.marks:
        if mark.kind in {Kind.STARTED, Kind.STOPPED} and mark.time_ns >= subject.begins_ns:
            yield Moment(mark.time_ns, "host", f"{recorder.hosts[mark.host]} {mark.words}")
    since = [each for each in recorder.sights.beliefs if each.time_ns >= subject.begins_ns]
    yield from _given_up([each for each in since if each.standing == "failed"])


def _given_up(beliefs: Sequence[Belief]) -> Iterator[Moment]:
    """Who holds whom to have failed; what is believed at about one time is told together."""
    waves: list[list[Belief]] = []
    for belief in beliefs:
        if not waves or belief.time_ns - waves[-1][-1].time_ns > WAVE_NS:
            waves.append([])
        waves[-1].append(belief)
    for wave in waves:
        by_member: dict[str, list[str]] = {}
        for belief in wave:
            by_member.setdefault(belief.about, []).append(belief.host)
        by_hosts: dict[tuple[str, ...], list[str]] = {}
        for about, hosts in by_member.items():
            by_hosts.setdefault(tuple(sorted(dict.fromkeys(hosts))), []).append(about)
        for believers, members in by_hosts.items():
            verb = "hold" if len(believers) > 1 else "holds"
            words = f"{_some(believers)} {verb} {_some(sorted(members))} to have failed"
            first_ns = min(each.time_ns for each in wave if each.about in members)
            yield Moment(first_ns, "host", words)


def _of_change(story: Story) -> Iterator[Moment]:
    name = f"“{story.name}”"
    yield Moment(story.proposed_ns, "change", f"{story.author} proposes {name}")
    for no in story.nos[:1]:
        yield Moment(no.time_ns, "change", f"{no.host} says No to {name}: {no.words}")
    if story.released_ns is not None:
        by = _some(sorted(story.released_by))
        yield Moment(story.released_ns, "change", f"{name} is released by {by}")
    on_time = story.on_time
    if on_time:
        words = f"{name} is shown by {_some([each.host for each in on_time])}"
        skew = story.skew_ns
        within = f", within {duration(skew)} of each other" if skew is not None else ""
        yield Moment(max(each.time_ns for each in on_time), "change", words + within)
    aside = {
        turn.host: turn.time_ns
        for turn in reversed(story.turns)
        if turn.words.startswith(Standing.SET_ASIDE)
    }
    if aside:
        hosts = _some(sorted(aside))
        yield Moment(max(aside.values()), "change", f"{name} is set aside on {hosts}")


def _of_violations(subject: Subject) -> Iterator[Moment]:
    for violation in subject.verdict.violations:
        what = subject.recorder.names.plain(violation.text)
        yield Moment(violation.time_ns, "bad", f"VIOLATED {violation.rule}: {what}")


# --- one ChangeSet --------------------------------------------------------------------------------


def outcome(story: Story) -> str:
    """What became of it, in a word or two."""
    ends = [words.partition(":")[0] for words in story.end.values()]
    words = (*_OUTCOMES, Word.UNMERGED, Word.IN_DOUBT, Word.CANCELLED, Word.CANCELLED_HERE)
    for word in map(str, words):
        if word in ends:
            return word
    return "applied" if story.applied else "pending"


def told(story: Story) -> Iterator[str]:
    """Its life, in sentences."""
    yield (
        f"{story.author} proposed it at {story.proposed_ns / 1e9:.3f} s"
        f" to {_some(sorted(story.participants))}."
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
    apart = [each for each in late if each.why and not each.is_late]
    if apart:
        reasons = listed(list(dict.fromkeys(each.why for each in apart)))
        yield f"Without waiting for the instant, because {reasons}: {_timed(apart, story)}."
    later = [each for each in late if each not in apart]
    if later:
        yield f"Later, as soon as they could: {_timed(later, story)}."


def _timed(showings: list[Showing], story: Story) -> str:
    told = [
        f"{each.host} (after {duration(each.time_ns - story.proposed_ns)})"
        for each in showings[:FEW]
    ]
    more = len(showings) - FEW
    return listed([*told, count(more, "more", "more")] if more > 0 else told)


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
