"""A controller, in a Python program: ``async with mesh.open_controller(configuration)``.

Opening it takes the data directory, the ports and the keys, starts the replica and everything that
serves it, and gives a handle. When the block ends, the controller takes leave of the others and
everything it had is closed. All of it speaks trio.
"""

import logging
import os
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Final

import trio

from crdt import Writable
from mesh.driver import log
from mesh.driver.clock import Clock, SystemClock
from mesh.driver.configuration import Configuration
from mesh.driver.directory import DataDirectory, Keys
from mesh.driver.discovery.seeds import follow_seeds
from mesh.driver.discovery.sightings import Sightings
from mesh.driver.driver import Driver
from mesh.driver.errors import (
    ControllerError,
    DiskFailed,
    Interrupted,
    Overloaded,
    Refused,
    StartError,
)
from mesh.driver.generation import watch_generation
from mesh.driver.journal.interface import JournalStatistics, Storage
from mesh.driver.journal.sqlite import TORTURE_VARIABLE, SqliteStorage
from mesh.driver.journal.witness import kernel_folder
from mesh.driver.keys import NaClSigner, NaClSuite
from mesh.driver.network.addresses import advertised
from mesh.driver.network.binding import bind
from mesh.driver.network.interface import Network, NetworkStatistics
from mesh.driver.network.sockets import SocketNetwork
from mesh.driver.subscriptions import Change, Missed, Renewed, Subscription
from mesh.protocol.configuration import ReplicaConfiguration, Ticket
from mesh.protocol.effects import (
    ChangeProgressed,
    ConfigurationSwapped,
    Image,
    MemberChanged,
    Noticed,
)
from mesh.protocol.inputs import (
    AcceptMember,
    ApproveChange,
    CallId,
    FoundEnvironment,
    Input,
    MergeChanges,
    Path,
    PrepareRequest,
    PublishChange,
    RefuseChange,
    RemoveInformation,
    RestageChange,
    RevertChange,
    RotateKey,
    SubmitCommands,
    SubmitRequest,
    TakeCheckpoint,
    WithdrawChange,
    Write,
    WriteInformation,
)
from mesh.protocol.now import SECOND, Now
from mesh.protocol.replica import Replica, views
from mesh.protocol.replica.bereft import may_found
from mesh.protocol.replica.requests import Asked
from mesh.protocol.replica.rotating import EXCHANGE_META
from mesh.wire.identity import Address, fingerprint
from mesh.wire.requests import Approval, Command, SignedRequest

__all__ = [
    "Change",
    "Controller",
    "ControllerError",
    "DiskFailed",
    "Interrupted",
    "Missed",
    "Overloaded",
    "Parts",
    "Refused",
    "Renewed",
    "StartError",
    "Statistics",
    "Subscription",
    "open_controller",
]

PATIENCE_NS: Final = 60 * SECOND
"""How long a ChangeSet waits at the barrier, unless its submitter says otherwise."""

STOP_S_MAX: Final = 15.0
"""How long a clean stop may take, a slow disk included."""

Result = dict[str, object]
"""What a call was answered; plain values that JSON can say."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a controller stands on, where it is not to be the real thing.

    Whoever gives a network or a storage sees to it; None: sockets, and a journal in the data
    directory.
    """

    clock: Clock | None = None
    network: Network | None = None
    storage: Storage | None = None
    keys: Keys | None = None
    luck: Random | None = None
    """Where each life draws its luck from; None: the host's. Never the same twice."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a controller has done since it was opened, and since its life began."""

    lives: int
    inputs: int
    """Handled in this life."""
    calls: int
    """Waiting for an answer."""
    network: NetworkStatistics
    journal: JournalStatistics


