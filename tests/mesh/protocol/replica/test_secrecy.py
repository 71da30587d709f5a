"""The secret of the environment is replaced at the barrier, whoever is there and whoever is not."""

from functools import partial

from mesh.environment.kinds import environment_secret
from mesh.protocol.admission.enrolment import ENVIRONMENT_KEY, decode_enrolment
from mesh.protocol.effects import Answer, Refusal
from mesh.protocol.inputs import PrepareRequest, SubmitCommands, Write, WriteInformation
from mesh.protocol.now import SECOND
from mesh.protocol.outgoing import Channel
from mesh.protocol.replica.secrecy import (
    ASK_AGAIN_NS,
    PATIENCE_NS,
    PREPARED_MAX,
    PREPARED_META,
    TOLD_MAX,
    Secrecy,
)
from mesh.protocol.replica.views.doctor import doctor
from mesh.protocol.standing import Access
from mesh.wire import cbor
from mesh.wire.identity import Incarnation, digest
from mesh.wire.messages import SecretAnswer, SecretQuestion
from mesh.wire.requests import Command
from mesh.wire.secrecy import commitment_of, version_of
from tests.mesh.protocol.keys import Key
from tests.mesh.protocol.replica.mini_mesh import Host, MiniMesh
from tests.mesh.protocol.replica.test_members import inside
from tests.mesh.protocol.replica.test_mesh import gather, is_complete, put, value

ROTATE = Command(*environment_secret.ROTATION, {})


def rotate(host: Host) -> Answer | Refusal:
    """``trellis environment rotate-secret`` on ``host``."""
    return host.call(lambda call: SubmitCommands(call, "rotate", (ROTATE,), "", 60 * SECOND))


def secret_of(host: Host) -> bytes:
    """The secret to which a restart of ``host`` would return."""
    return decode_enrolment(host.disk.meta[ENVIRONMENT_KEY]).secret


def version_at(host: Host) -> int:
    """The version beside the sums of ``host``."""
    return inside(host).information.kept.table.sums.secret.version


def named(host: Host) -> object:
    """The hash that the configuration shown on ``host`` names."""
    return inside(host).history.visible.read(environment_secret.KEY)


def is_common(mesh: MiniMesh) -> bool:
    """Whether everybody uses the secret that the configuration names, in memory and on disk."""
    return len({named(host) for host in mesh.hosts}) == 1 and all(
        commitment_of(secret_of(host)).hex() == named(host)
        and version_at(host) == version_of(commitment_of(secret_of(host)))
        for host in mesh.hosts
    )


def is_level(one: Host, other: Host) -> bool:
    """Whether both stores of the two have equal sums."""
    return inside(one).information.ping() == inside(other).information.ping()


def test_everybody_changes_over_with_the_change() -> None:
    """K6: Who was there has the secret when the ChangeSet applies, and sums are compared again."""
    mesh = gather(3)
    assert isinstance(put(mesh.hosts[0], "motd", "before"), Answer)
    former = secret_of(mesh.hosts[0])
    assert isinstance(rotate(mesh.hosts[1]), Answer)
    assert mesh.run_until(lambda: named(mesh.hosts[2]) is not None, 5 * SECOND)
    mesh.run(SECOND)
    assert is_common(mesh)
    assert former not in {secret_of(host) for host in mesh.hosts}
    assert all(inside(host).secrecy.deadline_ns() is None for host in mesh.hosts)
    assert isinstance(put(mesh.hosts[2], "motd", "after"), Answer)
    mesh.run(5 * SECOND)
    assert [value(host, "motd") for host in mesh.hosts] == ["after"] * 3
    assert is_level(mesh.hosts[0], mesh.hosts[2])


def test_who_was_away_asks() -> None:
    """K7: It goes on with the former secret until a member tells it the new one."""
    mesh = gather(3)
    third = mesh.hosts[2]
    third.crash()
    mesh.run(20 * SECOND)
    assert isinstance(rotate(mesh.hosts[0]), Answer)
    mesh.run(5 * SECOND)
    third.start()
    assert mesh.run_until(lambda: is_complete(mesh) and is_common(mesh), 30 * SECOND)


