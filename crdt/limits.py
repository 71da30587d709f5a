"""Every bound of the data, with its unit and its reason, in one place.

Whatever a peer sends is measured against these before it is believed. A bound that is exceeded
costs traffic or a refusal that is counted; it never costs data.
"""

from typing import Final

PROTOCOL_VERSION: Final = 2
"""Named by every PING; peers of another version are refused, not guessed at."""

replica_id_bytes: Final = 8
"""The random part of an incarnation: 2**32 incarnations meet by chance once in 2**32 meshes."""

controller_id_bytes: Final = 32
"""An Ed25519 public key."""

epoch_bytes: Final = 16
epoch_tag_bytes: Final = 4
"""How much of the epoch a message carries: enough against accidents, and it rides on each probe."""

counter_max: Final = 2**63 - 1
"""The greatest counter of a dot: what SQLite and most languages hold in a signed integer."""

stamp_max: Final = 2**64 - 1
"""48 bits of milliseconds reach the year 10889, and 16 bits count within one of them."""

drift_ns_max: Final = 60_000_000_000
"""How far ahead of the wall clock a remote stamp moves the local clock. Wider than any drift that
NTP leaves behind, narrow enough that a poisoned stamp cannot run away with everybody's clock."""

key_parts_max: Final = 8
key_part_bytes_max: Final = 255
"""Together a key stays within 2 KiB; what people write stays within 60 bytes."""

value_bytes_max: Final = 65_536
"""Larger values belong into blobs that are named by their content."""

value_depth_max: Final = 16
"""Containers within containers. Decoding recurses, so the depth is bounded before it starts."""

integer_min: Final = -(2**63)
integer_max: Final = 2**63 - 1

siblings_max: Final = 256
"""Concurrent values of one key. A counter keeps one for each replica id that has counted."""

context_max: Final = 1_024
"""Replica ids in one sibling's context: all incarnations that ever wrote this one key."""

group_max: Final = 32
"""Siblings of a write-group: five hashes are then proof for any one of them."""

headers_max: Final = 4_096
"""Verified write-group headers remembered per replica id, to verify each once and to notice
two that overlap."""

replicas_max: Final = 16_384
"""Replica ids known to one store: far above what retirement leaves, and bounded all the same."""

cloud_runs_max: Final = 1_024
"""Runs of counters seen out of order, per replica id. Beyond it the highest are forgotten, which
is always safe: a forgotten dot is sent again, and joined again to the same effect."""

runs_sent_max: Final = 48
"""Runs per replica id in a DIGEST, so that an entry fits a datagram. The rest is sent again."""

datagram_bytes_max: Final = 1_024
"""One message in a datagram of 1,200 bytes, which crosses every path unfragmented; the rest is for
the envelope around it and for encryption."""

frame_bytes_max: Final = 61_440
"""A part of a bulk transfer; it leaves room for the envelope in a stream frame of 64 KiB."""

message_bytes_max: Final = 64 * 1_048_576
"""The largest message on a stream: one record whose siblings all hold large values."""

bulk_records_min: Final = 512
"""From here on a delta travels as frames on a stream and no longer as datagrams."""

window_parts: Final = 32
"""Parts sent before the receiver has to ask for more: about 38 kB of datagrams in flight."""

window_frames: Final = 4
"""The same for frames on a stream: about 240 kB."""

asks_in_flight: Final = 8
"""Ranges asked for at a time while two stores compare fingerprints."""

digest_chunks_max: Final = 1_024
"""Chunks of one DIGEST or COVER: room for `replicas_max` entries."""

pulls_max: Final = 3
"""Sessions in which one store catches up at the same time: more would fetch the same twice."""

serves_max: Final = 128
"""Sessions in which peers catch up with one store; the one longest untouched makes room."""

resend_ns: Final = 500_000_000
"""After this long without progress a session asks again."""

session_ns_max: Final = 5_000_000_000
"""After this long without progress a session is given up; the next PING starts another."""

serve_ns_max: Final = 30_000_000_000
"""How long the serving side remembers what it was sending to a silent peer."""

shown_dimmed_ns: Final = 10_000_000_000
"""How long entries of an ended incarnation stay visible, dimmed: its successor has announced its
own by then, so that a restart is no gap for a load balancer."""
