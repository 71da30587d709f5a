"""The certificate of one's own, as OpenSSL reads it."""

import re
import ssl
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from mesh.driver.certificate import fingerprint, pem, private_key, self_signed

SEED = bytes(range(32))
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def openssl(*words: str, raw: bytes = b"") -> str:
    """What OpenSSL says."""
    done = subprocess.run(["openssl", *words], input=raw, capture_output=True, check=True)
    return done.stdout.decode()


def test_openssl_reads_and_verifies_it(tmp_path: Path) -> None:
    """Names, addresses, dates, and the signature by its own key."""
    text = pem("CERTIFICATE", self_signed(SEED, "ash", ["ash.lan", "192.0.2.7", "::1"], NOW))
    file = tmp_path / "certificate.pem"
    _ = file.write_bytes(text)
    shown = openssl("x509", "-noout", "-text", raw=text)
    assert "DNS:ash.lan, IP Address:192.0.2.7, IP Address:0:0:0:0:0:0:0:1" in shown
    assert "Not Before: Nov 21 00:00:00 2026" in shown
    assert re.search(r"Subject: CN ?= ?ash\b", shown)
    assert "OK" in openssl("verify", "-CAfile", str(file), "-check_ss_sig", str(file))


def test_its_key_is_the_one_that_signed(tmp_path: Path) -> None:
    """Key and certificate go together, and Python's TLS takes them."""
    shown, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    der = self_signed(SEED, "a" * 63, ["b" * 63 + ".lan"] * 4, NOW)
    _ = shown.write_bytes(pem("CERTIFICATE", der))
    _ = key.write_bytes(pem("PRIVATE KEY", private_key(SEED)))
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(shown, key)
    told = openssl("x509", "-noout", "-fingerprint", "-sha256", raw=shown.read_bytes())
    assert told.strip().endswith(fingerprint(der))
