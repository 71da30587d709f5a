"""Who may ask a controller for what: keys kept here, keys elsewhere, rights that are missing."""

from mesh.protocol.effects import Answer, Refusal
from mesh.protocol.inputs import PrepareRequest, RestageChange, SubmitCommands, SubmitRequest
from mesh.protocol.now import SECOND
from mesh.protocol.replica.declined import FAILED, REFUSED
from mesh.wire.requests import Command, SignedRequest, Value, decode_request
from tests.mesh.protocol.keys import Key
from tests.mesh.protocol.replica.solo import OPERATOR, Solo
from tests.mesh.protocol.replica.test_changes import outcome, settled

ANN = Key(b"a" * 32)


def command(group: str, verb: str, **parameters: Value) -> Command:
    """``group verb`` with its parameters."""
    return Command(group, verb, parameters)


def asked(call: int, *commands: Command) -> SubmitCommands:
    """A ChangeSet, asked for."""
    return SubmitCommands(call, "a change", commands, "", SECOND)


def change(solo: Solo, call: int, *commands: Command) -> None:
    """One ChangeSet by the key that is kept here, applied."""
    _ = solo.do(asked(call, *commands))
    solo.sync()
    assert isinstance(outcome(solo, call), Answer), outcome(solo, call)


def with_ann(right: str) -> Solo:
    """Ann is an operator, whose key is elsewhere, with one right."""
    solo = settled()
    change(solo, 1, command("operator", "create", name="ann", key=ANN.public.hex()))
    change(solo, 2, command("right", "grant", name="ann", right=right))
    return solo


def prepared(solo: Solo, call: int, *commands: Command) -> bytes:
    """The request that ``commands`` of Ann come to."""
    _ = solo.do(PrepareRequest(call, asked(call, *commands), ANN.public))
    told = outcome(solo, call)
    assert isinstance(told, Answer), told
    return bytes.fromhex(str(told.result["request"]))


def test_a_request_is_signed_elsewhere() -> None:
    """What is prepared for a key, signed by it and brought back, is proposed."""
    solo = with_ann("apply:/item")
    raw = prepared(solo, 3, command("item", "set", name="a", value=1))
    assert decode_request(raw).signer == ANN.public
    named = [entry.key for entry in decode_request(raw).base]
    assert ("operator", "ann", "rights", "apply:/item") in named
    _ = solo.do(SubmitRequest(4, SignedRequest(raw, ANN.sign(raw))))
    solo.sync()
    assert isinstance(outcome(solo, 4), Answer)


def test_a_missing_right_is_named_with_who_grants_it() -> None:
    """At once, with exit code 4: what is missing, and who could grant it."""
    solo = with_ann("apply:/item")
    _ = solo.do(PrepareRequest(3, asked(3, command("site", "create", name="x", location="y")),
                               ANN.public))  # fmt: skip
    told = outcome(solo, 3)
    assert isinstance(told, Refusal)
    assert told.code == REFUSED
    assert "operator 'ann' lacks the right apply:/site/x" in told.errors[0]
    assert "granted by operator 'founder'" in told.errors[0]


def test_a_strangers_key_prepares_nothing() -> None:
    """A key that is nobody's here is told so."""
    solo = settled()
    _ = solo.do(PrepareRequest(1, asked(1, command("item", "set", name="a", value=1)), ANN.public))
    told = outcome(solo, 1)
    assert isinstance(told, Refusal)
    assert (told.code, "is no operator's" in told.errors[0]) == (REFUSED, True)


def test_a_request_without_the_right_is_refused_when_it_comes() -> None:
    """Signed all the same, it gets no further than the controller that it is brought to."""
    solo = with_ann("apply:/item")
    raw = prepared(solo, 3, command("item", "set", name="a", value=1))
    change(solo, 4, command("right", "revoke", name="ann", right="apply:/item"))
    _ = solo.do(SubmitRequest(5, SignedRequest(raw, ANN.sign(raw))))
    told = outcome(solo, 5)
    assert isinstance(told, Refusal)
    assert told.code == REFUSED
    assert "rights" in told.errors[0]


def test_a_locked_key_signs_nothing_by_itself() -> None:
    """Once its operator has locked it, the copy that is kept here is of no use."""
    solo = settled()
    change(solo, 1, command("operator", "modify", name="founder", locked="abc"))
    _ = solo.do(asked(2, command("item", "set", name="a", value=1)))
    told = outcome(solo, 2)
    assert isinstance(told, Refusal)
    assert (told.code, "trellis login founder" in told.errors[0]) == (REFUSED, True)


def test_a_key_that_is_no_operators_any_more_signs_nothing() -> None:
    """The key beside the controller counts as long as an operator has it."""
    solo = settled()
    change(solo, 1, command("operator", "modify", name="founder", key=ANN.public.hex()))
    _ = solo.do(asked(2, command("item", "set", name="a", value=1)))
    told = outcome(solo, 2)
    assert isinstance(told, Refusal)
    assert (told.code, "trellis login" in told.errors[0]) == (REFUSED, True)


def test_what_cannot_be_restaged_prepares_nothing() -> None:
    """The same refusals, whoever signs."""
    solo = with_ann("apply:/")
    _ = solo.do(PrepareRequest(3, RestageChange(3, bytes(32)), ANN.public))
    told = outcome(solo, 3)
    assert isinstance(told, Refusal)
    assert told.code == FAILED
    assert OPERATOR.public != ANN.public
