"""The counters that a network keeps while it works."""

from dataclasses import dataclass

from mesh.driver.network.interface import NetworkStatistics


@dataclass(slots=True)
class Counts:
    """See `NetworkStatistics` for what each one counts."""

    datagrams_received: int = 0
    datagrams_sent: int = 0
    datagrams_unsent: int = 0
    datagrams_rejected: int = 0
    streams_opened: int = 0
    streams_refused: int = 0
    streams_cut: int = 0
    streams_slowed: int = 0
    frames_received: int = 0
    frames_sent: int = 0
    bytes_received: int = 0
    bytes_sent: int = 0

    def snapshot(self, streams: int) -> NetworkStatistics:
        """The counts of now, with ``streams`` open."""
        return NetworkStatistics(
            datagrams_received=self.datagrams_received,
            datagrams_sent=self.datagrams_sent,
            datagrams_unsent=self.datagrams_unsent,
            datagrams_rejected=self.datagrams_rejected,
            streams=streams,
            streams_opened=self.streams_opened,
            streams_refused=self.streams_refused,
            streams_cut=self.streams_cut,
            streams_slowed=self.streams_slowed,
            frames_received=self.frames_received,
            frames_sent=self.frames_sent,
            bytes_received=self.bytes_received,
            bytes_sent=self.bytes_sent,
        )
