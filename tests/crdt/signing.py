"""Stores that sign and verify, with a keyed hash in place of signatures."""

from hashlib import blake2b

from crdt import OwnedStore, Store
from tests.crdt.duo import A, B, Duo
from tests.crdt.world import EPOCH, SECRET


def sign(name: bytes, header: bytes) -> bytes:
    """What only `name` can say: a replica id, or for a watermark a controller."""
    return blake2b(header, key=name, digest_size=64).digest()


class Verifier:
    """Checks signatures, counts how often, and knows everybody but the `strangers`."""

    def __init__(self, *strangers: bytes) -> None:
        self.checked = 0
        self.strangers = strangers

    def __call__(self, name: bytes, header: bytes, signature: bytes) -> bool | None:
        """Whether `name` signed this header; None where nobody knows who that is."""
        self.checked += 1
        return None if name in self.strangers else sign(name, header) == signature


def signed_store(
    replica: bytes, verifier: Verifier | None = None, controller: bytes | None = None
) -> Store:
    """Make a kept store that signs as its replica id, or as its `controller`, and verifies."""
    return Store(
        replica,
        EPOCH,
        SECRET,
        seal=lambda header: sign(controller or replica, header),
        verify=verifier or Verifier(),
    )


def signed_owned(replica: bytes) -> OwnedStore:
    """Make an owned store that signs as its replica id, and verifies."""
    return OwnedStore(
        replica, EPOCH, SECRET, seal=lambda header: sign(replica, header), verify=Verifier()
    )


def signed_duo(left: Store | None = None, right: Store | None = None) -> Duo:
    """Two signing stores and a wire."""
    return Duo(
        signed_store(A) if left is None else left,
        signed_store(B) if right is None else right,
        (signed_owned(A), signed_owned(B)),
    )
