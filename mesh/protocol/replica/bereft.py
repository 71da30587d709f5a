"""A key without a past: whoever lost its memory belongs somewhere, and founds nothing.

Somebody who wakes up with keys in his pocket and no idea to which house does not build a new one.
A controller that was told to found an environment, and whose journal is damaged or gone, waits
until the others, who know it by its key, take it in again. That it waits is kept on disk, so that
the next start does not think itself fresh. A person may still found, or begin as somebody else.
"""

from dataclasses import replace
from typing import Final

from mesh.protocol.admission.enrolment import ENVIRONMENT_KEY
from mesh.protocol.configuration import ReplicaConfiguration
from mesh.protocol.effects import Image, WriteMeta
from mesh.protocol.replica.desk import Desk

BEREFT_KEY: Final = "bereft"

BEREFT: Final = (
    "the journal of this controller was lost or damaged, and with it to which environment it"
    " belongs: it founds none by itself. Others who know its key take it in again by themselves, as"
    " soon as one of them is reached. Only where there are none, begin as a new controller: trellis"
    " up --new-identity"
)


def is_bereft(configuration: ReplicaConfiguration, image: Image) -> bool:
    """Whether this life should know more of itself than it does."""
    return configuration.memory_lost or bool(image.findings) or BEREFT_KEY in image.meta


def sobered(configuration: ReplicaConfiguration, image: Image) -> ReplicaConfiguration:
    """``configuration``, without founding where the memory that speaks against it may be lost."""
    if is_bereft(configuration, image):
        return replace(configuration, found=False, joins_only=True)
    return configuration


def may_found(configuration: ReplicaConfiguration, image: Image) -> bool:
    """Whether this life may come to found an environment: it has none, and forgot none."""
    return not sobered(configuration, image).joins_only and ENVIRONMENT_KEY not in image.meta


def note_loss(desk: Desk) -> None:
    """Remember it, and tell people."""
    desk.write(WriteMeta(BEREFT_KEY, b""))
    desk.notice("warning", "memory lost", BEREFT)