class Controller:
    """A running controller. Made by `open_controller`.

    Calls raise Refused with all reasons at once, Interrupted where nobody knows whether they took
    effect, and Overloaded.
    """

    def __init__(
        self,
        driver: Driver[Replica],
        network: Network,
        configuration: Configuration,
        clock: Clock,
        following_key: Callable[[], bytes],
    ) -> None:
        self._driver = driver
        self._following_key = following_key
        self._network = network
        self._clock = clock
        self.configuration = configuration

    @property
    def id(self) -> bytes:
        """The public key, 32 bytes."""
        return self.replica.own.controller

    @property
    def name(self) -> str:
        """As configured."""
        return self.replica.configuration.name

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where others are told to reach it."""
        return self.replica.configuration.addresses

    @property
    def listening(self) -> tuple[Address, ...]:
        """Where it listens; wildcard addresses as they are."""
        return self._network.listening

    @property
    def replica(self) -> Replica:
        """The life at hand, to be read and never touched; another one after `Renewed`."""
        return self._driver.life.machine

    def now(self) -> Now:
        """The time, as this controller reads it."""
        return self._clock.now()

    def statistics(self) -> Statistics:
        """What it has done so far."""
        life = self._driver.life
        return Statistics(
            lives=self._driver.lives,
            inputs=life.inputs,
            calls=self._driver.open_calls,
            network=self._network.statistics(),
            journal=life.journal.statistics(),
        )

    def subscribe(self, *kinds: type[Change]) -> Subscription:
        """The changes of these kinds from now on; none named: all. ``async for change in …``."""
        return self._driver.subscriptions.add(*kinds)

    # --- reading ----------------------------------------------------------------------------------

    def get(self, path: Path) -> views.Json:
        """What stands at ``path`` of running information; None where nothing does."""
        entry = views.entry(self.replica, path)
        return None if entry is None else entry["value"]

    def objects(self, kind: str) -> dict[str, views.Json]:
        """The objects of one kind in the configuration that is shown now, by name."""
        shown = views.environment(self.replica, kind)
        return {} if shown is None else shown["objects"].get(kind, {})

    async def settled(self, tx: str) -> views.ChangeDetail:
        """The ChangeSet ``tx`` once it is shown here, or nothing more becomes of it by itself.

        Its ``word`` says which; one that waits for approval is waited for. Raises KeyError where it
        is not known here, Interrupted where the controller stops first.
        """
        progress = self.subscribe(ChangeProgressed, ConfigurationSwapped, Renewed)
        try:
            while True:
                detail = views.change(self.replica, tx, self.now())
                if detail is None:
                    raise KeyError(tx)
                shown = [swap["controller"]["id"] for swap in detail["applied"]["swaps"]]
                if detail["final"] and (detail["word"] != "applied" or self.id.hex() in shown):
                    return detail
                if await anext(progress, None) is None:
                    raise Interrupted("the controller stopped: the change may be applied or not")
        finally:
            progress.close()

    # --- running information ----------------------------------------------------------------------

    async def put(self, path: Path, value: Writable) -> Result:
        """Set the entry at ``path``; returns when that is durable here."""
        return await self.write([Write(path, value)])

    async def write(self, writes: Iterable[Write]) -> Result:
        """Make ``writes``, all visible together here; returns when they are durable."""
        return await self.call(lambda call: WriteInformation(call, tuple(writes)))

    async def remove(self, prefix: Path) -> Result:
        """Remove every entry now visible below ``prefix``."""
        return await self.call(lambda call: RemoveInformation(call, prefix))

    # --- ChangeSets -------------------------------------------------------------------------------

    async def submit(
        self,
        name: str,
        commands: Iterable[Command],
        reason: str = "",
        patience_ns: int = PATIENCE_NS,
        *,
        force: bool = False,
    ) -> Result:
        """Propose one ChangeSet of ``commands``, signed with the operator's key kept here.

        Returns its tx when the proposal is durable; whether it is applied is told by `subscribe`.
        """
        return await self.call(
            lambda call: SubmitCommands(call, name, tuple(commands), reason, patience_ns, force)
        )

    async def submit_request(self, request: SignedRequest) -> Result:
        """Propose a request that was signed elsewhere."""
        return await self.call(lambda call: SubmitRequest(call, request))

    async def restage(self, tx: bytes) -> Result:
        """Make a new ChangeSet of a set-aside one, on today's base."""
        return await self.call(lambda call: RestageChange(call, tx))

    async def revert(self, tx: bytes, *, reason: str = "", force: bool = False) -> Result:
        """Make a new ChangeSet that undoes one; ``force``: also where others wrote since."""
        return await self.call(lambda call: RevertChange(call, tx, force, reason))

    async def refuse(self, tx: bytes) -> Result:
        """Say no to a ChangeSet that waits at the barrier."""
        return await self.call(lambda call: RefuseChange(call, tx))

    async def take_checkpoint(self) -> Result:
        """Close the book below everything that is applied, now."""
        return await self.call(TakeCheckpoint)

    async def approve(self, tx: bytes, approval: Approval | None = None) -> Result:
        """Agree to a ChangeSet that waits for approval; None: with the operator's key held here."""
        return await self.call(lambda call: ApproveChange(call, tx, approval))

    async def publish(self, tx: bytes) -> Result:
        """Let linked environments have a ChangeSet."""
        return await self.call(lambda call: PublishChange(call, tx))

    async def withdraw(self, tx: bytes) -> Result:
        """Take a ChangeSet that waits for approval from the board."""
        return await self.call(lambda call: WithdrawChange(call, tx))

    async def merge(self, keep: Iterable[bytes]) -> Result:
        """Decide a merge: each tx in ``keep`` wins over what conflicts with it."""
        return await self.call(lambda call: MergeChanges(call, tuple(keep)))

    async def prepare(
        self,
        ask: Callable[[CallId], Asked],
        signer: bytes,
    ) -> Result:
        """The request that what ``ask`` makes comes to, for ``signer`` to sign elsewhere."""
        return await self.call(lambda call: PrepareRequest(call, ask(call), signer))

    # --- members ----------------------------------------------------------------------------------

    async def accept(self, controller: bytes) -> Result:
        """Admit the newcomer with this id."""
        return await self.call(lambda call: AcceptMember(call, controller))

    async def rotate_key(self) -> Result:
        """Replace the key for streams and datagrams by a new one, at the barrier."""
        following = self._following_key()
        return await self.call(lambda call: RotateKey(call, following))

    async def found(self) -> Result:
        """Found an environment now, whoever else is there."""
        return await self.call(FoundEnvironment)

    async def call(self, make: Callable[[CallId], Input]) -> Result:
        """Have the input that ``make`` gives for a call's number handled; its answer."""
        return await self._driver.call(make)


