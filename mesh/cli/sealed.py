"""Sealed copies of secrets, where they are kept: running information below ``/secrets``.

``/secrets/NAME/VERSION/CONTROLLER`` says to which exchange key a copy was sealed, and holds it.
Such an entry is worth what the commitment in the configuration says of it: whoever overwrites or
removes one can keep a reader from reading, and can make nobody believe another value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast

from mesh.cli.client import Client, Json
from mesh.cli.errors import FAILED, CommandError
from mesh.wire.secrets import PLACE, Opening, Version, decode_opening, encode_opening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mesh.protocol.replica.views import Listing

COPIES_PER_WRITE: Final = 8
"""Sealed copies in one write-group: each is up to 17 kB, spelled in hex."""


class Controller(NamedTuple):
    """A controller that a secret can be sealed to."""

    key: str
    name: str
    exchange_key: str

    def is_among(self, held: dict[str, str]) -> bool:
        """Whether its copy is sealed to the exchange key that it has now."""
        return held.get(self.key) == self.exchange_key


class Secret(NamedTuple):
    """A secret, as the configuration has it."""

    published: Version
    readers: list[str]
    """Keys of controllers; some may be removed by now."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.published.name


def controllers(client: Client) -> dict[str, Controller]:
    """Those who are admitted, by key."""
    return {
        key: Controller(key, str(fields["name"]), str(fields["exchange_key"]))
        for key, fields in _objects(client, "controller").items()
        if fields["state"] != "removed"
    }


def secrets(client: Client) -> dict[str, Secret]:
    """All secrets, by name."""
    return {name: _secret(name, each) for name, each in _objects(client, "secret").items()}


def _secret(name: str, fields: dict[str, Json]) -> Secret:
    version, commitment = str(fields["version"]), str(fields["commitment"])
    published = Version(name, bytes.fromhex(version), bytes.fromhex(commitment))
    return Secret(published, [str(each) for each in cast("list[Json]", fields["readers"])])


def _objects(client: Client, kind: str) -> dict[str, dict[str, Json]]:
    told = client.get("/v1/environment", kind=kind)["objects"]
    return cast("dict[str, dict[str, dict[str, Json]]]", told).get(kind, {})


def publish(
    client: Client, published: Version, opening: Opening, readers: list[Controller]
) -> None:
    """Seal the value to each of ``readers``, here, and have the copies spread."""
    from mesh.driver.keys import seal

    plain, writes = encode_opening(opening), list[dict[str, object]]()
    for reader in readers:
        sealed = seal(bytes.fromhex(reader.exchange_key), plain)
        if sealed is None:
            raise CommandError(FAILED, f"the exchange key of {reader.name} is no key.")
        path = f"{_below(published)}/{reader.key}"
        writes.append({"path": path, "value": {"to": reader.exchange_key, "sealed": sealed.hex()}})
    for start in range(0, len(writes), COPIES_PER_WRITE):
        _ = client.post("/v1/info", {"writes": writes[start : start + COPIES_PER_WRITE]})


def holders(client: Client, published: Version) -> dict[str, str]:
    """The exchange keys to which copies are sealed, by the keys of the controllers."""
    return {reader: to for reader, to, _ in _copies(client, published)}


def _copies(client: Client, published: Version) -> Iterator[tuple[str, str, str]]:
    listing = cast("Listing", client.get("/v1/info", prefix=_below(published)))
    for entry in listing["entries"]:
        reader = entry["path"].rpartition("/")[2]
        for value in (entry["value"], *entry["conflicts"]):
            match value:
                case {"to": str(to), "sealed": str(sealed)}:
                    yield reader, to, sealed
                case _:
                    pass  # whoever may write below /secrets can write anything there


def unsealed(client: Client, secret: Secret, data_dir: Path) -> Opening:
    """The value, by the key file in ``data_dir``. Raises CommandError where it cannot be read."""
    from mesh.driver.errors import BadKeyFile
    from mesh.driver.sealing import sealing_keys

    try:
        keys = {key.public.hex(): key for key in sealing_keys(data_dir)}
    except (OSError, BadKeyFile) as error:
        raise CommandError(
            FAILED, f"the key of the controller here cannot be read: {error}"
        ) from None
    for _, to, sealed in _copies(client, secret.published):
        plain = keys[to].open_sealed(_bytes(sealed)) if to in keys else None
        opening = None if plain is None else decode_opening(plain, secret.published)
        if opening is not None:
            return opening
    raise CommandError(
        FAILED,
        f"the controller here holds no copy of '{secret.name}'; `trellis secret readers"
        f" {secret.name}` says who does.",
    )


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def clear(client: Client, name: str, version: str = "") -> None:
    """Remove the copies of one version, or all of them; what is not there is no mistake."""
    path = f"/{PLACE}/{name}/{version}" if version else f"/{PLACE}/{name}"
    listing = cast("Listing", client.get("/v1/info", prefix=path))
    if listing["entries"]:
        _ = client.delete(f"/v1/info{path}", recursive="true")


def _below(published: Version) -> str:
    return f"/{PLACE}/{published.name}/{published.version.hex()}"
