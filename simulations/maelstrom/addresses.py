"""Nodes have names, controllers have addresses: which is which."""

from collections.abc import Sequence
from typing import Final

from mesh.wire.identity import Address

PORT: Final = 7_117

NODES_MAX: Final = 250
"""As many as the last part of an address can tell apart."""


class Addresses:
    """The addresses of the nodes of one test; all nodes are told the same list."""

    def __init__(self, nodes: Sequence[str]) -> None:
        assert len(nodes) <= NODES_MAX, "more nodes than addresses"
        self._by_node = {
            node: Address(f"10.0.0.{number}", PORT) for number, node in enumerate(nodes, start=1)
        }
        self._by_address = {address: node for node, address in self._by_node.items()}

    def of(self, node: str) -> Address | None:
        """Where ``node`` listens; None for a client."""
        return self._by_node.get(node)

    def node(self, address: Address) -> str | None:
        """Who listens at ``address``."""
        return self._by_address.get(address)

    def all(self) -> tuple[Address, ...]:
        """All of them, in the order of the list."""
        return tuple(self._by_address)
