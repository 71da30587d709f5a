"""A self-signed certificate for the API, for whoever has none: X.509 (RFC 5280) with Ed25519.

Clients pin its fingerprint, so it needs no authority and hardly ever an end. What little of DER
(X.690) that takes is written down here, since no library that we need otherwise makes
certificates. OpenSSL 1.1.1 and what stands on it reads them; browsers do not take Ed25519, and
want a certificate of an authority anyway: name one in [api].
"""

import base64
import hashlib
import ipaddress
import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from mesh.driver.keys import NaClSigner

LIFETIME: Final = timedelta(days=3_650)
"""Ten years: it is trusted for its fingerprint, and whoever replaces it shows another one."""

_LATE: Final = timedelta(days=1)
"""Begins so much before now: clients' clocks are not ours."""

_INTEGER, _BITS, _OCTETS, _OID, _UTF8, _UTC, _SEQUENCE, _SET = 2, 3, 4, 6, 12, 23, 48, 49
_VERSION, _EXTENSIONS, _DNS, _IP = 0xA0, 0xA3, 0x82, 0x87
_ED25519: Final = bytes([0x2B, 0x65, 0x70])
_COMMON_NAME: Final = bytes([0x55, 0x04, 0x03])
_ALTERNATIVE_NAMES: Final = bytes([0x55, 0x1D, 0x11])
_SHORT_MAX: Final = 0x7F


def self_signed(seed: bytes, name: str, hosts: Iterable[str], now: datetime) -> bytes:
    """The certificate in DER of the key with ``seed``, for the names and addresses ``hosts``."""
    key = NaClSigner(seed)
    algorithm = _tlv(_SEQUENCE, _tlv(_OID, _ED25519))
    attribute = _tlv(_SEQUENCE, _tlv(_OID, _COMMON_NAME), _tlv(_UTF8, name.encode()))
    distinguished = _tlv(_SEQUENCE, _tlv(_SET, attribute))
    signed = _tlv(
        _SEQUENCE,
        _tlv(_VERSION, _tlv(_INTEGER, b"\x02")),
        _tlv(_INTEGER, b"\x01" + os.urandom(15)),
        algorithm,
        distinguished,
        _tlv(_SEQUENCE, _time(now - _LATE), _time(now + LIFETIME)),
        distinguished,
        _tlv(_SEQUENCE, algorithm, _tlv(_BITS, b"\x00", key.public)),
        _tlv(_EXTENSIONS, _tlv(_SEQUENCE, _alternative_names(hosts))),
    )
    return _tlv(_SEQUENCE, signed, algorithm, _tlv(_BITS, b"\x00", key.sign(signed)))


def private_key(seed: bytes) -> bytes:
    """The key with ``seed`` in DER, as PKCS #8 has it (RFC 8410)."""
    algorithm = _tlv(_SEQUENCE, _tlv(_OID, _ED25519))
    return _tlv(_SEQUENCE, _tlv(_INTEGER, b"\x00"), algorithm, _tlv(_OCTETS, _tlv(_OCTETS, seed)))


def pem(label: str, der: bytes) -> bytes:
    """``der`` as text (RFC 7468)."""
    body = base64.encodebytes(der).decode().replace("\n", "")
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()


def fingerprint(der: bytes) -> str:
    """SHA-256 of a certificate, as OpenSSL and browsers show it."""
    digits = hashlib.sha256(der).hexdigest().upper()
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def _alternative_names(hosts: Iterable[str]) -> bytes:
    names = _tlv(_SEQUENCE, *(_host(host) for host in hosts))
    return _tlv(_SEQUENCE, _tlv(_OID, _ALTERNATIVE_NAMES), _tlv(_OCTETS, names))


def _host(host: str) -> bytes:
    try:
        return _tlv(_IP, ipaddress.ip_address(host).packed)
    except ValueError:
        return _tlv(_DNS, host.encode())


def _time(moment: datetime) -> bytes:
    return _tlv(_UTC, moment.strftime("%y%m%d%H%M%SZ").encode())


def _tlv(tag: int, *parts: bytes) -> bytes:
    """Tag, length, value."""
    value = b"".join(parts)
    size = len(value)
    if size <= _SHORT_MAX:
        return bytes([tag, size]) + value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + value
