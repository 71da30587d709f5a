"""Faults in how much one member may tell."""

from typing import Final

from crdt.sync import codec
from mesh.protocol.meter import Meter
from mesh.protocol.replica.entries import Entries
from mesh.protocol.replica.rations import Ration, Rations
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_RATIONS: Final = "tests/mesh/protocol/replica/test_rations.py"

MUTANTS: Final[dict[str, Mutant]] = {
    "rations-forgotten": Mutant(
        edit(Rations.admits, "self._rations.get(controller)", "self._rations.get(b'')"),
        (f"{_RATIONS}::test_a_member_is_read_as_far_as_its_ration_goes",),
    ),
    "rations-of-bytes-alone": Mutant(
        edit(Ration.admits, "MESSAGE_BYTES + size", "size"),
        (f"{_RATIONS}::test_a_little_is_not_for_nothing",),
    ),
    "rations-fetched-for-nothing": Mutant(
        edit(Ration.admits, "self._fetched.charge(now_ns, size, PAUSE_NS_MAX)", "pass"),
        (f"{_RATIONS}::test_what_was_asked_for_is_read_and_a_pause_follows",),
    ),
    "rations-debts-without-end": Mutant(
        edit(Meter.charge, "min(due_ns, now_ns + self._ahead_ns + debt_ns_max)", "due_ns"),
        (f"{_RATIONS}::test_what_was_asked_for_is_read_and_a_pause_follows",),
    ),
    "rations-another-spelling": Mutant(
        edit(
            codec.speech_of, "not _SHORT_ARRAYS[0] <= data[0] <= _SHORT_ARRAYS[1]", "data[0] < 128"
        ),
        (f"{_RATIONS}::test_what_is_spelled_in_another_way_counts_as_told",),
    ),
    "rations-a-torrent-is-read-to-its-end": Mutant(
        edit(Ration.is_hopeless, "self._put_off < PUT_OFF_MAX", "True"),
        (f"{_RATIONS}::test_whose_words_are_put_off_again_and_again_is_cut_off",),
    ),
    "rations-cut-off-all-the-time": Mutant(
        edit(Ration.is_hopeless, " or now_ns < self._closed_ns + CLOSED_EVERY_NS", ""),
        (f"{_RATIONS}::test_who_goes_on_telling_too_much_goes_on_to_take_part",),
    ),
    "rations-cut-off-at-once": Mutant(
        edit(Ration.is_hopeless, "self._put_off < PUT_OFF_MAX or ", ""),
        (f"{_RATIONS}::test_a_little_too_much_closes_nothing",),
    ),
    "rations-nobody-named": Mutant(
        edit(Entries._is_within_ration, "if speech is Speech.UNASKED:", "if False:"),
        (f"{_RATIONS}::test_what_was_put_off_arrives_later",),
    ),
}
