"""Requests that no honest author makes: they are judged, set aside, and harm nobody."""

from hypothesis import given
from hypothesis import strategies as st

from mesh.environment.kinds import COMMANDS
from mesh.environment.resolve import Resolution
from mesh.protocol.history import Standing
from mesh.wire.requests import Base, Command, Kind
from tests.mesh.protocol.history.world import (
    ALICE,
    BOB,
    OPERATOR,
    STRANGER,
    World,
    command,
    item,
    new_history,
)

_NAMES = st.sampled_from(["web", "here", "x", "", "0" * 64, ALICE.controller.hex(), "\x00", "ä"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | _NAMES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_NAMES, inner, max_size=2),
    max_leaves=4,
)


@st.composite
def _commands(draw: st.DrawFn) -> Command:
    declaration = COMMANDS[draw(st.sampled_from(sorted(COMMANDS)))]
    names = [parameter.name for parameter in declaration.parameters]
    chosen = draw(st.lists(st.sampled_from([*names, "zap"]), unique=True))
    return Command(declaration.group, declaration.verb, {name: draw(_VALUES) for name in chosen})


_KEYS = st.lists(_NAMES | st.sampled_from(["service", "controller"]), min_size=1, max_size=4)
_BASES = st.builds(Base, _KEYS.map(tuple), st.none() | st.just(bytes(32)))


@given(
    st.lists(_commands(), max_size=3),
    st.lists(_BASES, max_size=3),
    st.sampled_from([OPERATOR, STRANGER, ALICE.controller]),
    st.sampled_from([Kind.NORMAL, Kind.ROSTER, Kind.MERGE]),
)
def test_whatever_is_signed_is_judged(
    commands: list[Command], bases: list[Base], signer: bytes, kind: Kind
) -> None:
    """Junk in any place gets an objection or takes effect; it never stops the one who reads it."""
    world = World()
    side = world.side()
    _ = side.change(command("service", "create", name="web", role="web"))
    written = tuple(commands)
    junk = world.sign(Resolution(written, written, tuple(bases), (), kind), signer=signer)
    number = world.attempt(junk, kind, side.ids, BOB)
    objection = side.history.objection(world.catalogue[number], side.ids)
    side.learn(1 << number)
    effective = side.entry(number).outcome.standing is Standing.EFFECTIVE
    assert effective == (objection is None)
    assert side.history.state_hash == new_history(world.catalogue, side.ids).state_hash
    if side.history.needs_upgrade is None:
        _ = side.change(item("a", 1))
        assert side.item("a") == 1


def test_an_author_who_uses_one_time_twice() -> None:
    """Two attempts at one place in time have an order all the same, by their ids."""
    world = World()
    side, other = world.side(ALICE), world.side(ALICE)
    one = side.propose(side.resolve(item("a", 1)), lamport=5)
    two = other.propose(other.resolve(item("a", 2)), lamport=5)
    side.learn(1 << one)
    side.learn(1 << two)
    other.learn(1 << two)
    other.learn(1 << one)
    assert side.history.state_hash == other.history.state_hash
    assert [entry.tx for entry in side.history.log()] == [entry.tx for entry in other.history.log()]
