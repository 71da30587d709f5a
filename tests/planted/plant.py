"""Plants one bug in a worker of the simulator: ``--plant tests.planted.plant:NAME``.

Every bug of the tables is a function of this module, so what was found can be looked at with the
simulator's own commands.
"""

from collections.abc import Callable

import pytest

from tests.planted.tables import all_bugs


def __getattr__(name: str) -> Callable[[], None]:
    """The function that plants the bug called ``name``, for as long as the process lives."""
    bug = all_bugs().get(name)
    if bug is None:
        raise AttributeError(f"no planted bug is called {name!r}")
    return lambda: bug.plant(pytest.MonkeyPatch())
