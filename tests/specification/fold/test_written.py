"""What is folded is what was written, one test for each statement."""

from dataclasses import replace
from typing import Final

import msgspec
import pytest

from mesh.environment.resolve import Resolution
from mesh.protocol.history import Standing, Why
from mesh.wire.consent import hash_of_commands, vouch_of
from mesh.wire.identity import digest
from mesh.wire.requests import Command, Origin, Value
from tests.mesh.protocol.history.world import Side, World, command, item, sign

TEST: Final = digest(b"the test environment")
TESTER: Final = digest(b"a controller of test")


def linked() -> Side:
    """An environment whose changes come from test, with some data."""
    side = World().side()
    link: dict[str, Value] = {"environment": TEST.hex(), "controllers": [TESTER.hex()]}
    _ = side.change(command("link", "create", name="test", **link))
    _ = side.change(command("data", "set", name="host", value="prod.example"))
    _ = side.change(command("environment", "set", promotion="test"))
    return side


def promoted(side: Side, resolution: Resolution) -> tuple[Why | None, str]:
    """What becomes of what test vouches for as it was written."""
    tx = digest(b"what it was there")
    said = vouch_of(TEST, tx, hash_of_commands(resolution.written))
    return became(side, resolution, Origin(TEST, tx, TESTER, sign(TESTER, said)))


def became(
    side: Side, resolution: Resolution, origin: Origin | None = None
) -> tuple[Why | None, str]:
    """What becomes of ``resolution``, at the vote and in the fold alike; None: it took effect."""
    number = side.propose(resolution, origin=origin)
    objection = side.history.objection(side.world.catalogue[number], side.ids)
    side.learn(1 << number)
    outcome = side.entry(number).outcome
    assert (objection is None) is (outcome.standing is Standing.EFFECTIVE)
    return outcome.why, outcome.detail


def test_a_vouch_is_no_cloak() -> None:
    """F17: What another environment vouches for carries nothing but what was written there."""
    side = linked()
    honest = side.resolve(item("a", "{{host}}"))
    assert promoted(side, honest) == (None, "")
    other = side.resolve(item("b", "anything at all"))
    why, detail = promoted(side, replace(other, written=honest.written))
    assert (why, "not those that were written" in detail) == (Why.FAILED, True)
    assert not side.history.state.exists(("item", "b"))


@pytest.mark.parametrize(
    "written",
    [
        (),
        (command("site", "create", name="y", location="eu"),),
        (command("site", "create", name="x", location="us"),),
        (command("site", "create", name="x"),),
        (command("site", "create", name="x", location="eu"), item("a", 1)),
    ],
)
def test_nobody_shows_one_thing_and_does_another(written: tuple[Command, ...]) -> None:
    """F17: What people read in the log is what has been done."""
    side = World().side()
    honest = side.resolve(command("site", "create", name="x", location="eu"))
    assert became(side, replace(honest, written=written))[0] is Why.FAILED
    assert became(side, honest) == (None, "")


def test_templates_take_the_data_of_here() -> None:
    """F17a: Neither another value nor one for data that is not there."""
    side = linked()
    honest = side.resolve(item("a", "http://{{host}}/"))
    (made,) = honest.resolved
    lie = (msgspec.structs.replace(made, parameters={"name": "a", "value": "http://evil/"}),)
    why, detail = promoted(side, replace(honest, resolved=lie))
    assert (why, "not what the data here says" in detail) == (Why.FAILED, True)
    unknown = (item("a", "http://{{none}}/"),)
    assert promoted(side, replace(honest, written=unknown))[0] is Why.FAILED
    assert promoted(side, honest) == (None, "")


def test_what_is_forced_took_the_data_of_its_time() -> None:
    """F17a: It writes over what others have written since, and means what its signer saw."""
    side = World().side()
    _ = side.change(command("data", "set", name="host", value="one"))
    forced = side.resolve(item("a", "{{host}}"), force=True)
    _ = side.change(command("data", "set", name="host", value="two"))
    assert became(side, forced) == (None, "")
    assert side.item("a") == "one"


def test_what_is_promoted_is_not_forced() -> None:
    """F16n: For then nobody could tell what its templates took."""
    side = linked()
    why, detail = promoted(side, side.resolve(item("a", "{{host}}"), force=True))
    assert (why, "not forced" in detail) == (Why.REFUSED, True)


@pytest.mark.parametrize(
    "own",
    [
        command("operator", "create", name="eve", key="ab" * 32),
        command("data", "set", name="host", value="evil"),
        command("environment", "set", promotion=""),
        command("host", "create", name="h"),
    ],
)
def test_nobody_promotes_what_is_an_environments_own(own: Command) -> None:
    """F16n: A controller of test that vouches for it is not believed, whoever signs it here."""
    side = linked()
    why, detail = promoted(side, side.resolve(own))
    assert (why, "own" in detail) == (Why.REFUSED, True)
    assert became(side, side.resolve(own)) == (None, "")
