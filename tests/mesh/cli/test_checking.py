"""A request is signed only where it says what was asked for."""

import nacl.signing
import pytest
from msgspec.structs import replace

from mesh.cli.checking import disagreement
from mesh.wire.consent import hash_of_commands, vouch_of
from mesh.wire.identity import fingerprint
from mesh.wire.requests import Base, Command, Origin
from tests.mesh.cli.asked import ASKED, GRANT, MADE, SITE, WHO, request

LAPSE = Command("environment", "set", {"barrier": "all-active"})
ORIGIN = Origin(bytes(32), bytes(32), bytes(32), bytes(64))
REMOVE = Command("controller", "remove", {"controller": "oak"})


def typed(*commands: Command, **more: object) -> dict[str, object]:
    """What is sent for these commands."""
    listed = [
        {"group": each.group, "verb": each.verb, "parameters": each.parameters} for each in commands
    ]
    return {"commands": listed, **more}


def test_what_was_typed_is_signed() -> None:
    """Ids and defaults may be filled in."""
    assert disagreement(request(), WHO, ASKED) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"environment": bytes(32)},
        {"signer": bytes(32)},
        {"written": (GRANT,)},
        {"written": ()},
        {"resolved": ()},
        {"resolved": (GRANT,)},
        {"resolved": (SITE, GRANT)},
        {"resolved": (SITE, LAPSE)},
        {"resolved": (Command("site", "create", {"name": "y", "location": "eu"}),)},
        {"resolved": (Command("site", "create", {**MADE.parameters, "description": "!"}),)},
        {"override": True},
        {"overridden": (Base(("site", "x"), None),)},
        {"origin": ORIGIN},
        {"name": "another"},
        {"reason": "another"},
        {"patience_ns": 7},
    ],
)
def test_nothing_else_is_signed(changes: dict[str, object]) -> None:
    """Another environment, signer, command or value, one more or less; nor what goes with them."""
    asked = {**ASKED, "name": "a change", "reason": "why", "patience_ns": 1}
    assert disagreement(request(reason="why"), WHO, asked) == ""
    assert disagreement(request(**{"reason": "why", **changes}), WHO, asked)


def test_what_was_asked_for_is_no_lie() -> None:
    """Who says --force or --override means it."""
    forced = request(overridden=(Base(("site", "x"), None),), override=True)
    assert disagreement(forced, WHO, {**ASKED, "force": True, "override": True}) == ""


def test_other_defaults_are_none() -> None:
    """What this program would not have filled in is an addition."""
    create = Command("service", "create", {"name": "x", "role": "web"})
    filled = {**create.parameters, "id": "00" * 16, "count": 1, "autostart": True}
    resolved = Command("service", "create", filled)
    made = request(written=(create,), resolved=(resolved,))
    assert disagreement(made, WHO, typed(create)) == ""
    many = Command("service", "create", {**filled, "count": 99})
    assert disagreement(replace(made, resolved=(many,)), WHO, typed(create))


def test_the_end_of_a_majority_may_come_with_a_removal() -> None:
    """The one command that a controller adds by rule."""
    gone = Command("controller", "remove", {"controller": "ef" * 32})
    made = request(written=(REMOVE,), resolved=(gone, LAPSE))
    assert disagreement(made, WHO, typed(REMOVE)) == ""


def test_a_name_may_become_a_key() -> None:
    """Where people write names and requests hold keys; a fingerprint stands for its own key."""
    resolved = Command("controller", "remove", {"controller": "ef" * 32})
    made = request(written=(REMOVE,), resolved=(resolved,))
    assert disagreement(made, WHO, typed(REMOVE)) == ""
    for key, is_right in (("ef" * 32, True), ("ee" * 32, False)):
        mark = fingerprint(bytes.fromhex(key))
        said = Command("controller", "remove", {"controller": mark})
        made = request(written=(said,), resolved=(resolved,))
        assert (disagreement(made, WHO, typed(said)) == "") is is_right


