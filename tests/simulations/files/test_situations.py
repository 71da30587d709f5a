"""Scenario files: what they mean, and every mistake at once, each with its line."""

import msgspec
import pytest

from simulations.files.problems import Misspelled
from simulations.files.reading import variants_of
from simulations.files.situation import Situation, read_situation
from simulations.plan import Trigger
from simulations.scenario import Change, Host, canonical, read
from simulations.troubles import AnyFault, Crash, Split

SECOND = 1_000_000_000

GOOD = """\
# A story of
# two lines.
title = "A title"
horizon = "30 s"

[sites]
office = ["ash", "birch"]
cloud = { hosts = 2, labels = ["rented"] }

[hosts.birch]
wall_offset = "-3 ms"
joins = "2 s"

[faults.cut]
fault = "split"
groups = [["site:office"], ["label:rented"]]
starts = "5 s"
ends = "10 s"

[steps.red]
step = "change"
at = "1 s"
host = "ash"
commands = ["item set --name colour --value 'dark red'"]

[steps.more]
step = "put"
at = "2 s"
times = 3
every = "500 ms"
host = "ash"
paths = ["app/load"]

[expect]
effective = ["red"]
merges = 1

[compare.longer.faults.cut]
ends = "20 s"

[compare.calm.faults]
cut = false
"""


def situation(text: str) -> Situation:
    """What ``text`` spells."""
    return read_situation(text, "some_name", source="file.toml")


def problems(text: str) -> list[str]:
    """All mistakes of ``text``."""
    with pytest.raises(Misspelled) as caught:
        _ = situation(text)
    return [str(each) for each in caught.value.problems]


def test_a_file_becomes_a_scenario() -> None:
    """Sites, counted hosts, labels, durations and commands become plain data."""
    found = situation(GOOD)
    assert (found.title, found.story) == ("A title", "A story of\ntwo lines.")
    scenario = found.scenario(7)
    assert scenario.seed == 7
    assert scenario.horizon_ns == 30 * SECOND
    assert [host.name for host in scenario.hosts] == ["ash", "birch", "cloud-1", "cloud-2"]
    assert scenario.hosts[0] == Host("ash", "office", founds=True)
    assert scenario.hosts[1].wall_offset_ns == -3_000_000
    assert scenario.hosts[1].joins_ns == 2 * SECOND
    assert scenario.hosts[2].labels == ("rented",)
    (cut,) = scenario.faults
    assert isinstance(cut, Split)
    assert cut.groups == (("ash", "birch"), ("cloud-1", "cloud-2"))
    red = scenario.workload[0]
    assert isinstance(red, Change)
    assert red.commands[0].parameters == {"name": "colour", "value": "dark red"}


def test_a_scenario_from_a_file_is_complete() -> None:
    """Its canonical JSON alone is the same scenario: nothing of the file is needed any more."""
    scenario = situation(GOOD).scenario(3)
    assert read(canonical(scenario)) == scenario


