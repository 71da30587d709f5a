"""Hosts named by what they have in common: ``site:office`` and ``label:rack 3``.

Troubles rarely strike single hosts: a site loses its line, a rack its power, all machines of one
kind their clock. A fault that has room for several hosts gets all of them; where it has room for
one, there is one such fault for each. What comes out names hosts only, and runs as it is.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Final

from msgspec.structs import replace

from simulations.plan import Name
from simulations.scenario import Host, Link, Scenario
from simulations.troubles import AnyFault, Matrix

SITE: Final = "site:"
LABEL: Final = "label:"

_ONE_HOST: Final = ("host", "source", "target", "one", "other")
_SEVERAL_HOSTS: Final = ("hosts", "bridges")
_GROUPS: Final = "groups"


class UnknownHost(ValueError):
    """A scenario names a host, a site or a label that no host of it has."""


def resolved(scenario: Scenario) -> Scenario:
    """The same scenario, with hosts only where hosts are named.

    Raises UnknownHost.
    """
    who = Selection(scenario.hosts)
    for step in scenario.workload:
        _ = who.named(step.host)
    return replace(
        scenario,
        faults=tuple(each for fault in scenario.faults for each in who.faults(fault)),
        core=who.all_named(scenario.core),
        links=tuple(who.link(link) for link in scenario.links),
    )


class Selection:
    """Which hosts a word stands for."""

    def __init__(self, hosts: tuple[Host, ...]) -> None:
        self._known: dict[str, list[Name]] = {}
        for host in hosts:
            words = (SITE + host.site, *(LABEL + label for label in host.labels))
            self._known[host.name] = [host.name]
            for word in words:
                self._known.setdefault(word, []).append(host.name)

    def named(self, word: Name) -> tuple[Name, ...]:
        """The hosts that ``word`` stands for, in their order.

        Raises UnknownHost.
        """
        if word not in self._known:
            known = ", ".join(self._known)
            raise UnknownHost(f"{word!r} names no host of this scenario; there are {known}")
        return tuple(self._known[word])

    def all_named(self, words: tuple[Name, ...]) -> tuple[Name, ...]:
        """The hosts that all of ``words`` stand for, each once."""
        return tuple(dict.fromkeys(name for word in words for name in self.named(word)))

    def link(self, link: Link) -> Link:
        """``link`` between hosts.

        Raises UnknownHost.
        """
        return replace(link, hosts=self.all_named(link.hosts), others=self.all_named(link.others))

    def faults(self, fault: AnyFault) -> Iterator[AnyFault]:
        """``fault`` once for each way in which its places for one host can be filled."""
        fault = replace(fault, **self._several(fault))
        single = [field for field in _ONE_HOST if hasattr(fault, field)]
        for names in product(*(self.named(getattr(fault, field)) for field in single)):
            if len(set(names)) == len(names):
                yield replace(fault, **dict(zip(single, names, strict=True)))

    def _several(self, fault: AnyFault) -> Mapping[str, object]:
        fields: dict[str, object] = {
            field: self.all_named(getattr(fault, field))
            for field in _SEVERAL_HOSTS
            if hasattr(fault, field)
        }
        if hasattr(fault, _GROUPS):
            fields[_GROUPS] = tuple(self.all_named(group) for group in fault.groups)
        if isinstance(fault, Matrix):
            fields["hears"] = {
                listener: self.all_named(heard)
                for word, heard in fault.hears.items()
                for listener in self.named(word)
            }
        return fields
