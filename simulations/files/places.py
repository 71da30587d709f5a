"""Sites and hosts: who is there, where, and what is special about one of them.

    [sites]
    office = ["ash", "birch"]                    named hosts
    cloud = 3                                    cloud-1, cloud-2, cloud-3
    home = { hosts = 2, labels = ["slow"] }      the same, with labels for all of them

    [hosts.birch]
    wall_offset = "3 ms"                         anything that a host can have

The first host founds the environment, unless another one is told to, or some are fresh.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from mesh.environment.shapes import NAME
from simulations.files.positions import Place
from simulations.files.problems import Notes, hint
from simulations.files.reading import Names, Reader, kind_of
from simulations.scenario import HOSTS_MAX, Host

SITES = "sites"
HOSTS = "hosts"
LABELS = "labels"


def read_places(
    document: Mapping[str, object], steps: tuple[str, ...], notes: Notes
) -> tuple[Host, ...]:
    """All hosts of a document, in their order; what is wrong goes into ``notes``.

    ``steps`` are the names of its steps.
    """
    sites = document.get(SITES)
    if not isinstance(sites, dict) or not sites:
        notes.wrong((SITES,), "is wanted: a table of sites, such as office = 3")
        return ()
    hosts: dict[str, Host] = {}
    for site, value in sites.items():
        place: Place = (SITES, site)
        _check_name(site, place, notes)
        for name, labels in _members(site, value, place, notes):
            _check_name(name, place, notes)
            if name in hosts:
                notes.wrong(place, f"there are two hosts {name!r}: names are unique")
            hosts[name] = Host(name, site, labels)
    if len(hosts) > HOSTS_MAX:
        notes.wrong((SITES,), f"has {len(hosts)} hosts, at most {HOSTS_MAX} can be simulated")
    _add_details(document.get(HOSTS, {}), hosts, Reader(notes, Names(steps=steps)), notes)
    return _with_founder(tuple(hosts.values()))


def _check_name(name: str, place: Place, notes: Notes) -> None:
    for error in NAME.errors(name, repr(name)):
        notes.wrong(place, error)


def _members(
    site: str, value: object, place: Place, notes: Notes
) -> list[tuple[str, tuple[str, ...]]]:
    """The hosts of one site, with their labels."""
    labels: object = []
    if isinstance(value, dict):
        for key in value:
            if key not in {HOSTS, LABELS}:
                notes.wrong((*place, key), f"unknown key; {hint(key, (HOSTS, LABELS))}")
        labels = value.get(LABELS, [])
        value, place = value.get(HOSTS), (*place, HOSTS)
    if not isinstance(labels, list) or not all(isinstance(each, str) for each in labels):
        notes.wrong(place, "labels are a list of words")
        labels = []
    names: list[str] = []
    match value:
        case bool():
            notes.wrong(place, "is true or false, a number of hosts or their names are wanted")
        case int() if 1 <= value <= HOSTS_MAX:
            names = [f"{site}-{number}" for number in range(1, value + 1)]
        case [*items] if items and all(isinstance(each, str) for each in items):
            names = [str(each) for each in items]
        case _:
            wanted = f"a number of hosts, 1 to {HOSTS_MAX}, or their names are wanted"
            notes.wrong(place, f"is {kind_of(value)}; {wanted}")
    return [(name, tuple(map(str, labels))) for name in names]


def _add_details(details: object, hosts: dict[str, Host], reader: Reader, notes: Notes) -> None:
    if not isinstance(details, dict):
        notes.wrong((HOSTS,), f"is {kind_of(details)}, tables such as [hosts.ash] are wanted")
        return
    for name, value in details.items():
        place: Place = (HOSTS, name)
        if name not in hosts:
            notes.wrong(place, f"there is no host {name!r}; {hint(name, hosts)}")
        elif not isinstance(value, dict):
            notes.wrong(place, f"is {kind_of(value)}, a table is wanted")
        else:
            plain = hosts[name]
            given = {"name": name, "site": plain.site}
            host = reader.struct(Host, value, place, given)
            if host is not None:
                hosts[name] = replace(host, labels=(*plain.labels, *host.labels))


def _with_founder(hosts: tuple[Host, ...]) -> tuple[Host, ...]:
    if any(host.founds or host.fresh for host in hosts):
        return hosts
    first = next((host for host in hosts if host.joins_ns is None), None)
    return tuple(replace(host, founds=True) if host is first else host for host in hosts)