def test_a_step_can_be_repeated() -> None:
    """Each repetition has a name and a time of its own."""
    steps = [step for step in situation(GOOD).plan.workload if step.name.startswith("more")]
    assert [step.name for step in steps] == ["more 1", "more 2", "more 3"]
    assert [step.at_ns for step in steps] == [2 * SECOND, 5 * SECOND // 2, 3 * SECOND]


def test_alternatives_lie_over_the_file() -> None:
    """An alternative names only what is different; false takes a table away."""
    found = situation(GOOD).alternatives
    assert found["longer"].faults[0].ends_ns == 20 * SECOND
    assert found["longer"].workload == situation(GOOD).plan.workload
    assert found["calm"].faults == ()


def test_a_fault_that_has_room_for_one_host_strikes_all_of_a_site() -> None:
    """``host = "site:office"`` is one fault for each host there."""
    text = GOOD.replace('fault = "split"', 'fault = "crash"\nkind = "power"').replace(
        'groups = [["site:office"], ["label:rented"]]', 'host = "site:cloud"'
    )
    crashes = situation(text).plan.faults
    assert [each.host for each in crashes if isinstance(each, Crash)] == ["cloud-1", "cloud-2"]


def test_what_waits_for_a_moment() -> None:
    """A trigger is a table, or one word; times count from it."""
    head = 'starts = "5 s"\n'
    table = GOOD.replace(head, f'{head}when = {{ seen = "sealed", change = "red", nth = 2 }}\n')
    assert situation(table).plan.faults[0].when == Trigger("sealed", change="red", nth=2)
    word = GOOD.replace(head, f'{head}when = "released"\n')
    assert situation(word).plan.faults[0].when == Trigger("released")


def test_every_fault_is_a_word() -> None:
    """Whatever the world can do can be written: no fault needs code of its own here."""
    for word, struct in variants_of(AnyFault).items():
        found = problems(f'[sites]\noffice = 2\n[faults.x]\nfault = "{word}"\n')
        required = [field.name for field in msgspec.structs.fields(struct) if field.required]
        missing = {f"lacks the key {name.removesuffix('_ns')!r}" for name in required}
        assert {each.partition(": ")[2].partition(": ")[2] for each in found} == missing


MISTAKES = [
    ('titel = "x"', "line 1: titel: unknown key; did you mean 'title'?"),
    ("title = 3", "line 1: title: is a number, text is wanted"),
    ('horizon = "5 parsecs"', "line 1: horizon: '5 parsecs' has the unknown unit 'parsecs'"),
    ("horizon = 5", "line 1: horizon: is a number, a length of time"),
    ('policy = "all"', "line 1: policy: unknown word 'all'; there are all-active, majority"),
    ('core = ["asch"]', "line 1: core[1]: there is no host 'asch'; did you mean 'ash'?"),
    ("[network]\nloss = 1.5", "line 2: network.loss: a number from 0 to 1 is wanted, not 1.5"),
    ("[network]\nloss = true", "line 2: network.loss: a number from 0 to 1"),
    ("[hosts.asch]", "line 1: hosts.asch: there is no host 'asch'; did you mean 'ash'?"),
    ("[steps.x]\nat = 1", "line 1: steps.x: lacks the key 'step': which one is it?"),
    ('[steps.x]\nstep = "chnge"', "line 2: steps.x.step: unknown step 'chnge'; did you mean"),
    ('[steps.x]\nstep = ["put"]', "line 2: steps.x.step: is a list; there are "),
    ('[expect]\neffective = ["x"]', "line 2: expect.effective[1]: there is no step 'x'"),
    ('[expect]\nmerges = "no"', "line 2: expect.merges: is the text 'no', a whole number"),
    ('[compare.a]\npolicy = "al"', "line 2: compare.a.policy: unknown word 'al'"),
    ("title = ", "line 1: Invalid value"),
]


@pytest.mark.parametrize(("text", "mistake"), MISTAKES)
def test_a_mistake_is_named_with_its_line(text: str, mistake: str) -> None:
    """What is wrong, where, and what may have been meant."""
    sites = '\n[sites]\noffice = ["ash", "birch"]\n'
    found = problems(f"{text}{sites}")
    assert [each for each in found if each.startswith(mistake)], found


def test_all_mistakes_are_told_at_once() -> None:
    """Whoever made five mistakes learns of five, in the order of their lines."""
    text = GOOD.replace('"30 s"', '"x"').replace('"ash"\ncomm', '"oak"\ncomm')
    text = text.replace("merges = 1", "merge = 1").replace("--name colour", "--nme colour")
    found = problems(text.replace('fault = "split"', 'fault = "spilt"'))
    assert [int(each.split()[1].rstrip(":")) for each in found] == [4, 15, 23, 24, 36]


CRASH = """
[faults.{name}]
fault = "crash"
host = "ash"
kind = "killed"
starts = "{starts}"
ends = "{ends}"
"""
TWO = '[sites]\noffice = ["ash", "birch", "elm"]\n'
CUT = '\n[faults.cut]\nfault = "split"\ngroups = {groups}\nstarts = "1 s"\nends = "2 s"\n'


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            CRASH.format(name="a", starts="1 s", ends="9 s")
            + CRASH.format(name="b", starts="3 s", ends="5 s"),
            "faults.b: overlaps with 'a': 'ash' is down already",
        ),
        (CRASH.format(name="a", starts="5 s", ends="4 s"), "faults.a.ends: is not after 5 s"),
        (CRASH.format(name="a", starts="5 s", ends="50 s"), "faults.a.ends: is after 30 s, the"),
        (CRASH.format(name="a", starts="31 s", ends="32 s"), "faults.a.starts: is after 30 s"),
        (CUT.format(groups='[["ash"], ["birch", "ash"]]'), "faults.cut.groups: names 'ash' 2"),
        (CUT.format(groups='[["ash"]]'), "faults.cut.groups: at least two groups"),
    ],
)
def test_what_cannot_be_is_a_mistake(text: str, mistake: str) -> None:
    """A file whose words are right may still contradict itself."""
    assert any(mistake in each for each in problems(TWO + text))


def test_one_crash_after_the_other_is_no_mistake() -> None:
    """Intervals that only touch do not overlap."""
    crashes = CRASH.format(name="a", starts="1 s", ends="3 s")
    crashes += CRASH.format(name="b", starts="3 s", ends="5 s")
    assert len(situation(TWO + crashes).plan.faults) == 2


def test_faults_of_others_may_last_where_a_core_is_named() -> None:
    """What is broken for ever is broken until after the horizon."""
    text = f'core = ["elm"]\n{TWO}{CRASH.format(name="a", starts="5 s", ends="1 h")}'
    assert situation(text).plan.core == ("elm",)
