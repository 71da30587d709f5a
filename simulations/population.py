"""Who is there: the hosts of a scenario, their keys and addresses, and copies that nobody planned.

A host keeps its key for ever; its address, its disk and the controller on it can change, and a copy
of a disk elsewhere makes a second host with the same key.
"""

from collections.abc import Callable, Iterator
from typing import Final

from msgspec.structs import replace

from mesh.protocol.configuration import ReplicaConfiguration
from mesh.protocol.effects import Image
from mesh.protocol.inputs import Sighted
from mesh.protocol.now import MILLISECOND, SECOND
from mesh.protocol.replica.rotating import EXCHANGE_META
from mesh.protocol.suite import Exchange, Signer
from mesh.wire.identity import Address
from simulations.host import Host, Surroundings
from simulations.inviting import Invites
from simulations.life import Life, Maker
from simulations.luck import Luck
from simulations.scenario import Host as HostPlan
from simulations.scenario import Scenario
from simulations.suites import Keys, MacKeys, NaclKeys
from simulations.tap import Tap

PORT: Final = 7_117

SIGHTING_NS_MAX: Final = 2 * SECOND
"""By then multicast DNS has told everybody of a new address."""

_OCTETS: Final = 256


class Population:
    """The hosts of one world, and what faults do to them as hosts."""

    def __init__(self, scenario: Scenario, luck: Luck, make: Maker) -> None:
        self.by_address: dict[Address, Host] = {}
        self.hosts: dict[str, Host] = {}
        """Those of the scenario, by name."""
        self.clones: list[Host] = []
        self.addresses = tuple(_addresses(len(scenario.hosts)))
        """Of all hosts of the scenario, as everybody knows them from the start."""
        self.exchange_keys: dict[str, bytes] = {}
        """By name: the public key with which each host's controller introduces itself, or which it
        was given last."""
        self._following: dict[str, bytes] = {}
        """By name: the public key that was made for that host last and that no life has used."""
        self._exchanges: dict[bytes, Exchange] = {}
        """By public key: every exchange key that is on the disk of some host."""
        self._used = len(scenario.hosts)
        self._scenario = scenario
        self._luck = luck
        self._make = make
        self._keys = self._suite()
        self.invites = Invites(luck, self._keys.signer, self.addresses)
        self._reasons: dict[str, int] = {}
        """By host: how many faults keep its controller from running."""
        self._doubted: dict[str, None] = {}
        """Hosts whose next start cannot prove that nothing was lost."""

    def _suite(self) -> Keys:
        if self._scenario.signatures == "ed25519":
            return NaclKeys(self._luck.stream("suite").randbytes(32))
        return MacKeys(self._luck.stream("suite").randbytes(32))

    @property
    def tap(self) -> Tap:
        """Where whatever they seal can be read."""
        return self._keys.tap

    def settle(self, world: Surroundings) -> None:
        """Make all hosts of the scenario."""
        for plan, address in zip(self._scenario.hosts, self.addresses, strict=True):
            self.hosts[plan.name] = self._settle(plan, plan.name, address, world)

    def everybody(self) -> Iterator[Host]:
        """All hosts, copies too."""
        yield from self.hosts.values()
        yield from self.clones

    def _settle(self, plan: HostPlan, key_of: str, address: Address, world: Surroundings) -> Host:
        secrets = self._luck.stream("key", key_of)
        identity = self._keys.signer(secrets.randbytes(32))
        exchange = self._keys.exchange(secrets.randbytes(32))
        self.exchange_keys[plan.name] = exchange.public
        self._exchanges[exchange.public] = exchange
        make = self._birth(plan, identity, exchange)
        host = Host(plan, address, identity.public, make, world, self._scenario.disk.sync)
        self.by_address[address] = host
        return host

    @property
    def operator(self) -> Signer:
        """The key of the one operator, which is beside each controller."""
        return self._keys.signer(self._luck.stream("operator").randbytes(32))

    def person(self, name: str) -> Signer:
        """The key of somebody else, who has it on a machine of his own."""
        return self._keys.signer(self._luck.stream("person", name).randbytes(32))

    def _birth(
        self, plan: HostPlan, identity: Signer, exchange: Exchange
    ) -> Callable[[int, Image, Address], Life]:
        operator = self.operator

        def make(life: int, image: Image, address: Address) -> Life:
            founds = plan.founds and life == 1
            invite = self.invites.of_step(plan.invite)
            configuration = ReplicaConfiguration(
                name=plan.name,
                site=plan.site,
                addresses=(address,),
                found=founds,
                joins_only=not (founds or plan.fresh),
                profile=self._scenario.profile,
                ticket=None if invite is None else invite.ticket,
            )
            random = self._luck.stream("replica", plan.name, life)
            used = self._exchanges[image.meta.get(EXCHANGE_META, exchange.public)]
            if self._following.get(plan.name) == used.public:
                del self._following[plan.name]
            return self._make(identity, operator, used, configuration, random, self._keys, image)

        return make

    def fresh_exchange_key(self, host: Host) -> bytes:
        """A new exchange key on the disk of ``host``, or the one not used yet: its public half.

        As drivers do it, so that no controller is asked to take two new keys at once.
        """
        if host.name in self._following:
            return self._following[host.name]
        secrets = self._luck.stream("key", host.name, len(self._exchanges))
        exchange = self._keys.exchange(secrets.randbytes(32))
        self._exchanges[exchange.public] = exchange
        self.exchange_keys[host.name] = self._following[host.name] = exchange.public
        return exchange.public

    # --- what faults do -----------------------------------------------------------------------

    def down(self, host: Host) -> None:
        """One more reason why no controller runs on ``host``."""
        self._reasons[host.name] = self._reasons.get(host.name, 0) + 1
        host.cancel_start()

    def up(self, host: Host, *, in_doubt: bool) -> None:
        """One reason less; its controller is started where none is left.

        Whichever of them brought doubt about the disk, it is there at the start.
        """
        if in_doubt:
            self._doubted[host.name] = None
        self._reasons[host.name] -= 1
        if self._reasons[host.name] or not host.life:
            return
        if host.is_running:
            host.stop(power=False)
        host.start(in_doubt=host.name in self._doubted)
        _ = self._doubted.pop(host.name, None)

    def free_address(self) -> Address:
        """An address that nobody has had yet."""
        self._used += 1
        return _address(self._used)

    def move(self, host: Host, address: Address) -> None:
        """``host`` is at ``address`` from now on, and soon the others hear of it."""
        _ = self.by_address.pop(host.address, None)
        host.address = address
        self.by_address[address] = host
        self._tell_of(host)

    def clone(self, host: Host, world: Surroundings, *, empty: bool) -> Host:
        """A host of its own with the key of ``host``; nothing runs there yet.

        It has a copy of the disk, or an ``empty`` one.
        """
        name = f"{host.name}'s copy {len(self.clones) + 1}"
        plan = replace(host.plan, name=name, founds=False)
        copy = self._settle(plan, host.name, self.free_address(), world)
        if not empty:
            copy.disk.durable = host.disk.durable.copy()
        self.clones.append(copy)
        self._tell_of(copy)
        return copy

    def _tell_of(self, host: Host) -> None:
        """As multicast DNS does: everybody sees it, and it sees everybody, each a while later."""
        address = host.address
        for other in self.everybody():
            if other is not host:
                host.hear_later(Sighted(other.address, "mdns"), self._while("mdns", host, other))
                other.hear_later(Sighted(address, "mdns"), self._while("mdns", other, host))

    def _while(self, purpose: str, one: Host, other: Host) -> int:
        luck = self._luck.stream(purpose, one.name, other.name, str(other.address))
        return luck.randrange(MILLISECOND, SIGHTING_NS_MAX)


def _addresses(count: int) -> Iterator[Address]:
    return (_address(number) for number in range(1, count + 1))


def _address(number: int) -> Address:
    return Address(f"10.0.{number // _OCTETS}.{number % _OCTETS}", PORT)
