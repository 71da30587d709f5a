"""What clients of the API send, and what a controller finds on its own disk."""

from typing import Final

from mesh.api.bodies import parse
from mesh.api.problems import Problem
from mesh.api.requests import AppendBody, DraftBody, SubmitBody, WritesBody, to_commands
from mesh.api.resources_information import _write
from mesh.driver.journal.rows import decode_fact, decode_fact_key, encode_fact_key
from mesh.environment.commands import check_commands
from mesh.protocol.admission.enrolment import decode_enrolment, encode_enrolment
from mesh.protocol.effects import Answer, Refusal
from mesh.protocol.forks import Fork, decode_fork
from mesh.protocol.inputs import Input, SubmitCommands, WriteInformation
from mesh.wire import cbor
from mesh.wire.facts import read_fact
from mesh.wire.identity import digest
from tests.fuzz.target import Target
from tests.mesh.protocol.keys import KeySuite
from tests.mesh.protocol.replica.solo import Solo
from tests.mesh.wire.examples import ALICE, chain

_SUBMIT: Final = (
    b'{"name": "blue", "commands": [{"group": "item", "verb": "set",'
    b' "parameters": {"name": "colour", "value": "blue"}}], "patience_ns": 1000}'
)
_WRITES: Final = b'{"writes": [{"path": "/info/motd", "value": {"a": [1, null, true, 1.5]}}]}'


def _submit(raw: bytes) -> None:
    """A controller answers or refuses, and goes on, whatever the commands are."""
    try:
        body = parse(raw, SubmitBody)
    except Problem:
        return
    commands = to_commands(body.commands)
    if body.name is None or not commands or check_commands(commands):
        return
    patience_ns = body.patience_ns or 1
    _is_answered(SubmitCommands(1, body.name, commands, body.reason or "", patience_ns, body.force))


def _is_answered(call: Input) -> None:
    solo = Solo()
    solo.sync()
    _ = solo.do(call)
    solo.sync()
    told = [each for each in solo.notifications if isinstance(each, Answer | Refusal)]
    assert len(told) == 1


def _drafts(raw: bytes) -> None:
    for kind in (DraftBody, AppendBody):
        try:
            _ = parse(raw, kind)
        except Problem:
            continue


def _writes(raw: bytes) -> None:
    """A controller answers or refuses, and goes on."""
    try:
        writes = tuple(map(_write, parse(raw, WritesBody).writes))
    except Problem:
        return
    _is_answered(WriteInformation(1, writes))


def _enrolment(raw: bytes) -> None:
    try:
        place = decode_enrolment(raw)
    except cbor.Undecodable:
        return
    assert encode_enrolment(place) == raw


def _fact_row(raw: bytes) -> None:
    """The first 56 bytes are its key."""
    key, value = raw[:56], raw[56:]
    if len(key) == 56:
        assert encode_fact_key(*decode_fact_key(key)) == key
    signed = decode_fact(value)
    assert signed.signature + signed.raw == value
    try:
        _ = read_fact(signed)
    except cbor.Undecodable:
        return


def _fork(raw: bytes) -> None:
    proof = decode_fork(raw, KeySuite())
    assert proof is None or proof.encode() == raw


def _fork_seed() -> bytes:
    one, other = (fact.signed for fact in chain())
    return Fork(ALICE, 1, one, other).encode()


def _fact_seed() -> bytes:
    (boot, _) = chain()
    row = boot.signed.signature + boot.signed.raw
    return encode_fact_key(boot.origin, boot.sequence) + row


def _enrolment_seed() -> bytes:
    place = Solo().replica.admission.enrolment
    assert place is not None
    return encode_enrolment(place)


TARGETS: Final = {
    "api-submit": Target(_submit, [_SUBMIT], bytes_max=1_024, is_slow=True),
    "api-draft": Target(_drafts, [b'{"name": "blue", "reason": "why"}']),
    "api-writes": Target(_writes, [_WRITES], bytes_max=1_024, is_slow=True),
    "enrolment": Target(_enrolment, [_enrolment_seed()], is_cbor=True),
    "fact-row": Target(_fact_row, [_fact_seed(), digest(b"row")]),
    "fork": Target(_fork, [_fork_seed()], is_cbor=True),
}
