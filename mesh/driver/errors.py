"""What a caller of the driver can meet; each text says what happened, why, and what to do.

A start that cannot be is one clear line; a call that cannot be done says whether it may have
happened all the same.
"""


class ControllerError(Exception):
    """Everything below; its text is meant for people."""


class StartError(ControllerError):
    """The controller cannot start here as it is configured; nothing was changed."""


class DirectoryInUse(StartError):
    """Another process has the data directory open."""


class ForeignDirectory(StartError):
    """The data directory is that of another controller, or not one of ours at all."""


class NewerDirectory(StartError):
    """The data directory was written by a newer version, which this one cannot read."""


class BadKeyFile(StartError):
    """A key file that is not one, or that others may read."""


class ExposedKeyFile(BadKeyFile):
    """Others may read a private key."""


class AddressUnusable(StartError):
    """The address to listen on is taken, or is not one of this host."""


class DiskFailed(ControllerError):
    """The journal cannot be opened, read or written now; it may be later."""


class Refused(ControllerError):
    """The controller said no. Nothing of the call took effect."""

    def __init__(self, code: int, errors: tuple[str, ...]) -> None:
        """``code`` is an exit code of the command line; ``errors`` are all mistakes at once."""
        super().__init__("; ".join(errors))
        self.code = code
        self.errors = errors


class Interrupted(ControllerError):
    """The controller stopped, or began a new life, while the call was open.

    It may have taken effect or not.
    """


class Overloaded(ControllerError):
    """Too many calls are open, or a new life begins. Nothing took effect; try again later."""
