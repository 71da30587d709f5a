"""A mesh that has a past: everybody was admitted before anybody is switched on.

A thousand hosts that arrive one after the other cost more than all that follows. So the founder
does at its desk what an administrator does before the machines are shipped:

    founder     founds, and admits everybody in a few ChangeSets, alone
    the others  one short life each while all others are switched off: the founder's history is on
                the disk, and each writes that it began and what it has applied
    founder     finds these facts on its disk, and proposes what makes everybody active

Each fact is written by the controller whose name it bears, the real one, and each is on its disk
before it is on another's. Only the way from disk to disk is ours, as with an image that is copied.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from mesh.environment.kinds.controller import ACTIVE, LEARNER, NAME
from mesh.protocol.admission.enrolment import (
    ENVIRONMENT_KEY,
    decode_enrolment,
    encode_enrolment,
    settle,
)
from mesh.protocol.effects import WriteFact
from mesh.protocol.now import MILLISECOND
from mesh.wire.requests import Command, Value
from simulations.host import Host
from simulations.kernel import Kernel
from simulations.population import Population
from simulations.workload import Workload

LOOK_NS: Final = 10 * MILLISECOND

ADMITTED_TOGETHER_MAX: Final = 250
"""Admissions in one ChangeSet: about a quarter of the bytes that a request may have."""


class Prelude:
    """The past of ``hosts``, of which one founds."""

    def __init__(
        self, kernel: Kernel, population: Population, workload: Workload, hosts: Sequence[Host]
    ) -> None:
        self._kernel = kernel
        self._population = population
        self._workload = workload
        self._founder = next(host for host in hosts if host.plan.founds)
        self._others = [host for host in hosts if host is not self._founder]

    def play(self, limit_ns: int) -> Iterator[str]:
        """Let it happen until ``limit_ns`` at the latest; what is missing then.

        Afterwards the founder runs, and all others are down.
        """
        for missing, begin in self._acts():
            if not self._wait(begin(), limit_ns):
                yield missing
                return
        self._ship()

    def _acts(self) -> Iterator[tuple[str, Callable[[], Callable[[], bool]]]]:
        """What is missing while it is not done; what begins it, and answers whether it is done."""
        yield "nobody has founded an environment", self._found
        yield "the founder has not admitted everybody", self._admit
        self._founder.stop(power=False)
        for host in self._others:
            missing = f"{host.name} has not taken note of its admission"
            yield missing, partial(self._take_note, host)
            host.stop(power=False)
        yield "not everybody was made active", self._activate

    def _wait(self, is_done: Callable[[], bool], limit_ns: int) -> bool:
        while not is_done():
            until_ns = min(limit_ns, self._kernel.now_ns + LOOK_NS)
            if until_ns == self._kernel.now_ns:
                return False
            self._kernel.run(until_ns)
            if self._kernel.now_ns < until_ns:
                return False  # time stands still: a rule was violated
        return True

    # --- the founder --------------------------------------------------------------------------

    def _found(self) -> Callable[[], bool]:
        self._founder.start()
        return lambda: self._founder.is_member

    def _admit(self) -> Callable[[], bool]:
        for begin in range(0, len(self._others), ADMITTED_TOGETHER_MAX):
            batch = self._others[begin : begin + ADMITTED_TOGETHER_MAX]
            commands = tuple(map(self._admission, batch))
            _ = self._workload.submit(self._founder, f"admit from {begin + 1} on", commands)
        return lambda: all(_knows(self._founder, each, LEARNER) for each in self._others)

    def _admission(self, host: Host) -> Command:
        self._population.invites.accepted[host.controller] = None
        given: dict[str, Value] = {
            "controller": host.controller.hex(),
            "name": host.plan.name,
            "site": host.plan.site,
            "exchange_key": self._population.exchange_keys[host.name].hex(),
            "addresses": [str(host.address)],
        }
        return Command("controller", "admit", given)

    def _activate(self) -> Callable[[], bool]:
        for host in self._others:
            for row, signed in host.disk.durable.facts.items():
                if row.origin.controller == host.controller:
                    _hand_over(self._founder, WriteFact(*row, signed))
        self._founder.start()
        everybody = [host.controller for host in (*self._others, self._founder)]
        return lambda: _active(self._founder) == sorted(everybody)

    # --- the others ---------------------------------------------------------------------------

    def _take_note(self, host: Host) -> Callable[[], bool]:
        """``host`` finds the founder's history on its disk, and its place in the environment."""
        durable = self._founder.disk.durable
        place = settle(decode_enrolment(durable.meta[ENVIRONMENT_KEY]))
        enrolment = encode_enrolment(replace(place, introducer=self._founder.controller))
        for row, signed in durable.facts.items():
            _hand_over(host, WriteFact(*row, signed))
        host.disk.durable.meta[ENVIRONMENT_KEY] = enrolment
        host.start()
        return lambda: _is_member(host)

    def _ship(self) -> None:
        """All that the founder holds is on every disk."""
        facts = self._founder.disk.durable.facts
        for host in self._others:
            host.disk.durable.facts = dict(facts)


def _hand_over(host: Host, write: WriteFact) -> None:
    host.disk.durable.write(write)
    host.written(write)


def _knows(host: Host, who: Host, state: str) -> bool:
    """Whether ``host`` shows ``who`` in this state, and has written all that it has to say."""
    shown = host.replica.setting((NAME, who.controller.hex(), "state")) if host.replica else None
    return shown == state and host.disk.is_idle


def _is_member(host: Host) -> bool:
    """Whether ``host`` knows that it was admitted; the founder may have made it active already."""
    return any(_knows(host, host, state) for state in (LEARNER, ACTIVE))


def _active(host: Host) -> list[bytes]:
    glance = host.replica.glance() if host.replica is not None else None
    is_settled = glance is not None and not glance.unsettled and host.disk.is_idle
    return list(glance.active) if is_settled and glance is not None else []
