"""Every parser that reads what others wrote."""

from typing import Final

from tests.fuzz.target import Target
from tests.fuzz.targets import files as files
from tests.fuzz.targets import kept as kept
from tests.fuzz.targets import local as local
from tests.fuzz.targets import sealed as sealed
from tests.fuzz.targets import stores as stores
from tests.fuzz.targets import wire as wire

TARGETS: Final[dict[str, Target]] = {
    **wire.TARGETS,
    **sealed.TARGETS,
    **stores.TARGETS,
    **kept.TARGETS,
    **files.TARGETS,
    **local.TARGETS,
}
