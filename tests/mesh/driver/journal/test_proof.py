"""What proves that a store went on without a break, and what casts doubt on it."""

from dataclasses import replace

import msgspec
import pytest

from mesh.driver.journal.proof import (
    STARTED_ANEW,
    Host,
    Life,
    Memory,
    Progress,
    Surroundings,
    doubts,
    next_life,
)
from mesh.driver.restarts import Restarts

HOST = Host(kernel_boot="kernel", device=1, inode=100)
LIFE = Life(boot=4, host=HOST, doubted=None, restarts=Restarts())
MEMORY = Memory(LIFE, Progress(commits=10, boottime_ns=1_000), previous_boot=4, is_damaged=False)
HERE = Surroundings(
    HOST,
    boottime_ns=2_000,
    witnessed=10,
    remembered=10,
    asks_kernel=True,
    doubt=None,
    boot_floor=0,
    restart_wait_ns_max=0,
)


def test_nothing_changed_is_proven() -> None:
    """Same kernel, same file, clock and count not behind: no doubt."""
    assert doubts(MEMORY, HERE) == ()


def test_killed_between_commit_and_witness_is_proven() -> None:
    """The witness is written after the commit, so it may be one behind, never ahead."""
    assert doubts(MEMORY, replace(HERE, witnessed=9)) == ()


def test_killed_between_the_two_files_is_proven() -> None:
    """The count in the kernel's memory is written last, so it may be one behind."""
    assert doubts(MEMORY, replace(HERE, remembered=9)) == ()


def test_another_kernel_remembers_nothing() -> None:
    """After a reboot that is the one doubt; the empty memory is no second one."""
    anew = msgspec.structs.replace(HOST, kernel_boot="other")
    assert doubts(MEMORY, replace(HERE, host=anew, remembered=None)) == (STARTED_ANEW,)


@pytest.mark.parametrize(
    ("here", "word"),
    [
        (replace(HERE, host=msgspec.structs.replace(HOST, kernel_boot="other")), "started anew"),
        (replace(HERE, host=msgspec.structs.replace(HOST, inode=101)), "another file"),
        (replace(HERE, host=msgspec.structs.replace(HOST, device=2)), "another file"),
        (replace(HERE, boottime_ns=999), "went back"),
        (replace(HERE, witnessed=11), "lacks the last 1 transactions"),
        (replace(HERE, witnessed=None), "nothing outside"),
        (replace(HERE, remembered=None), "nothing outside the data directory"),
        (replace(HERE, remembered=11), "not the one that this host wrote last"),
        (replace(HERE, remembered=8), "not the one that this host wrote last"),
        (replace(HERE, doubt="the clock jumped"), "the clock jumped"),
    ],
)
def test_each_break_is_a_doubt(here: Surroundings, word: str) -> None:
    """Each thing that cannot go on by itself is looked at."""
    (doubt,) = doubts(MEMORY, here)
    assert word in doubt


def test_damage_is_a_doubt() -> None:
    """Rows that were lost are gaps that nobody may vouch for."""
    assert doubts(replace(MEMORY, is_damaged=True), HERE) == ("the journal was damaged",)


def test_doubt_lasts_until_a_later_life_has_spoken() -> None:
    """A doubtful start that wrote no fact hands its doubt on; one that did has said so."""
    doubted = msgspec.structs.replace(LIFE, boot=5, doubted=5)
    silent = replace(MEMORY, last=doubted, previous_boot=4)
    assert doubts(silent, HERE) != ()
    assert doubts(replace(silent, previous_boot=5), HERE) == ()


def test_first_start_is_without_doubt() -> None:
    """Nothing was there, so nothing can be missing."""
    fresh = Memory(None, Progress(), previous_boot=None, is_damaged=False)
    assert doubts(fresh, replace(HERE, witnessed=None)) == ()


def test_a_store_that_lost_even_its_last_life_is_doubted() -> None:
    """The witness tells of transactions, the store of none: an empty one was put in its place."""
    emptied = Memory(None, Progress(), previous_boot=None, is_damaged=False)
    assert doubts(emptied, HERE) != ()


@pytest.mark.parametrize(
    ("last", "previous_boot", "boot_floor", "expected"),
    [(LIFE, 4, 0, 5), (LIFE, 9, 0, 10), (None, 9, 0, 10), (LIFE, 4, 77, 78), (None, None, 0, 1)],
)
def test_boot_number_lies_above_all_that_are_known(
    last: Life | None, previous_boot: int | None, boot_floor: int, expected: int
) -> None:
    """Above the last one begun, the last one that spoke, and what others have seen."""
    memory = Memory(last, Progress(), previous_boot, is_damaged=False)
    here = replace(HERE, boot_floor=boot_floor)
    assert next_life(memory, here, in_doubt=False).boot == expected


def test_restarts_are_counted_within_one_run_of_the_kernel() -> None:
    """The clock since the host's start says nothing across a reboot."""
    crashing = msgspec.structs.replace(LIFE, restarts=Restarts((1_900, 1_950), 0))
    memory = replace(MEMORY, last=crashing)
    patient = replace(HERE, restart_wait_ns_max=10**12)
    rebooted = replace(patient, host=msgspec.structs.replace(HOST, kernel_boot="other"))
    assert next_life(memory, patient, in_doubt=False).restarts.wait_ns > 0
    assert next_life(memory, rebooted, in_doubt=True).restarts.wait_ns == 0
