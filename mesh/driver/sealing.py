"""The keys that open what is sealed to the controller of a data directory."""

from pathlib import Path
from typing import Final

from mesh.driver.directory import EXCHANGE, FOLLOWING
from mesh.driver.keys import NaClExchange, read_exchange_seed

_KEY_FILES: Final = (EXCHANGE, FOLLOWING)
"""The key in use, and one that is to follow it."""


def sealing_keys(data_dir: Path) -> tuple[NaClExchange, ...]:
    """The exchange keys of the controller whose data directory this is.

    Raises FileNotFoundError where there is none, PermissionError where they are another user's,
    BadKeyFile where they are no keys.
    """
    files = [data_dir / name for name in _KEY_FILES]
    present = [file for file in files if file.exists()] or files[:1]
    return tuple(NaClExchange(read_exchange_seed(file)) for file in present)