@asynccontextmanager
async def open_controller(
    configuration: Configuration, parts: Parts | None = None
) -> AsyncIterator[Controller]:
    """Run a controller as long as the block lasts.

    Raises StartError and DiskFailed where it cannot start. What goes wrong later, in the block too,
    comes out of it in an ExceptionGroup, as from any nursery.
    """
    parts = parts or Parts()
    clock = parts.clock or SystemClock()
    with DataDirectory(configuration.controller.data_dir) as directory:
        keys = parts.keys or directory.keys()
        network = parts.network or _open_sockets(configuration)
        try:
            driver = Driver(
                keys.identity.public,
                _replica_maker(
                    _replica_configuration(configuration, network, keys), keys, parts, directory
                ),
                parts.storage or _open_storage(configuration, clock),
                network,
                clock,
            )
            async with driver.opened(), trio.open_nursery() as nursery:
                controller = Controller(
                    driver, network, configuration, clock, directory.following_key
                )
                _introduce(controller)
                _ = await nursery.start(driver.run)
                nursery.start_soon(_discover, controller, driver)
                nursery.start_soon(watch_generation, driver.distrust)
                try:
                    yield controller
                finally:
                    with trio.move_on_after(STOP_S_MAX, shield=True):
                        await driver.stop()
                nursery.cancel_scope.cancel()
        finally:
            network.release()


def _joins_only(configuration: Configuration) -> bool:
    """Whoever was told where the others are never founds an environment by itself."""
    cluster = configuration.cluster
    return (bool(cluster.seeds) or cluster.invite is not None) and not cluster.found


