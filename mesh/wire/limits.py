"""Every bound on bytes that come from outside, in one place, with its unit and its reason.

A controller meets printers, old versions and hostile peers;
what is not bounded here is bounded by their goodwill.
"""

from typing import Final

DATAGRAM_BYTES_MAX: Final = 1_200
"""One UDP payload: fits every path of MTU 1,280 (the least that IPv6 allows) without fragments."""

FRAME_BYTES_MAX: Final = 65_535
"""One frame on a stream, as long as a Noise message may be: a probe never waits long behind it."""

MESSAGE_BYTES_MAX: Final = 1_048_576
"""One message after its parts are joined: room for the largest fact, and for facts in batches."""

REQUEST_BYTES_MAX: Final = 262_144
"""One signed request: 1,000 commands of 250 bytes. A larger one is refused before it is sent."""

FACT_BYTES_MAX: Final = REQUEST_BYTES_MAX + 131_072
"""A proposal: its request, 1,000 participants of 45 bytes, its parents and approvals."""

DEPTH_MAX: Final = 16
"""Nesting of any decoded value."""

PARAMETERS_DEPTH_MAX: Final = DEPTH_MAX - 3
"""Nesting of the parameters of a command: what shows or keeps them wraps them a few times more."""

PARTICIPANTS_MAX: Final = 1_024
"""Controllers that take part in one barrier."""

COMMANDS_MAX: Final = 1_000
"""Commands in one ChangeSet."""

APPROVALS_MAX: Final = 64
"""Approvals in one attempt: ten at most are demanded; each is 96 bytes and one verification."""

PARENTS_MAX: Final = 256
"""Heads of a history: one, except after partitions."""

BASE_MAX: Final = 8_192
"""Keys whose version one request depends on."""

NAME_CHARACTERS_MAX: Final = 128
WORD_CHARACTERS_MAX: Final = 63
"""A group or a verb: in UTF-8 at most 252 bytes, and a bead counts 255 with one byte."""
TEXT_CHARACTERS_MAX: Final = 1_024
"""A reason or a detail that a person reads."""

KEY_PARTS_MAX: Final = 8
KEY_PART_CHARACTERS_MAX: Final = 255

COUNTER_MAX: Final = 2**63 - 1
"""Sequence numbers, Lamport times, boot numbers and nanoseconds fit a signed 64-bit column."""

FACTS_PER_MESSAGE_MAX: Final = 1_024
ORIGINS_PER_MESSAGE_MAX: Final = 16_384
SNAPSHOT_PART_BYTES_MAX: Final = 262_144
"""One part of a snapshot, which is asked for part by part: other news fits in between."""
STATE_PARTS_MAX: Final = 16
"""Parts into which a stretch of a configuration is cut to find where two differ: eight questions
find one key among 2^32, and an answer is a few hundred bytes."""
MEMBERS_PER_MESSAGE_MAX: Final = 4_096
NEWS_PER_DATAGRAM_MAX: Final = 12
"""Membership news in one datagram, at least 80 bytes each; senders count the bytes as well."""
