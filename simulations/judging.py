"""What a situation promised, held against what is there at the end.

Each promise becomes one judgement in words: what was promised, whether it holds, and what was seen.
Nothing is inferred here: what a host shows is asked of that host, and what happened on the way is
what the witness saw.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from mesh.protocol.inputs import Path
from mesh.protocol.now import SECOND
from simulations.expect import Expect, Range
from simulations.host import Host
from simulations.life import Fate
from simulations.verdict import Judgement
from simulations.witness import Moment

APPLIED: Final = "applied"
SET_ASIDE: Final = "set aside"
CANCELLED: Final = ("cancelled", "cancelled here")
LATE: Final = "late"

GOODBYE_NS: Final = SECOND // 10
"""A goodbye may come by others first, which is a doubt, and this much later from whoever leaves."""

_SAID_MAX: Final = 3
"""Hosts that are quoted where they say something else than was promised."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A run at its end."""

    healthy: Sequence[Host]
    """Those that must agree, and run."""
    hosts: Sequence[Host]
    """All that run."""
    controllers: Mapping[str, bytes]
    """Of all hosts of the scenario, by their names."""
    moments: Sequence[Moment]
    steps: Sequence[str]
    """The names of all steps."""
    values: Mapping[tuple[str, Path], str]
    """What each step wrote where."""
    bites: Mapping[str, int]
    """By the name of a fault: how often it made a difference."""
    healing_ns: int
    """How long after the horizon all agreed."""
    exchange_keys: Mapping[str, bytes] = field(default_factory=dict)
    """By the names of hosts: the public key that each was given last."""


def judge(expect: Expect, ending: Ending) -> tuple[Judgement, ...]:
    """One judgement for each promise, in the order of the promises."""
    judges = (_ChangeJudge, _ValueJudge, _MemberJudge, _RunJudge)
    return tuple(each for make in judges for each in make(expect, ending).judgements())


class _Judge:
    def __init__(self, expect: Expect, ending: Ending) -> None:
        self._expect = expect
        self._ending = ending

    def _everywhere(self, promise: str, ask: Callable[[Host], tuple[bool, str]]) -> Judgement:
        """Every healthy host must say yes; where one does not, what it says instead."""
        answers = [(host.name, *ask(host)) for host in self._ending.healthy]
        others = [f"{name}: {said}" for name, holds, said in answers if not holds]
        if others:
            more = f"; and {len(others) - _SAID_MAX} more" if len(others) > _SAID_MAX else ""
            return Judgement(promise, holds=False, seen="; ".join(others[:_SAID_MAX]) + more)
        return Judgement(promise, holds=True, seen=answers[0][2] if answers else "nobody is there")

    def _numbered(self, name: str) -> list[str]:
        """A repeated step stands for all its repetitions; of what is not asked nothing is judged.

        So whoever shortens a failing scenario cannot make a promise fail by leaving out its step.
        """
        return [each for each in self._ending.steps if each == name or _is_repetition(each, name)]

    def _times(self, seen: str, **what: str) -> list[Moment]:
        return [
            moment
            for moment in self._ending.moments
            if moment.seen == seen and all(getattr(moment, key) == is_ for key, is_ in what.items())
        ]


