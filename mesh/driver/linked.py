"""[links.NAME]: where another environment is reached, and with which credentials.

Which environment that is and whose word counts stands in the configuration of the environment,
signed; this is one controller's own way there.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mesh.driver.toml import Table, address, path_, text
from mesh.wire.identity import Address

LINKS_MAX: Final = 16
_PORT: Final = 4_748
_DIGITS: Final = 64
_HEXADECIMAL: Final = frozenset("0123456789ABCDEF")


@dataclass(frozen=True, slots=True)
class LinkSection:
    """One way to another environment: a unix socket on this host, or TCP with TLS and a token."""

    socket: Path | None = None
    address: Address | None = None
    fingerprint: str = ""
    """SHA-256 of the certificate there, hexadecimal digits in capitals; empty: by authorities."""
    token_file: Path | None = None


def read_links(table: Table) -> dict[str, LinkSection]:
    """All of them, by name; mistakes go where the table puts them."""
    links = {name: _link(table, name) for name in table.names()}
    if len(links) > LINKS_MAX:
        table.wrong("", f"{len(links)} links, at most {LINKS_MAX} are taken")
    return links


def _link(tables: Table, name: str) -> LinkSection:
    table = tables.table(name)
    section = LinkSection(
        socket=table.take("socket", path_, None),
        address=table.take("address", address(_PORT), None),
        fingerprint=_bare(table.take("fingerprint", text, "")),
        token_file=table.take("token_file", path_, None),
    )
    if (section.socket is None) == (section.address is None):
        table.wrong("address", "or socket: name one of them")
    if section.address is not None and section.token_file is None:
        table.wrong("token_file", "is missing: over TCP a token is shown")
    if section.fingerprint and not _is_fingerprint(section.fingerprint):
        table.wrong("fingerprint", "expected the SHA-256 that `trellis up` shows there")
    table.finish()
    return section


def _bare(spelled: str) -> str:
    return spelled.replace(":", "").upper()


def _is_fingerprint(bare: str) -> bool:
    return len(bare) == _DIGITS and set(bare) <= _HEXADECIMAL
