"""Every parser against all inputs that fuzzing found worth keeping, and small changes of them."""

import time
from random import Random

import pytest

from tests.fuzz.keeping import read_kept
from tests.fuzz.mutation import change
from tests.fuzz.targets import TARGETS

CHANGES = 20
"""Of each input."""

INPUT_S_MAX = 2.0
"""A small input that takes longer is an attack; a hundred times what any of them takes."""


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_but_the_stated_rejection(name: str) -> None:
    """A parser accepts or rejects; what it accepts is spelled as it was read; it is quick."""
    target, luck = TARGETS[name], Random(7)
    inputs = [*target.seeds, *read_kept(name)]
    assert inputs
    for raw in inputs:
        began = time.process_time()
        target.check(raw)
        assert time.process_time() - began < INPUT_S_MAX
    for raw in inputs[:: max(1, len(inputs) // 10)]:
        for _ in range(1 if target.is_slow else CHANGES):
            at = luck.randrange(len(raw) + 1)
            target.check(raw[:at] + luck.randbytes(1) + raw[at + luck.randrange(2) :])
            changed = change(raw, luck) if target.is_cbor else None
            if changed is not None:
                target.check(changed)


@pytest.mark.parametrize("name", [name for name in TARGETS if TARGETS[name].is_cbor])
def test_items_are_changed(name: str) -> None:
    """The changes reach behind the decoder: they are canonical CBOR, and differ."""
    target, luck = TARGETS[name], Random(3)
    raw = max([*target.seeds, *read_kept(name)], key=len)
    changed = [each for each in (change(raw, luck) for _ in range(50)) if each is not None]
    assert sum(each != raw for each in changed) > 25
