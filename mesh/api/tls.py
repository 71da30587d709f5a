"""TLS for the API on TCP: the certificate that [api] names, or one of its own.

TLS 1.2 at least, with OpenSSL's own choice of ciphers. A certificate of its own is made at the
first start, kept in the data directory, and known by its fingerprint, which is shown at each start.
"""

import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from mesh.driver.certificate import fingerprint, pem, private_key, self_signed
from mesh.driver.configuration import ApiSection, Configuration
from mesh.driver.errors import StartError
from mesh.driver.keys import write_durably

CERTIFICATE: Final = "api-certificate.pem"
KEY: Final = "api-key.pem"
_SEED_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Tls:
    """What a listener needs, and what people pin."""

    context: ssl.SSLContext
    fingerprint: str
    """SHA-256 of the certificate."""


def open_tls(configuration: Configuration) -> Tls:
    """The certificate to be shown. Raises StartError where it cannot be used."""
    certificate, key = _files(configuration)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key)
        _demand_clients(context, configuration.api)
        shown = ssl.PEM_cert_to_DER_cert(_first(certificate.read_text()))
    except (OSError, ValueError) as error:
        raise StartError(f"the API's certificate cannot be used: {error}") from error
    return Tls(context, fingerprint(shown))


def _files(configuration: Configuration) -> tuple[Path, Path]:
    api = configuration.api
    if api.certificate is not None and api.key is not None:
        return api.certificate, api.key
    directory = configuration.controller.data_dir
    certificate, key = directory / CERTIFICATE, directory / KEY
    if not (certificate.exists() and key.exists()):
        assert api.listen is not None, "without a listener there is no certificate"
        _make(certificate, key, configuration.controller.name, api.listen.host)
    return certificate, key


def _make(certificate: Path, key: Path, name: str, host: str) -> None:
    seed = os.urandom(_SEED_BYTES)
    hosts = dict.fromkeys((name, host, "localhost"))
    shown = self_signed(seed, name, hosts, datetime.now(UTC))
    write_durably(key, pem("PRIVATE KEY", private_key(seed)))
    write_durably(certificate, pem("CERTIFICATE", shown))


def _demand_clients(context: ssl.SSLContext, api: ApiSection) -> None:
    """Only who shows a certificate of this authority is heard at all; a token is needed, too."""
    if api.client_ca is not None:
        context.load_verify_locations(api.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED


def _first(text: str) -> str:
    """The first certificate of a chain: the one that is shown as ours."""
    end = "-----END CERTIFICATE-----"
    return text[text.index("-----BEGIN CERTIFICATE-----") : text.index(end)] + end
