"""Bugs in the fold: what the same ChangeSets add up to."""

from typing import Final

from mesh.protocol.history import rules
from mesh.protocol.history.history import History
from mesh.protocol.history.line import Line
from mesh.protocol.history.rulings import Rulings
from tests.planted.bug import GENERATED, Bug, Change

BUGS: Final[dict[str, Bug]] = {
    "excursion_without_return": Bug.of(
        "Who looks what another history would give does not come back to the own one",
        "office_wan_cut",
        Change(Line._roll_back, "self._away.append(step)", "pass"),
    ),
    "set_aside_in_part": Bug.of(
        "Of a ChangeSet in conflict the commands that are not in conflict take effect",
        "both_sides_change_the_same_service",
        Change(
            rules.apply,
            "return Verdict(aside) if aside is not None else _commit(workspace, prepared)",
            (
                "if aside is None:\n"
                "        return _commit(workspace, prepared)\n"
                "    if aside.why is not Why.CONFLICT and aside.why is not Why.MERGED:\n"
                "        return Verdict(aside)\n"
                "    kept = [e for e in prepared.change_set.request.base"
                " if workspace.version(e.key) == e.version]\n"
                "    draft = Draft(workspace)\n"
                "    for step in prepared.steps[len(prepared.steps) // 2:]:\n"
                "        draft.begin(step.touched)\n"
                "        if kept and step.declaration.run(draft, step.arguments) is not None:\n"
                "            return Verdict(aside)\n"
                "    after = tuple(draft.changes(prepared.change_set.tx))\n"
                "    before = tuple(workspace.assign(after))\n"
                "    return Verdict(aside, before, after)"
            ),
        ),
    ),
    "stale_trial": Bug.of(
        "What a ChangeSet would do is remembered, and not tried again on another state",
        GENERATED,
        Change(
            Line._known,
            "last is None or last.ids != self.ids or last.aside is not self._aside",
            "last is None",
        ),
    ),
    "only_the_first_key_is_compared": Bug.of(
        "Of the keys that a ChangeSet was made against only the first is compared",
        "both_sides_change_the_same_service",
        Change(
            rules.conflict,
            "in prepared.change_set.request.base)",
            "in prepared.change_set.request.base[:1])",
        ),
    ),
    "conflicts_overwrite": Bug.of(
        "A ChangeSet that was made against an older state overwrites the newer one",
        "both_sides_change_the_same_service",
        Change(rules.conflict, "if version != expected:", "if False:"),
    ),
    "stale_state": Bug.of(
        "The state that readers are shown is not made anew when the history grows",
        "an_ordinary_day",
        Change(History.extend, "    self._state = None\n", ""),
    ),
    "merges_decide_nothing": Bug.of(
        "What a merge sets aside is not set aside, and the earlier one stands instead",
        "a_person_decides_the_merge",
        Change(Rulings._rule, "aside[tx] = counting.tx", "pass"),
    ),
}