class _ChangeJudge(_Judge):
    """What became of ChangeSets."""

    def __init__(self, expect: Expect, ending: Ending) -> None:
        super().__init__(expect, ending)
        self._fates = {host.name: _fates(host) for host in ending.healthy}

    def judgements(self) -> Iterator[Judgement]:
        """All that is promised of them."""
        expect = self._expect
        for name in self._all(expect.effective):
            yield self._stands(f"{name} takes effect", name, self._is_effective)
        for name in self._all(expect.set_aside):
            yield self._stands(f"{name} is set aside", name, self._is_set_aside)
        for name in self._all(expect.cancelled):
            yield self._stands(f"{name} is cancelled", name, self._is_off)
        yield from self._races()
        for name, within_ns in expect.shown_within_ns.items():
            for each in self._numbered(name):
                yield self._shown_within(each, within_ns)
        if expect.skew_ns is not None:
            yield self._skew(expect.skew_ns)
        if expect.late is not None:
            shown = [each for each in self._times("shown") if each.change in self._ending.steps]
            late = [each for each in shown if each.text.startswith(LATE)]
            yield _counted("late shows", len(late), expect.late)
        if expect.merges is not None:
            yield _counted("merges", self._merges(), expect.merges)

    def _races(self) -> Iterator[Judgement]:
        """Who wins, and who is refused."""
        expect = self._expect
        for group in expect.one_of:
            if all(map(self._numbered, group)):
                yield self._one_of(group)
        for name, words in expect.refused.items():
            if self._numbered(name):
                yield self._refused(name, words)

    def _all(self, names: Sequence[str]) -> list[str]:
        return [each for name in names for each in self._numbered(name)]

    def _words(self, host: Host, name: str) -> list[str]:
        return [fate.word for fate in self._fates[host.name] if fate.name == name]

    def _is_effective(self, words: list[str]) -> bool:
        return APPLIED in words

    def _is_set_aside(self, words: list[str]) -> bool:
        return SET_ASIDE in words and APPLIED not in words

    def _is_off(self, words: list[str]) -> bool:
        return all(word in CANCELLED for word in words)

    def _stands(self, promise: str, name: str, holds: Callable[[list[str]], bool]) -> Judgement:
        def ask(host: Host) -> tuple[bool, str]:
            told = [fate.text for fate in self._fates[host.name] if fate.name == name]
            return holds(self._words(host, name)), "; ".join(told) or "knows of no such ChangeSet"

        return self._everywhere(promise, ask)

    def _one_of(self, group: Sequence[str]) -> Judgement:
        def ask(host: Host) -> tuple[bool, str]:
            words = {name: self._words(host, name) for name in group}
            winners = [name for name, each in words.items() if self._is_effective(each)]
            lost = [
                name
                for name, each in words.items()
                if self._is_set_aside(each) or (self._is_off(each) and name not in winners)
            ]
            told = ", ".join(
                f"{name} {' '.join(each) or 'unknown'}" for name, each in words.items()
            )
            return len(winners) == 1 and len(lost) == len(group) - 1, told

        return self._everywhere(f"exactly one of {' and '.join(group)} takes effect", ask)

    def _refused(self, name: str, words: str) -> Judgement:
        said = [moment.text for moment in self._times("refused", change=name)]
        said += [
            each
            for fates in self._fates.values()
            for fate in fates
            if fate.name == name
            for each in fate.refusals
        ]
        fitting = [text for text in said if words.lower() in text.lower()]
        promise = f"{name} is refused: {words}"
        seen = fitting[0] if fitting else "; ".join(dict.fromkeys(said)) or "nobody refused it"
        return Judgement(promise, holds=bool(fitting), seen=seen)

    def _shown_within(self, name: str, within_ns: int) -> Judgement:
        asked = self._times("submitted", change=name)

        def ask(host: Host) -> tuple[bool, str]:
            shown = self._times("shown", change=name, host=host.name)
            if not asked or not shown:
                return False, "never shown" if asked else "never submitted"
            took_ns = shown[0].time_ns - asked[0].time_ns
            return took_ns <= within_ns, f"after {seconds(took_ns)}"

        return self._everywhere(f"{name} is shown within {seconds(within_ns)}", ask)

    def _skew(self, most_ns: int) -> Judgement:
        worst_ns, worst = 0, "nothing was shown by two hosts"
        for name in self._ending.steps:
            times = [each.time_ns for each in self._times("shown", change=name) if not each.text]
            if len(times) > 1 and max(times) - min(times) >= worst_ns:
                worst_ns = max(times) - min(times)
                worst = f"{name}: {seconds(worst_ns)}"
        return Judgement(f"the skew is at most {seconds(most_ns)}", worst_ns <= most_ns, worst)

    def _merges(self) -> int:
        fates = next(iter(self._fates.values()), ())
        return len([fate for fate in fates if fate.is_merge and fate.word == APPLIED])


