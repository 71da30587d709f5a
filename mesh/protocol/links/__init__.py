"""Streams: who is connected, who is dialled, and which of two streams to one controller counts."""

from mesh.protocol.links.addresses import KnownAddress, Source
from mesh.protocol.links.limits import DRAIN_REPORT_BYTES
from mesh.protocol.links.machine import Links
from mesh.protocol.links.steps import (
    Connected,
    Connection,
    Departed,
    Disconnected,
    Greeted,
    LinkEvent,
    LinkStatistics,
    LinkStep,
    Received,
    TwinMet,
)

__all__ = [
    "DRAIN_REPORT_BYTES",
    "Connected",
    "Connection",
    "Departed",
    "Disconnected",
    "Greeted",
    "KnownAddress",
    "LinkEvent",
    "LinkStatistics",
    "LinkStep",
    "Links",
    "Received",
    "Source",
    "TwinMet",
]
