"""Secrets that this controller may read and has no copy of, and those that nobody may read."""

from collections.abc import Iterator, Mapping

from mesh.environment.kinds import secret
from mesh.protocol.replica.door import Replica
from mesh.protocol.replica.participant import Participant
from mesh.protocol.replica.views.memory import Finding, finding
from mesh.wire.requests import Value
from mesh.wire.secrets import PLACE


def missing_secrets(replica: Replica) -> Iterator[Finding]:
    """One finding for each secret that is waited for here, or lost everywhere."""
    inside = replica.participant
    if inside is None:
        return
    for name, fields in inside.history.state.items(secret.NAME):
        if not _has_readers(inside, fields):
            yield finding(
                "warning",
                "secrets",
                f"nobody that is left may read the secret '{name}'",
                f"set it anew: trellis secret set {name} --reader CONTROLLER",
            )
        elif _is_missing(inside, name, replica.own.controller.hex()):
            yield finding(
                "warning",
                "secrets",
                f"the secret '{name}' is not held here yet",
                f"on a host that holds it: trellis secret share {name}",
            )


def _has_readers(inside: Participant, fields: Mapping[str, Value]) -> bool:
    readers = fields["readers"]
    assert isinstance(readers, list), "the kind says so"
    return any(inside.roster.has(bytes.fromhex(str(each))) for each in readers)


def _is_missing(inside: Participant, name: str, own: str) -> bool:
    fields = inside.history.state.fields((secret.NAME, name))
    readers = fields["readers"]
    assert isinstance(readers, list), "the kind says so"
    if own not in readers:
        return False
    reading = inside.information.read((PLACE, name, str(fields["version"]), own))
    copies = () if reading is None else (reading.value, *reading.conflicts)
    exchange_key = inside.history.state.read(("controller", own, "exchange_key"))
    return not any(isinstance(each, Mapping) and each.get("to") == exchange_key for each in copies)