class _ValueJudge(_Judge):
    """What readers see."""

    def judgements(self) -> Iterator[Judgement]:
        """All that is promised of values."""
        for key, value in self._expect.settings.items():
            yield self._setting(key, value)
        for name, settings in self._expect.shown_by.items():
            yield from (self._shown_by(name, key, value) for key, value in settings.items())
        for key, names in self._expect.entries.items():
            if all(map(self._numbered, names)):
                yield self._entry(key, names)

    def _setting(self, key: str, value: object) -> Judgement:
        def ask(host: Host) -> tuple[bool, str]:
            assert host.replica is not None
            shown = host.replica.setting(_path(key))
            return shown == value, f"{shown!r}"

        return self._everywhere(f"{key} is {value!r}", ask)

    def _shown_by(self, name: str, key: str, value: object) -> Judgement:
        found = [host for host in self._ending.hosts if host.name == name]
        shown = [host.replica.setting(_path(key)) for host in found if host.replica is not None]
        seen = f"{shown[0]!r}" if shown else f"{name} does not run"
        return Judgement(f"{name} shows {key} as {value!r}", holds=shown == [value], seen=seen)

    def _entry(self, key: str, names: Sequence[str]) -> Judgement:
        values = self._ending.values
        wanted = {
            values.get((each, _path(key))): each for name in names for each in self._numbered(name)
        }

        def ask(host: Host) -> tuple[bool, str]:
            assert host.replica is not None
            shown = host.replica.read(_path(key))
            by = [self._author(each, _path(key)) for each in sorted(map(str, shown))]
            return shown == set(wanted), ", ".join(by) or "nothing"

        return self._everywhere(f"{key} shows {' and '.join(names) or 'nothing'}", ask)

    def _author(self, value: str, path: Path) -> str:
        found = [
            name for (name, at), each in self._ending.values.items() if each == value and at == path
        ]
        return found[0] if found else value


class _MemberJudge(_Judge):
    """What controllers believe of each other."""

    def judgements(self) -> Iterator[Judgement]:
        """All that is promised of members."""
        expect = self._expect
        for name in self._there(expect.failed):
            seen = self._times("failed", about=name)
            yield Judgement(f"{name} is held failed by somebody", bool(seen), _by(seen))
        for name in self._there(expect.never_suspected):
            seen = self._suspicions(name)
            yield Judgement(f"{name} is never suspected", not seen, _by(seen))
        for name in self._there(expect.never_failed):
            seen = self._times("failed", about=name) or self._times("left", about=name)
            yield Judgement(f"{name} is never held failed or gone", not seen, _by(seen))
        for group in expect.together:
            yield self._together(self._there(group))
        for name in self._there(expect.removed):
            yield self._removed(name)
        for name in self._there(expect.admitted):
            yield self._admitted(name)
        for name in self._there(expect.outside):
            yield self._outside(name)
        for group in expect.one_admitted:
            if self._there(group) == list(group):
                yield self._one_admitted(group)
        for name in self._there(expect.rotated):
            yield self._rotated(name)
        if expect.environments is not None:
            found = {each.replica.environment() for each in self._ending.hosts if each.replica}
            promised = Range(expect.environments, expect.environments)
            yield _counted("environments", len(found - {None}), promised)

    def _suspicions(self, name: str) -> list[Moment]:
        """Of ``name``, but for those that its own goodbye ends at once: it was told by others."""
        goodbyes = self._times("left", about=name)
        return [
            doubt
            for doubt in self._times("suspected", about=name)
            if not any(
                0 <= each.time_ns - doubt.time_ns <= GOODBYE_NS and each.host == doubt.host
                for each in goodbyes
            )
        ]

    def _together(self, group: Sequence[str]) -> Judgement:
        seen = [
            each for each in self._times("failed") if each.host in group and each.about in group
        ]
        told = "; ".join(dict.fromkeys(f"{each.host} gave up {each.about}" for each in seen))
        promise = f"{' and '.join(group)} never give each other up"
        return Judgement(promise, not seen, told or "none did")

    def _there(self, names: Sequence[str]) -> list[str]:
        """Those that the scenario still has."""
        return [name for name in names if name in self._ending.controllers]

    def _removed(self, name: str) -> Judgement:
        controller = self._ending.controllers[name]

        def ask(host: Host) -> tuple[bool, str]:
            glance = host.replica.glance() if host.replica is not None else None
            takes_part = glance is not None and controller in glance.active
            return not takes_part, "takes part" if takes_part else "is out"

        return self._everywhere(f"{name} no longer takes part", ask)

    def _active(self, host: Host) -> tuple[bytes, ...]:
        glance = host.replica.glance() if host.replica is not None else None
        return glance.active if glance is not None else ()

    def _admitted(self, name: str) -> Judgement:
        controller = self._ending.controllers[name]

        def ask(host: Host) -> tuple[bool, str]:
            takes_part = controller in self._active(host)
            return takes_part, "takes part" if takes_part else "does not"

        return self._everywhere(f"{name} takes part", ask)

    def _outside(self, name: str) -> Judgement:
        place = ("controller", self._ending.controllers[name].hex(), "state")

        def ask(host: Host) -> tuple[bool, str]:
            assert host.replica is not None
            state = host.replica.setting(place)
            return state is None, "is in no roster" if state is None else f"is {state}"

        return self._everywhere(f"{name} stays outside", ask)

    def _one_admitted(self, group: Sequence[str]) -> Judgement:
        wanted: list[list[str]] = []

        def ask(host: Host) -> tuple[bool, str]:
            active = self._active(host)
            found = [name for name in group if self._ending.controllers[name] in active]
            wanted.append(found)
            return len(found) == 1 and found == wanted[0], " and ".join(found) or "none of them"

        return self._everywhere(f"one of {' and '.join(group)} takes part", ask)

    def _rotated(self, name: str) -> Judgement:
        place = ("controller", self._ending.controllers[name].hex(), "exchange_key")
        given = self._ending.exchange_keys[name].hex()

        def ask(host: Host) -> tuple[bool, str]:
            assert host.replica is not None
            shown = host.replica.setting(place)
            return shown == given, f"{str(shown)[:8]}, and it was given {given[:8]} last"

        return self._everywhere(f"{name} is taken by its new key", ask)


