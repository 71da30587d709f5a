"""What the report says, in text and on the page."""

import base64
import gzip
import json
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from mesh.protocol.now import SECOND
from simulations.recording.sights import Belief, Life, Written
from simulations.report import payload, prose, series
from simulations.report.page import PAGE_BYTES_MAX, page
from simulations.report.series import Steps
from simulations.report.subject import Subject, record
from simulations.report.text import text
from simulations.report.troubles import troubles
from simulations.report.words import duration, listed
from simulations.scenario import Put
from simulations.troubles import Crash
from simulations.verdict import Verdict, Violation
from tests.simulations.report.stage import SCENARIO


def unpacked(subject: Subject) -> dict[str, object]:
    """The document in the page."""
    raw = gzip.decompress(base64.b64decode(payload.packed(subject)))
    found: dict[str, object] = json.loads(raw)
    return found


def violated(subject: Subject) -> Subject:
    """The same run, as if a rule had been broken in it."""
    change = next(s for s in subject.recorder.stories.all.values() if s.kind == "normal")
    text = f"O: <oak> applies {change.name!r} {change.id.hex()[:8]}"
    violation = Violation(subject.ends_ns, "barrier", text)
    parts = {name: getattr(subject.verdict, name) for name in Verdict.__dataclass_fields__}
    verdict = Verdict(**{**parts, "violations": (violation,)})
    return Subject(
        subject.title,
        subject.replay,
        subject.scenario,
        verdict,
        subject.recorder,
        subject.story,
        subject.numbers,
    )


# --- words ---------------------------------------------------------------------------------------


def test_the_verdict_is_said_in_words(subject: Subject) -> None:
    """What came out, what was tried, and whether the faults made a difference."""
    assert prose.headline(subject) == "All that must hold has held"
    told = " ".join(prose.summary(subject, troubles(subject)))
    assert "3 controllers at 3 sites" in told
    assert "3 faults happened" in told


def test_a_broken_rule_is_explained(subject: Subject) -> None:
    """The rule's letter becomes a sentence, hashes become names, and the moment is told."""
    bad = violated(subject)
    assert prose.headline(bad).endswith("two ChangeSets were applied in the wrong order")
    last = prose.moments(bad, troubles(bad))[-2:]
    assert [moment.sort for moment in last] == ["bad", "end"]
    assert "<oak> applies “" in last[0].words


def test_the_text_holds_what_matters(subject: Subject) -> None:
    """The verdict, the command that runs it again, the faults, the story, and the words."""
    told = text(subject)
    assert told.startswith("✔ All that must hold has held")
    assert subject.replay in told
    assert subject.verdict.digest in told
    assert "split: ash oak | elm" in told
    assert "is set aside on ash, elm and oak" in told
    assert "\nseal " in told
    assert max(map(len, told.splitlines())) < 400


def test_faults_are_told_from_their_fields(subject: Subject) -> None:
    """Each with its words, whom it concerns, its interval, and how often it bit."""
    split, crash, isolate = troubles(subject)
    assert split.told == "split: ash oak | elm"
    assert split.hosts == ("ash", "oak", "elm")
    assert split.bites > 0
    assert crash.told == "crash: oak, power"
    assert crash.hosts == ("oak",)
    assert split.begins_ns is not None
    assert split.ends_ns == split.begins_ns + 10 * SECOND
    assert isolate.kind == "isolate"


def test_a_fault_that_never_came_has_no_interval() -> None:
    """The run was over before it began."""
    short = replace(SCENARIO, horizon_ns=3 * SECOND, workload=())
    assert all(fault.begins_ns is None for fault in troubles(record("", "", short)))


@pytest.mark.parametrize(
    ("length_ns", "told"),
    [
        (0, "0 s"),
        (900, "900 ns"),
        (1_500, "1.5 µs"),
        (250_000_000, "250 ms"),
        (-3 * SECOND, "-3 s"),
    ],
)
def test_durations_have_the_unit_that_fits(length_ns: int, told: str) -> None:
    """Nobody counts zeros."""
    assert duration(length_ns) == told


