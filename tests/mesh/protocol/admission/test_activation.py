"""When a learner becomes active, and who proposes it."""

from mesh.environment.commands import check_commands
from mesh.protocol.admission import Candidate, activation, commands_to_activate
from mesh.protocol.admission.limits import ACTIVATION_PATIENCE_NS, ACTIVATION_STEP_NS
from mesh.protocol.now import SECOND
from tests.mesh.protocol.street import controller_id

ACTIVE = tuple(sorted(map(controller_id, ("ada", "bob", "cyd"))))
AUTHOR, SECOND_IN_LINE, THIRD_IN_LINE = ACTIVE
LEARNER = controller_id("dan")
SINCE_NS = 100 * SECOND


def _candidate(
    *, required: int = 0b0111, applied: int = 0b1111, since_ns: int | None = SINCE_NS
) -> Candidate:
    return Candidate(LEARNER, AUTHOR, required, applied, since_ns)


def test_the_author_proposes_as_soon_as_the_learner_has_caught_up() -> None:
    """Its facts say that it applied all that its admission stood on."""
    assert activation.activation_deadline_ns(_candidate(), AUTHOR, ACTIVE) == SINCE_NS


def test_nobody_proposes_before_that() -> None:
    """One ChangeSet that is missing is enough to wait."""
    for candidate in (_candidate(applied=0b1011), _candidate(since_ns=None)):
        for own in ACTIVE:
            assert activation.activation_deadline_ns(candidate, own, ACTIVE) is None


def test_another_proposes_after_a_minute() -> None:
    """The others one by one, in the order of their ids, the author not among them."""
    patience_ns = SINCE_NS + ACTIVATION_PATIENCE_NS
    deadlines = [activation.activation_deadline_ns(_candidate(), own, ACTIVE) for own in ACTIVE]
    assert deadlines == [SINCE_NS, patience_ns, patience_ns + ACTIVATION_STEP_NS]
    assert ACTIVATION_PATIENCE_NS == 60 * SECOND


def test_an_author_that_is_no_longer_active_is_replaced() -> None:
    """Whoever admitted the learner and left, or was removed, is not waited for beyond a minute."""
    others = (SECOND_IN_LINE, THIRD_IN_LINE)
    assert activation.activation_deadline_ns(_candidate(), AUTHOR, others) is None
    deadline_ns = activation.activation_deadline_ns(_candidate(), SECOND_IN_LINE, others)
    assert deadline_ns == SINCE_NS + ACTIVATION_PATIENCE_NS


def test_only_an_active_controller_proposes() -> None:
    """A learner does not make itself active, nor another one."""
    assert activation.activation_deadline_ns(_candidate(), LEARNER, ACTIVE) is None


def test_the_order_does_not_hang_on_how_the_roster_is_held() -> None:
    """A set gives the same answer as a list."""
    for own in ACTIVE:
        as_set = activation.activation_deadline_ns(_candidate(), own, frozenset(ACTIVE))
        assert as_set == activation.activation_deadline_ns(
            _candidate(), own, tuple(reversed(ACTIVE))
        )


def test_the_step_is_a_command_that_the_environment_knows() -> None:
    """``controller activate``, by the key of the learner."""
    (command,) = commands_to_activate([LEARNER])
    assert (command.group, command.verb) == ("controller", "activate")
    assert check_commands((command,)) == ()