def _open_sockets(configuration: Configuration) -> SocketNetwork:
    bindings = bind(configuration.listen.addresses, configuration.listen.port)
    return SocketNetwork(bindings, configuration.limits.streams_max)


def _open_storage(configuration: Configuration, clock: Clock) -> SqliteStorage:
    unsynced_ms = int(os.environ.get(TORTURE_VARIABLE, "0"))
    if unsynced_ms:
        log.note(
            logging.WARNING,
            "torture",
            f"{TORTURE_VARIABLE} is set: writes wait up to {unsynced_ms} ms before they are synced",
        )
    return SqliteStorage(
        configuration.controller.data_dir,
        clock,
        configuration.limits.restart_wait_s_max * SECOND,
        unsynced_ms,
        kernel_folder(),
    )


def _replica_configuration(
    configuration: Configuration, network: Network, keys: Keys
) -> ReplicaConfiguration:
    port = network.listening[0].port
    configured = [Address(each.host, each.port or port) for each in configuration.listen.advertised]
    return ReplicaConfiguration(
        name=configuration.controller.name,
        site=configuration.controller.site,
        addresses=advertised(network.listening, configured),
        profile=configuration.cluster.profile,
        found=configuration.cluster.found,
        joins_only=_joins_only(configuration),
        memory_lost=keys.lost_journal,
        is_newborn=keys.is_new,
        ticket=_ticket(configuration),
    )


def _ticket(configuration: Configuration) -> Ticket | None:
    invitation = configuration.cluster.invite
    return None if invitation is None else Ticket(invitation, NaClSigner(invitation.seed))


def _replica_maker(
    configuration: ReplicaConfiguration, keys: Keys, parts: Parts, directory: DataDirectory
) -> Callable[[Image], Replica]:
    suite = NaClSuite()
    operator = keys.operator

    def make(image: Image) -> Replica:
        nonlocal operator
        if operator is None and parts.keys is None and may_found(configuration, image):
            operator = directory.founding_key()
        seed = os.urandom(32) if parts.luck is None else parts.luck.randbytes(32)
        luck = Random(seed)  # noqa: S311  names and jitter, no keys
        exchange = directory.exchange(keys.exchange, image.meta.get(EXCHANGE_META, b""))
        return Replica(keys.identity, operator, exchange, configuration, luck, suite, image)

    return make


def _introduce(controller: Controller) -> None:
    addresses = ", ".join(str(address) for address in controller.addresses)
    log.note(
        logging.INFO,
        "started",
        f"controller {controller.name}, fingerprint {fingerprint(controller.id)}, at {addresses}",
    )


async def _discover(controller: Controller, driver: Driver[Replica]) -> None:
    """Look for others, and say on the local network that this one is there, until cancelled."""
    cluster = controller.configuration.cluster
    sightings = Sightings(driver.take)
    changes = controller.subscribe(Noticed, MemberChanged, ConfigurationSwapped, Renewed)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(follow_seeds, cluster.seeds, sightings)
        announce = _start_multicast(controller, sightings, nursery) if cluster.mdns else None
        async for change in changes:
            if isinstance(change, Renewed | Missed):
                sightings.replay()
            if announce is not None:
                announce()


def _start_multicast(
    controller: Controller, sightings: Sightings, nursery: trio.Nursery
) -> Callable[[], None]:
    """Speak mDNS in ``nursery``; what is returned brings up to date what is said."""
    # zeroconf takes 10 MB and a tenth of a second: it is loaded where it is wanted
    from mesh.driver.discovery.multicast import Announcement, Multicast  # noqa: PLC0415

    def announce() -> None:
        environment = controller.replica.desk.environment
        multicast.announce(
            Announcement(
                fingerprint(controller.id),
                controller.addresses,
                environment.hex() if any(environment) else "",
            )
        )

    multicast = Multicast(sightings, controller.listening)
    announce()
    nursery.start_soon(multicast.run)
    return announce