def test_lists_are_read_aloud() -> None:
    """a, b and c."""
    assert [listed([]), listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


# --- over time -----------------------------------------------------------------------------------


def test_steps_hold_their_value_until_the_next_one() -> None:
    """Equal neighbours are one step; of one moment the last value counts."""
    steps = Steps()
    for time_ns, value in ((1, 1.0), (2, 1.0), (3, 2.0), (3, 5.0)):
        steps.add(time_ns, value)
    assert (steps.times_ns, steps.values) == ([1, 3], [1.0, 5.0])
    assert [steps.at(time_ns) for time_ns in (0, 1, 2, 3, 9)] == [0.0, 1.0, 1.0, 5.0, 5.0]


def test_views_part_and_meet(subject: Subject) -> None:
    """During the split there are two opinions about who is alive, afterwards one."""
    views = series.views(subject)
    begins_ns = subject.recorder.disturbances["0-split"]
    assert views.at(begins_ns) == 1
    assert views.at(begins_ns + 9 * SECOND) == 2
    assert views.at(subject.ends_ns) == 1


def test_a_suspicion_is_false_while_both_run() -> None:
    """Who is down is rightly suspected; who starts anew suspects nobody."""
    subject = record("", "", replace(SCENARIO, faults=(), workload=(), horizon_ns=3 * SECOND))
    sights = subject.recorder.sights
    sights.lives[:] = [Life(1, "ash", runs=True), Life(1, "oak", runs=True)]
    sights.beliefs[:] = [Belief(2, "ash", "oak", "suspect")]
    assert series.suspicions(subject).at(2) == 1
    sights.lives.append(Life(3, "oak", runs=False))
    assert series.suspicions(subject).at(3) == 0
    sights.lives += [Life(4, "oak", runs=True), Life(5, "ash", runs=False)]
    sights.lives.append(Life(6, "ash", runs=True))
    found = series.suspicions(subject)
    assert [found.at(time_ns) for time_ns in (4, 6)] == [1, 0]


def test_a_write_is_known_where_it_or_what_replaced_it_is_shown(subject: Subject) -> None:
    """In the end everybody knows every write, also those that it never showed."""
    spreads = series.spreads(subject)
    assert len(spreads) == 2
    assert all(set(one.known_ns) == {"ash", "oak", "elm"} for one in spreads)
    late = spreads[1].lasted_ns(3)
    assert late is not None
    assert late > SECOND
    shares = series.informed(subject, spreads)
    assert min(shares.values[1:]) < 0.5
    assert shares.values[-1] == 1.0


def test_a_write_found_on_the_disk_at_a_start_is_known() -> None:
    """A power cut may come between the write of what was heard and the word to local people."""
    cut = Crash(3 * SECOND, 5 * SECOND, host="oak", kind="power")
    put = Put(2 * SECOND, "ash", paths=(("app", "one"),))
    scenario = replace(SCENARIO, faults=(cut,), workload=(put,), horizon_ns=8 * SECOND)
    sights = record("", "", scenario).recorder.sights
    starts_ns = next(life.time_ns for life in reversed(sights.lives) if life.runs)
    shown = [
        reading.values
        for reading in sights.readings
        if reading.host == "oak" and reading.time_ns == starts_ns and reading.path == ("app", "one")
    ]
    assert shown == [frozenset({sights.writes[0].value})]


def test_a_removal_is_known_where_nothing_is_shown_any_more(subject: Subject) -> None:
    """What a removal replaced must be gone."""
    write = Written(5, "ash", ("app",), None, frozenset({"old"}))
    assert write.value is None
    sights = subject.recorder.sights
    kept = sights.writes[:], sights.readings[:]
    sights.writes[:] = [Written(1, "ash", ("app",), "old", frozenset()), write]
    sights.readings[:] = []
    try:
        first, second = series.spreads(subject)
        assert first.replaced_ns == 5
        assert set(second.known_ns) == {"ash"}
    finally:
        sights.writes[:], sights.readings[:] = kept


# --- the page ------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """Collects what a page loads, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element."""
        self.loads += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_data(self, data: str) -> None:
        """Text."""
        self.texts.append(data)


def test_the_page_stands_alone(subject: Subject) -> None:
    """It loads nothing, is small enough, and escapes what people wrote."""
    made = page(subject)
    assert len(made.encode()) <= PAGE_BYTES_MAX
    reader = Reader()
    reader.feed(made)
    assert reader.loads == []
    assert "url(" not in made
    assert "A split & a <crash>." in reader.texts
    assert "All that must hold has held" in "".join(reader.texts)


def test_the_verdict_needs_no_program(subject: Subject) -> None:
    """A broken rule, what it means, and the command are plain HTML."""
    made = page(violated(subject)).partition("<script")[0]
    assert "two ChangeSets were applied in the wrong order" in made
    assert "&lt;oak&gt; applies" in made
    assert subject.replay in made


def test_the_packed_log_is_the_recording(subject: Subject) -> None:
    """Every message and every mark, in order, at its time."""
    told = unpacked(subject)
    log, mail = told["log"], told["mail"]
    assert isinstance(log, dict)
    assert isinstance(mail, dict)
    recorder = subject.recorder
    assert len(mail["source"]) == len(recorder.mail)
    assert log["op"].count(2) == len(recorder.marks)
    assert 0 < sum(log["dt"]) <= subject.ends_ns // 1_000
    arrivals = sum(recorder.mail[number].arrived_order >= 0 for number in recorder.mail.numbers)
    assert log["op"].count(1) == arrivals + len(recorder.mail.again)


def test_a_page_that_would_be_too_large_leaves_out_the_earliest_messages(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says how many, and what it keeps is the end."""
    whole = len(payload.packed(subject))
    monkeypatch.setattr(payload, "DATA_BYTES_MAX", whole // 2)
    told = unpacked(subject)
    assert len(payload.packed(subject)) <= whole // 2
    left_out, mail = told["leftOut"], told["mail"]
    assert isinstance(left_out, int)
    assert isinstance(mail, dict)
    assert 0 < left_out < len(subject.recorder.mail)
    assert len(mail["source"]) == len(subject.recorder.mail) - left_out
