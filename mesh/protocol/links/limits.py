"""Every bound of the links, with its unit and its reason."""

from typing import Final

from mesh.protocol.now import MILLISECOND, SECOND
from mesh.wire.limits import MESSAGE_BYTES_MAX, PARTICIPANTS_MAX

GREETING_NS: Final = 5 * SECOND
"""From open to Hello, the handshake between them: five round trips of the slowest link that a
barrier could use."""

HELLOS_MAX: Final = 256
"""On one stream: what a controller says of itself changes a few times in its life."""

GREETING_MAX: Final = 256
"""Streams that came to us and have not said Hello: a mesh of that size may start at once. One more
takes the place of the oldest one from the source that has most, so that whoever floods us is in
its own way, and a handshake that goes on is through before it is the oldest."""

HANDSHAKES_EVERY_NS: Final = 10 * MILLISECOND
"""In the long run, from all strangers: less than a tenth of one processor."""

HANDSHAKES_AT_ONCE: Final = 256
"""Together, after a rest: as many as may be greeting."""

HANDSHAKES_OF_SOURCE_EVERY_NS: Final = 20 * MILLISECOND
"""In the long run, from one source."""

HANDSHAKES_OF_SOURCE_AT_ONCE: Final = 128
"""Together, from one source: a mesh on one host, or behind one address, may start at once."""

SOURCES_MAX: Final = 1_024
"""Sources that are metered by themselves; in all they are metered anyway."""

STRANGERS_MAX: Final = 128
"""Greeted streams that came to us from others than members: the hosts of one large office."""

STRANGERS_PER_HOST_MAX: Final = 64
"""The same from one IP address: a hostile host leaves room for the others."""

STREAMS_MAX: Final = PARTICIPANTS_MAX + GREETING_MAX + STRANGERS_MAX
"""All streams: one to each member, and the two kinds above."""

STRANGER_QUIET_NS: Final = 120 * SECOND
"""A stranger that says nothing for so long is sent away; newcomers knock four times in it."""

SUPERSEDED_NS: Final = 10 * SECOND
"""A stream that lost to a better one is closed by whoever dialled it; the other side waits this
long, so that the better one surely stands on both sides first."""

STABLE_NS: Final = 10 * SECOND
"""A stream that lived so long was a success: the next dial starts without back-off."""

QUEUE_BYTES_MAX: Final = 16 * 1_048_576
"""Not yet handed to the network, for one stream: what answers one vector of facts and as much
news meanwhile. A peer that is slower gets a fresh start instead of a longer queue."""

STRANGER_QUEUE_BYTES_MAX: Final = 2 * MESSAGE_BYTES_MAX
"""The same for whoever has no part in the history: the longest answer, and what comes with it."""

STRANGER_MESSAGE_BYTES_MAX: Final = 16_384
"""One message of whoever may show no facts: more than any Hello has. So what strangers only begin
to say on all their streams stays small."""

DRAIN_REPORT_BYTES: Final = 65_536
"""The driver says how much has drained each time so much more has: no input for small traffic,
and the count is wrong by one frame at most."""

BACK_OFF_MIN_NS: Final = 500 * MILLISECOND
"""Before the second dial: shorter than a restart of a controller takes."""

BACK_OFF_MAX_NS: Final = 300 * SECOND
"""Dialling never ends; every five minutes costs nothing and finds whoever comes back."""

DIALS_MAX: Final = 32
"""Dials under way at one moment: a start with a thousand remembered addresses is no storm."""

DIAL_NS: Final = 30 * SECOND
"""A dial without any outcome for so long is taken for failed."""

ADDRESSES_MAX: Final = 4_096
"""Addresses held: eight for each of half the participants; hints are forgotten first."""

ADDRESSES_OF_HINTS_MAX: Final = 512
"""Of these by multicast, where anybody may announce anything."""

RESIGHT_NS: Final = 5 * SECOND
"""A fresh sign of life brings a dial forward, but never nearer to the last one than this."""