def test_a_restart_keeps_it_and_one_in_between_is_made_good() -> None:
    """K7: After a crash between the barrier and the disk the next life asks."""
    mesh = gather(2)
    second = mesh.hosts[1]
    before = second.disk.meta[ENVIRONMENT_KEY]
    assert isinstance(rotate(mesh.hosts[0]), Answer)
    mesh.run(5 * SECOND)
    assert is_common(mesh)
    second.crash()
    second.disk.meta[ENVIRONMENT_KEY] = before
    second.start()
    assert mesh.run_until(lambda: is_complete(mesh) and is_common(mesh), 30 * SECOND)
    second.crash()
    second.start()
    assert is_common(mesh)


def test_who_made_it_has_it_on_disk() -> None:
    """K6: It is durable before the ChangeSet is, so nobody need be there to tell it."""
    mesh = gather(1)
    first = mesh.hosts[0]
    before = first.disk.meta[ENVIRONMENT_KEY]
    assert isinstance(rotate(first), Answer)
    mesh.run(2 * SECOND)
    assert is_common(mesh)
    assert cbor.decode(first.disk.meta[PREPARED_META], 1_000) == []
    prepared = first.call(
        lambda call: PrepareRequest(
            call, SubmitCommands(call, "rotate", (ROTATE,), "", 60 * SECOND), mesh.operator.public
        )
    )
    assert isinstance(prepared, Answer)
    kept = cbor.decode(first.disk.meta[PREPARED_META], 1_000)
    assert isinstance(kept, list)
    first.crash()
    first.disk.meta[ENVIRONMENT_KEY] = before
    first.start()
    held = inside(first).secrecy._held(commitment_of(bytes(kept[0])))
    assert held == kept[0]


def test_a_newcomer_is_told_the_one_in_use() -> None:
    """K6: Welcome carries the secret that was adopted, with its version."""
    mesh = gather(2)
    assert isinstance(rotate(mesh.hosts[0]), Answer)
    mesh.run(5 * SECOND)
    visitor = mesh.hosts[0].replica.admission.enrolment
    assert visitor is not None
    assert commitment_of(visitor.secret).hex() == named(mesh.hosts[0])
    assert visitor.secret_version == version_at(mesh.hosts[1])


def test_two_sides_of_a_partition_end_with_one() -> None:
    """K8: Two that were made at once have two versions; the merge decides, and all follow."""
    mesh = gather(2)
    first, second = mesh.hosts
    mesh.split([1], [2])
    mesh.run(20 * SECOND)
    assert isinstance(rotate(first), Answer)
    assert isinstance(rotate(second), Answer)
    mesh.run(5 * SECOND)
    assert named(first) != named(second)
    assert version_at(first) != version_at(second)
    mesh.split()
    assert mesh.run_until(lambda: is_complete(mesh) and is_common(mesh), 120 * SECOND)


def test_nobody_but_members_is_told() -> None:
    """K9: A removed controller, a stranger or a newcomer asks for nothing."""
    mesh = gather(2)
    first, second = mesh.hosts
    assert isinstance(rotate(first), Answer)
    mesh.run(5 * SECOND)
    question = SecretQuestion(commitment_of(secret_of(first)))
    sender = Incarnation(second.identity.public, 1, second.replica.own.nonce)
    for access in (Access.FORMER, Access.CLAIMANT, Access.NEWCOMER):
        before = inside(first).desk.counters["messages of strangers"]
        effects = _heard(first, sender, access, question)
        assert effects == []
        assert inside(first).desk.counters["messages of strangers"] == before + 1
    assert _heard(first, second.replica.own, Access.MEMBER, question) != []


def _heard(
    host: Host, sender: Incarnation, access: Access, message: SecretQuestion | SecretAnswer
) -> list[object]:
    """What goes out on streams because of ``message``."""
    gated = host.replica.desk.outbox.gated.frames
    before = len(gated)
    inside(host).received(sender, access, message, Channel.STREAM, None, host.now)
    return list(gated[before:])


def test_what_is_told_is_used_only_where_the_configuration_names_it() -> None:
    """K9: A member that tells another secret changes nothing, and fills no memory."""
    mesh = gather(2)
    first = mesh.hosts[0]
    secrecy = inside(first).secrecy
    before = version_at(first)
    for number in range(TOLD_MAX + 10):
        teller = Incarnation(Key(bytes([number + 50]) * 32).public, 1, bytes(8))
        secrecy.receive(teller, SecretAnswer(digest(bytes([number]))), first.now)
    assert version_at(first) == before
    assert len(secrecy._told) == TOLD_MAX


