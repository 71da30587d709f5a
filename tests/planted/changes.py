"""Bugs in what ChangeSets do, found by the runs in which people change the same things."""

from typing import Final

from mesh.environment import invariants, inverse, objects
from mesh.environment.draft import Draft, Touched
from mesh.environment.kind import Kind
from mesh.environment.resolve import _Resolving
from mesh.protocol.history import rules
from mesh.protocol.history.history import History
from mesh.protocol.history.rulings import Rulings
from mesh.protocol.replica.submitted import Submitted
from tests.planted.bug import CHANGES, Bug, Change

BUGS: Final[dict[str, Bug]] = {
    "all_but_the_refused_command": Bug.of(
        "Of a ChangeSet with a command that refuses, those before it take effect",
        CHANGES,
        Change(rules._commit, "return Verdict(_failed(workspace, refusal))", "break"),
    ),
    "broken_whole_stays": Bug.of(
        "What breaks an invariant is set aside, and its writes stay",
        CHANGES,
        Change(rules._commit, "    _ = workspace.assign(before)\n    return", "    return"),
    ),
    "one_kind_is_not_compared": Bug.of(
        "The base is not compared for roles",
        CHANGES,
        Change(
            rules.conflict,
            "if version != expected:",
            "if version != expected and key[0] != 'role':",
        ),
    ),
    "reads_are_not_in_the_base": Bug.of(
        "What a command reads and does not write is neither named in a base nor asked for there",
        CHANGES,
        Change(Touched.based, "self.reads + self.writes", "self.writes"),
    ),
    "any_object_of_the_name": Bug.of(
        "Who modifies by force hits whichever object has the name by then",
        CHANGES,
        Change(
            objects.demand_object, "if draft.read(key) != arguments[ID_PARAMETER]:", "if False:"
        ),
    ),
    "elements_survive_their_object": Bug.of(
        "An object is deleted, and the elements of its sets stay",
        CHANGES,
        Change(
            Draft.remove_whole,
            "for key in self.below.keys_of(owner):",
            "for key in [each for each in self.below.keys_of(owner) if len(each) < 4]:",
        ),
    ),
    "the_deleted_is_not_missed": Bug.of(
        "Nobody looks whether something still refers to what is deleted",
        CHANGES,
        Change(invariants._breach_of_absent, "if referrer is not None:", "if False:"),
    ),
    "restaged_on_the_old_base": Bug.of(
        "What is restaged is signed once more with the base that it had",
        CHANGES,
        Change(
            History.restage,
            "return self.again(request, nonce, signer)",
            (
                "return Resolution(request.written, request.resolved, request.base,"
                " request.overridden, kind_of(request.resolved))"
            ),
        ),
    ),
    "force_overrides_nothing": Bug.of(
        "A forced ChangeSet carries a base like any other",
        CHANGES,
        Change(_Resolving.outcome, "() if force else base,\n", "base,\n"),
        Change(_Resolving.outcome, "base if force else (),\n", "(),\n"),
    ),
    "elements_refer_to_nothing": Bug.of(
        "Of the elements of sets nobody looks whether what they name is there",
        CHANGES,
        Change(Kind.footprint, "*self._of_elements(fields)", "*()"),
    ),
    "given_up_in_silence": Bug.of(
        "What leaves the queue without having been proposed is forgotten",
        CHANGES,
        Change(Submitted.give_up, "if request is not None:", "if False:"),
    ),
    "the_later_merge_counts": Bug.of(
        "Of two merges at once that decide otherwise the later one counts",
        CHANGES,
        Change(Rulings._counting, "(people or last)[0]", "(people or last)[-1]"),
    ),
    "undone_without_the_sets": Bug.of(
        "To undo a ChangeSet leaves the elements of sets as they are",
        CHANGES,
        Change(
            inverse._of_object,
            "            yield from _elements_back(kind, undoing, now)\n",
            "",
        ),
    ),
    "undone_over_others": Bug.of(
        "To undo a ChangeSet puts back what others have written over since",
        CHANGES,
        Change(inverse.overwritten, "if entry.version not in (None, tx) and", "if False and"),
    ),
    "returned_as_another": Bug.of(
        "An object that was deleted comes back without the fields that it had",
        CHANGES,
        Change(
            inverse._whole_back,
            "if entry.present}",
            "if entry.present and (kind.name != 'service' or field == 'role')}",
        ),
    ),
}
