"""What a call that is not carried out says, and with which exit code of the command line."""

FAILED, REFUSED, CONFLICT = 1, 4, 5
"""Exit codes of the command line."""


class Declined(Exception):
    """A call that is not carried out: the exit ``code``, and all that is wrong with it."""

    def __init__(self, code: int, *errors: str) -> None:
        super().__init__("; ".join(errors))
        self.code = code
        self.errors = errors
