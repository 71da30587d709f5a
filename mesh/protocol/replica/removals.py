"""Who removed a controller, and in which ChangeSet: what whoever was removed wants to know."""

from mesh.protocol.history import History, LogEntry
from mesh.wire.identity import fingerprint

COME_BACK = (
    "to come back it needs a new key and an invite: trellis up --new-identity --invite CODE"
    " sets the old key aside"
)


def removal_of(history: History, controller: bytes) -> LogEntry | None:
    """The ChangeSet that removed ``controller``, as far as it is in the history."""
    key = ("controller", controller.hex(), "state")
    for entry in history.log():
        if any(change.key == key and change.after == "removed" for change in entry.written_keys):
            return entry
    return None


def why_removed(history: History, controller: bytes) -> str:
    """One sentence about that: by whom, in which ChangeSet, for which reason."""
    entry = removal_of(history, controller)
    if entry is None:
        return "this controller was removed from the environment"
    reason = f" ({entry.reason})" if entry.reason else ""
    return (
        f"this controller was removed by {_signer(history, entry.signer)} in ChangeSet"
        f" {entry.tx.hex()[:8]}{reason}"
    )


def _signer(history: History, key: bytes) -> str:
    """What people call whoever signed with ``key``."""
    for kind in ("operator", "token"):
        for name, fields in history.state.items(kind):
            if fields.get("key") == key.hex():
                return f"{kind} '{name}'"
    called = history.state.read(("controller", key.hex(), "name"))
    return str(called) if called is not None else f"the key {fingerprint(key)}"
