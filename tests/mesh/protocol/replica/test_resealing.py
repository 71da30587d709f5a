"""Sealed copies of secrets are made anew by those who hold them, without a person."""

from collections.abc import Mapping

from mesh.protocol.effects import Answer
from mesh.protocol.inputs import RotateKey, SubmitCommands, Write, WriteInformation
from mesh.protocol.now import SECOND
from mesh.protocol.replica.resealing import COPIES_AT_ONCE, LOOK_EVERY_NS, TURN_NS
from mesh.wire.identity import digest
from mesh.wire.requests import Command, Value
from mesh.wire.secrets import PLACE, Opening, decode_opening, encode_opening
from tests.mesh.protocol.keys import ExchangeKey
from tests.mesh.protocol.replica.mini_mesh import Host, MiniMesh
from tests.mesh.protocol.replica.test_members import inside, noticed
from tests.mesh.protocol.replica.test_mesh import gather, is_complete
from tests.mesh.protocol.replica.test_rotating import NEW, begins_anew

OPENING = Opening(digest(b"a key"), b"hunter2")
VERSION = b"v" * 16
PUBLISHED = OPENING.commit("db", VERSION)
SOON_NS = 2 * LOOK_EVERY_NS


def path(reader: Host) -> tuple[str, ...]:
    """Where the copy for ``reader`` stands."""
    return (PLACE, "db", VERSION.hex(), reader.identity.public.hex())


def copy_for(reader: Host) -> Write:
    """The value, sealed to the key that ``reader`` has now."""
    sealed = reader.exchange.seal_to(reader.exchange.public, encode_opening(OPENING))
    assert sealed is not None
    value: dict[str, Value] = {"to": reader.exchange.public.hex(), "sealed": sealed.hex()}
    return Write(path(reader), value)


def keep_secret(mesh: MiniMesh, readers: list[Host], holders: list[Host]) -> None:
    """The secret is set for ``readers``, and ``holders`` have their copies."""
    first = mesh.hosts[0]
    written = tuple(copy_for(each) for each in holders)
    assert isinstance(first.call(lambda call: WriteInformation(call, written)), Answer)
    keys: list[Value] = [each.identity.public.hex() for each in readers]
    parameters: dict[str, Value] = {
        "name": "db",
        "version": VERSION.hex(),
        "commitment": PUBLISHED.commitment.hex(),
        "readers": keys,
    }
    command = Command("secret", "set", parameters)
    told = first.call(lambda call: SubmitCommands(call, "secret", (command,), "", 60 * SECOND))
    assert isinstance(told, Answer)
    assert mesh.run_until(lambda: all(map(_shows_it, mesh.hosts)), 10 * SECOND)


def _shows_it(host: Host) -> bool:
    return inside(host).history.visible.get("secret", "db") is not None


def read(at: Host, reader: Host, key: ExchangeKey | None = None) -> bytes | None:
    """What ``reader`` opens with ``key`` (its present one) of the copy that ``at`` holds for it."""
    reading = inside(at).information.read(path(reader))
    if reading is None or not isinstance(reading.value, Mapping):
        return None
    sealed = reading.value.get("sealed")
    plain = (key or reader.exchange).open_sealed(bytes.fromhex(str(sealed)))
    opening = None if plain is None else decode_opening(plain, PUBLISHED)
    return None if opening is None else opening.value


def sealers(mesh: MiniMesh) -> list[int]:
    """The numbers of the hosts that have sealed anything anew."""
    return [host.number for host in mesh.hosts if noticed(host, "secrets")]


def test_a_holder_seals_to_whoever_waits() -> None:
    """X5: One of the holders does it, soon, and the others have nothing to do."""
    mesh = gather(4)
    first, second, third, fourth = mesh.hosts
    keep_secret(mesh, [first, second, third], [first, second])
    assert mesh.run_until(lambda: read(first, third) == b"hunter2", SOON_NS)
    mesh.run(3 * TURN_NS)
    assert sealers(mesh) == [1]
    assert read(first, fourth) is None


def test_the_next_holder_takes_its_turn() -> None:
    """X5: Who comes first and cannot open its copy, or is not there, keeps nobody waiting."""
    mesh = gather(3)
    first, second, third = mesh.hosts
    keep_secret(mesh, [first, second, third], [first, second])
    broken = Write(path(first), {"to": first.exchange.public.hex(), "sealed": "00"})
    gone = Write(path(third), None, removes=True)
    _ = second.call(lambda call: WriteInformation(call, (broken, gone)))
    mesh.run(SOON_NS)
    first.notifications.clear()
    _ = second.call(lambda call: WriteInformation(call, (broken, gone)))
    mesh.run(SOON_NS)
    assert read(second, third) is None
    assert mesh.run_until(lambda: read(second, third) == b"hunter2", TURN_NS)


def test_nothing_false_is_sealed_on() -> None:
    """X2: A copy that opens to another value than was committed to is none, for holders too."""
    mesh = gather(2)
    first, second = mesh.hosts
    keep_secret(mesh, [first, second], [first])
    assert mesh.run_until(lambda: read(first, second) == b"hunter2", SOON_NS)
    false = encode_opening(Opening(OPENING.key, b"letmein"))
    sealed = first.exchange.seal_to(first.exchange.public, false)
    assert sealed is not None
    value: dict[str, Value] = {"to": first.exchange.public.hex(), "sealed": sealed.hex()}
    writes = (Write(path(first), value), Write(path(second), None, removes=True))
    assert isinstance(first.call(lambda call: WriteInformation(call, writes)), Answer)
    mesh.run(3 * TURN_NS)
    assert inside(first).information.read(path(second)) is None


def test_who_replaces_its_key_seals_its_own_copies_to_the_new_one() -> None:
    """X6: Also where nobody else holds one."""
    mesh = gather(2)
    first, second = mesh.hosts
    keep_secret(mesh, [second], [second])
    assert isinstance(second.call(lambda call: RotateKey(call, NEW)), Answer)
    assert begins_anew(mesh, second)
    assert mesh.run_until(lambda: is_complete(mesh), 30 * SECOND)
    assert mesh.run_until(lambda: read(first, second, ExchangeKey(NEW)) == b"hunter2", SOON_NS)


def test_a_look_is_bounded() -> None:
    """X5: So many copies at one look, the others at the next one."""
    mesh = gather(COPIES_AT_ONCE + 3)
    first, *others = mesh.hosts
    keep_secret(mesh, mesh.hosts, [first])

    def held() -> int:
        return sum(read(first, other) is not None for other in others)

    assert mesh.run_until(lambda: held() > 0, SOON_NS)
    assert held() == COPIES_AT_ONCE
    assert mesh.run_until(lambda: held() == len(others), SOON_NS)
