"""Every parser that reads what others wrote."""

from typing import Final

from tests.fuzz.target import Target
from tests.fuzz.targets import files, local, sealed, stores, wire

TARGETS: Final[dict[str, Target]] = {
    **wire.TARGETS,
    **sealed.TARGETS,
    **stores.TARGETS,
    **files.TARGETS,
    **local.TARGETS,
}