def test_secrets_that_were_never_used_are_bounded() -> None:
    """K6: Of those that were made for ChangeSets that came to nothing the last few are kept."""
    mesh = gather(1)
    first = mesh.hosts[0]
    asked = SubmitCommands(0, "rotate", (ROTATE,), "", 60 * SECOND)
    for _ in range(PREPARED_MAX + 3):
        answer = first.call(lambda call: PrepareRequest(call, asked, mesh.operator.public))
        assert isinstance(answer, Answer)
    kept = cbor.decode(first.disk.meta[PREPARED_META], 1_000)
    assert isinstance(kept, list)
    assert len(kept) == PREPARED_MAX


def test_who_may_not_rotate_makes_no_secret() -> None:
    """K6: A signer without the right leaves nothing on the disk."""
    mesh = gather(1)
    first = mesh.hosts[0]
    asked = SubmitCommands(0, "rotate", (ROTATE,), "", 60 * SECOND)
    stranger = Key(b"s" * 32).public
    refused = first.call(lambda call: PrepareRequest(call, asked, stranger))
    assert isinstance(refused, Refusal)
    assert PREPARED_META not in first.disk.meta


def test_a_secret_that_nobody_tells_is_asked_for_less_and_less_and_shown() -> None:
    """K7: Whoever has it may be gone; people are told, and everything written still arrives."""
    mesh = gather(3)
    *others, lost = mesh.hosts
    for host in others:
        inside(host).secrecy.receive = _deaf  # type: ignore[method-assign, assignment]  # it hears of none
    assert isinstance(rotate(lost), Answer)
    mesh.run(2 * SECOND)
    lost.crash()
    mesh.run(PATIENCE_NS)
    first = others[0]
    assert isinstance(put(first, "motd", "still"), Answer)
    mesh.run(5 * SECOND)
    assert [value(host, "motd") for host in others] == ["still"] * 2
    told = doctor(first.replica, first.now)["findings"]
    assert [each["level"] for each in told if each["about"] == "secret"] == ["warning"]
    next_ns = inside(first).secrecy.deadline_ns()
    assert next_ns is not None
    assert next_ns - first.now.monotonic_ns > ASK_AGAIN_NS
    assert isinstance(rotate(first), Answer)


def _deaf(*_: object) -> None:
    """Hears nothing."""


def test_what_stands_on_disk_may_be_anything() -> None:
    """K7: Damaged rows are no secrets, and the life begins."""
    mesh = gather(1)
    first = mesh.hosts[0]
    first.crash()
    for raw in (b"", b"\xff", cbor.encode([1, "two", b"short"]), cbor.encode(7)):
        first.disk.meta[PREPARED_META] = raw
        first.start()
        assert isinstance(inside(first).secrecy, Secrecy)
        first.crash()


def test_no_secret_is_shown() -> None:
    """K9: Messages and answers do not spell it."""
    secret = digest(b"a secret")
    assert repr(secret) not in repr(SecretAnswer(secret))
    mesh = gather(1)
    first = mesh.hosts[0]
    answer = rotate(first)
    mesh.run(2 * SECOND)
    told = repr((answer, first.notifications))
    assert secret_of(first).hex() not in told
    assert repr(secret_of(first)) not in told


def _write(write: Write, call: int) -> WriteInformation:
    return WriteInformation(call, (write,))


def test_writes_of_both_secrets_arrive() -> None:
    """K8: Where two use different secrets all that is written arrives, and nobody is alarmed."""
    mesh = gather(2)
    first, second = mesh.hosts
    inside(second).information.rekey(b"another", 77)
    for at in range(20):
        write = Write(("info", f"k{at}"), at)
        assert isinstance(mesh.hosts[at % 2].call(partial(_write, write)), Answer)
    mesh.run(60 * SECOND)
    for at in range(20):
        assert value(first, f"k{at}") == value(second, f"k{at}") == at
    told = [repr(each) for host in mesh.hosts for each in host.notifications]
    assert not any("store alarm" in each for each in told)