def test_whom_one_accepts_is_whom_one_typed() -> None:
    """The fingerprint that the person compared, with or without hyphens."""
    mark = fingerprint(b"n" * 32)
    admit = Command("controller", "admit", {"controller": (b"n" * 32).hex(), "name": "n"})
    made = request(written=(admit,), resolved=(admit,))
    assert disagreement(made, WHO, {"fingerprint": mark.replace("-", "").upper()}) == ""
    assert disagreement(made, WHO, {"fingerprint": fingerprint(b"o" * 32)})
    assert disagreement(request(), WHO, {"fingerprint": mark})


def test_the_controller_makes_the_secret_that_was_asked_for() -> None:
    """Nobody types the hash of a secret that is made only now; where one was typed, it counts."""
    asked, other = Command("environment", "rotate-secret", {}), {"commitment": "cd" * 32}
    rotate = Command("environment", "rotate-secret", {"commitment": "ab" * 32})
    made = request(written=(rotate,), resolved=(rotate,))
    assert disagreement(made, WHO, typed(asked)) == ""
    assert disagreement(made, WHO, typed(rotate)) == ""
    assert disagreement(made, WHO, typed(replace(asked, parameters=other)))
    more = replace(SITE, parameters={**SITE.parameters, **other})
    assert disagreement(request(written=(more,), resolved=(MADE,)), WHO, ASKED)


# --- what comes from elsewhere --------------------------------------------------------------------

TESTER = nacl.signing.SigningKey(bytes(32))
THERE = bytes(range(32))
PROMOTED = {"from": "test", "name": "a change"}


def vouched(*commands: Command) -> Origin:
    """The word of a controller of test for these commands."""
    tx = b"t" * 32
    said = vouch_of(THERE, tx, hash_of_commands(commands))
    return Origin(THERE, tx, TESTER.verify_key.encode(), TESTER.sign(said).signature)


def item(value: str) -> Command:
    """A command that may be promoted."""
    return Command("item", "set", {"name": "a", "value": value})


def test_what_is_promoted_is_vouched_for() -> None:
    """By its name or its id there; it may wait for data."""
    made = request(written=(item("x"),), resolved=(item("x"),), origin=vouched(item("x")))
    assert disagreement(made, WHO, PROMOTED) == ""
    assert disagreement(made, WHO, {"from": "test", "name": (b"t" * 32).hex()[:8]}) == ""
    assert disagreement(replace(made, resolved=()), WHO, PROMOTED) == ""


def test_nothing_else_is_promoted() -> None:
    """Not another change, not what nobody vouches for, not what is an environment's own."""
    made = request(written=(item("x"),), resolved=(item("x"),), origin=vouched(item("x")))
    lies = (
        replace(made, origin=None),
        replace(made, origin=vouched(item("y"))),
        replace(made, written=(item("y"),), resolved=(item("y"),)),
        replace(made, resolved=(item("y"),)),
        replace(made, name="another"),
        replace(made, override=True),
        request(written=(GRANT,), resolved=(GRANT,), origin=vouched(GRANT)),
    )
    for lie in lies:
        assert disagreement(lie, WHO, PROMOTED), lie
    called = (b"u" * 32).hex()
    assert disagreement(replace(made, name=called), WHO, {"from": "test", "name": called})


def test_what_was_shown_is_carried_on() -> None:
    """Who approves what waits for data signs it anew: the same commands, from the same place."""
    shown = request(written=(item("{{host}}"),), resolved=(), origin=vouched(item("{{host}}")))
    made = replace(shown, resolved=(item("blog.example"),), reason="(proposed by tess)")
    assert disagreement(made, WHO, {}, shown) == ""
    for lie in (
        replace(made, written=(item("x"),), resolved=(item("x"),)),
        replace(made, origin=None),
        replace(made, resolved=(item("a"), GRANT)),
    ):
        assert disagreement(lie, WHO, {}, shown)


def test_only_what_was_promoted_comes_from_elsewhere() -> None:
    """A restaged change says so of one that is vouched for; what was typed here never."""
    made = request(written=(item("x"),), resolved=(item("x"),), origin=vouched(item("x")))
    assert disagreement(made, WHO, {}) == ""
    assert disagreement(made, WHO, typed(item("x")))
    assert disagreement(replace(made, origin=vouched(item("y"))), WHO, {})
