"""What names a data set: two of them never merge by accident."""

from hashlib import blake2b

import cbor2

from crdt.limits import epoch_bytes


def data_set_epoch(environment: bytes, generation: int, nonce: bytes) -> bytes:
    """Return the 16 bytes that name the data of an environment's generation.

    `nonce` is the 16 random bytes of the generation.
    """
    told = cbor2.dumps((environment, generation, nonce))
    return blake2b(told, digest_size=epoch_bytes).digest()
