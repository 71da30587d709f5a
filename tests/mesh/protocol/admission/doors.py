"""One controller's admission, with everybody else played by the test."""

from dataclasses import replace
from random import Random

from mesh.environment.founding import Founding, encode_founding
from mesh.protocol.admission import Admission, AdmissionStep, Card, Proof
from mesh.protocol.configuration import Ticket
from mesh.protocol.inputs import StreamId
from mesh.protocol.now import Now
from mesh.protocol.standing import RosterView
from mesh.wire.identity import Address, digest
from mesh.wire.messages import Hello, Knock, Welcome
from tests.mesh.protocol.street import configuration, controller_id, incarnation, moment

HERE = Address("192.0.2.1", 7946)
REMOTE = Address("198.51.100.7", 51_000)
EXCHANGE_KEY = digest(b"exchange")
KNOCK = Knock(None)
OPERATOR = digest(b"operator")
NOBODY = RosterView()


def roster(
    *active: str, learners: tuple[str, ...] = (), removed: tuple[str, ...] = ()
) -> RosterView:
    """A roster of controllers by name."""
    return RosterView(
        active=frozenset(map(controller_id, active)),
        learners=frozenset(map(controller_id, learners)),
        removed=frozenset(map(controller_id, removed)),
    )


def founding_by(name: str) -> bytes:
    """The founding record of an environment that the controller called ``name`` founded."""
    return encode_founding(
        Founding(
            digest(name.encode())[:16],
            controller_id(name),
            EXCHANGE_KEY,
            name,
            "home",
            OPERATOR,
        )
    )


def hello(
    name: str,
    environment: bytes | None = None,
    *,
    yields: bool = False,
    boot: int = 1,
    generation: int = 1,
    generation_nonce: bytes = bytes(16),
    addresses: tuple[Address, ...] = (REMOTE,),
    called: str | None = None,
) -> Hello:
    """What the controller called ``name`` says of itself."""
    return Hello(
        environment=environment,
        generation=generation if environment else 0,
        generation_nonce=generation_nonce,
        sender=incarnation(name, boot),
        name=name if called is None else called,
        site="home",
        addresses=addresses,
        yields=yields,
        stream=1,
    )


def welcome_to(
    founding: bytes,
    generation: int = 1,
    nonce: bytes = bytes(16),
    recognition: bytes | None = None,
) -> Welcome:
    """The Welcome of a member of the environment that ``founding`` began."""
    return Welcome(founding, generation, nonce, digest(b"secret"), 1, recognition)


def binding_of(stream: StreamId) -> bytes:
    """What names that stream at both ends."""
    return digest(b"binding %d" % stream)


def proof_on(stream: StreamId) -> Proof:
    """What the beginning of that stream has proved; everybody has the same exchange key here."""
    return Proof(binding_of(stream), EXCHANGE_KEY)


class Door:
    """The admission of the controller called ``ada``: its disk, its clock, and its roster."""

    def __init__(
        self,
        disk: dict[str, bytes] | None = None,
        *,
        operator: bytes | None = OPERATOR,
        boot: int = 1,
        found: bool = False,
        joins_only: bool = False,
        ticket: Ticket | None = None,
    ) -> None:
        self.disk = {} if disk is None else disk
        self.at_ns = 1
        self.roster = NOBODY
        own = replace(configuration("ada", HERE, found=found, joins_only=joins_only), ticket=ticket)
        card = Card("ada", "home", (HERE,), digest(b"exchange ada"))
        self.admission = Admission(
            incarnation("ada", boot), card, operator, own, self.disk, Random(boot)
        )
        self.first = self.write(self.admission.start(self.now))

    @property
    def now(self) -> Now:
        """The time."""
        return moment(self.at_ns)

    @property
    def environment(self) -> bytes:
        """The environment to which it belongs."""
        enrolment = self.admission.enrolment
        assert enrolment is not None
        return enrolment.environment

    def write(self, step: AdmissionStep) -> AdmissionStep:
        """Make what ``step`` writes durable."""
        self.disk.update({write.key: write.value for write in step.writes})
        if step.joined is not None and step.joined.introducer is None:
            self.roster = roster("ada")
        return step

    def greet(self, other: Hello, stream: StreamId = 1, remote: Address = REMOTE) -> AdmissionStep:
        """Somebody says Hello."""
        verdict = self.admission.judge(other, self.roster, EXCHANGE_KEY)
        return self.write(
            self.admission.greeted(
                stream, remote, other, verdict, self.roster, proof_on(stream), self.now
            )
        )

    def knock(self, stream: StreamId = 1, knock: Knock = KNOCK) -> AdmissionStep:
        """Somebody knocks."""
        return self.write(self.admission.knocked(stream, knock, self.now))

    def wait(self) -> AdmissionStep:
        """Time passes up to the deadline."""
        deadline_ns = self.admission.deadline_ns
        assert deadline_ns is not None
        self.at_ns = deadline_ns
        return self.write(self.admission.wake(self.now))

    def enrol(self, *names: str) -> AdmissionStep:
        """These are admitted as learners."""
        self.roster = roster("ada", learners=names)
        return self.write(self.admission.roster_changed(self.roster))


def founder() -> Door:
    """A controller that founded its environment alone, after it had listened in vain."""
    door = Door()
    _ = door.wait()
    return door