class _RunJudge(_Judge):
    """What happened on the way."""

    def judgements(self) -> Iterator[Judgement]:
        """All that is promised of the run, and that no fault was for nothing."""
        expect = self._expect
        for event in expect.noticed:
            seen = self._noticed(event)
            yield Judgement(f"somebody notices: {event}", bool(seen), _by(seen))
        for event in expect.never_noticed:
            seen = self._noticed(event)
            yield Judgement(f"nobody notices: {event}", not seen, _by(seen))
        if expect.agree_within_ns is not None:
            took_ns = self._ending.healing_ns
            promise = f"all agree within {seconds(expect.agree_within_ns)}"
            yield Judgement(promise, took_ns <= expect.agree_within_ns, seconds(took_ns))
        for name, bites in self._ending.bites.items():
            if name not in expect.harmless:
                seen_text = f"bit {bites} times" if bites else "it made none"
                yield Judgement(f"the fault {name} makes a difference", bites > 0, seen_text)

    def _noticed(self, event: str) -> list[Moment]:
        return [each for each in self._times("noticed") if each.text.startswith(f"{event}:")]


def _fates(host: Host) -> tuple[Fate, ...]:
    return host.replica.fates(host.now) if host.replica is not None else ()


def _is_repetition(name: str, of: str) -> bool:
    head, _, number = name.rpartition(" ")
    return head == of and number.isdigit()


def _path(key: str) -> Path:
    return tuple(part for part in key.split("/") if part)


def _by(seen: list[Moment]) -> str:
    hosts = ", ".join(dict.fromkeys(moment.host for moment in seen))
    texts = list(dict.fromkeys(moment.text for moment in seen if moment.text))
    return f"by {hosts}" + (f": {texts[0]}" if texts else "") if seen else "by nobody"


def _counted(what: str, count: int, promised: Range) -> Judgement:
    return Judgement(f"{what}: {promised}", promised.has(count), str(count))


def seconds(nanoseconds: int) -> str:
    """A length of time for people."""
    for size, unit in ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs")):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds} ns"
