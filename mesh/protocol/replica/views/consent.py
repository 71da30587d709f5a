"""ChangeSets that wait for people: what they lack, who may give it, and what is in their way."""

from typing import TypedDict

from mesh.protocol.replica.noticeboard import Posted
from mesh.protocol.replica.views.look import Look

WORD = "awaiting approval"


class ConsentView(TypedDict):
    """What stands between a ChangeSet and the barrier."""

    approved_by: list[str]
    """Names of operators."""
    approvals_missing: int
    """How many more people must approve it."""
    rights_missing: list[str]
    """Rights that nobody behind it holds."""
    data_missing: list[str]
    """Names of the environment data that it needs and that is not there."""
    may_approve: list[str]
    """Whose approval would help."""
    may_lend: list[str]
    """Those of them who hold the first of the rights that are missing."""
    signer_lacks: str
    """The right to propose it that its signer has lost; empty: none."""
    stale: str
    """What was written since it was made; it must be restaged. Empty: nothing."""
    fault: str
    """Why it will never have an effect; empty: nothing known."""
    since_ns: int
    """When it began to wait, by the wall clock of the controller that it was submitted on."""


def consent_of(look: Look, posted: Posted) -> ConsentView:
    """What ``posted`` lacks, by the state of now."""
    consents = look.inside.consents
    prospect = consents.prospect(posted)
    lack = prospect.lack
    who = lack.who if lack is not None else ()
    return ConsentView(
        approved_by=approvers(look, posted),
        approvals_missing=lack.approvals if lack is not None else 0,
        rights_missing=[str(each) for each in lack.rights] if lack is not None else [],
        data_missing=list(prospect.missing),
        may_approve=[each.name for each in who],
        may_lend=[each.name for each in lack.lenders] if lack is not None and lack.rights else [],
        signer_lacks=str(consents.lost_right(posted) or ""),
        stale=look.shortened(prospect.stale),
        fault=prospect.fault,
        since_ns=posted.since_ns,
    )


def approvers(look: Look, posted: Posted) -> list[str]:
    """The names of those who have approved it."""
    return sorted(look.operator(each.operator) for each in posted.approvals)


def told(consent: ConsentView) -> str:
    """One sentence for it."""
    if consent["fault"]:
        return f"pending, and without effect for ever: {consent['fault']}"
    if consent["signer_lacks"]:
        lost = f"its signer has lost the right {consent['signer_lacks']}"
        return f"pending, but {lost}; whoever has it may restage or withdraw it"
    if consent["stale"]:
        return f"pending, but overtaken: {consent['stale']}; restage it"
    parts = ["pending"]
    if consent["may_approve"]:
        parts.append(f"may be approved by {', '.join(consent['may_approve'])}")
    if consent["approvals_missing"]:
        parts.append(f"{consent['approvals_missing']} more needed")
    if consent["approved_by"]:
        parts.append(f"approved by {', '.join(consent['approved_by'])}")
    if consent["rights_missing"]:
        parts.append(f"lacks the right {consent['rights_missing'][0]}{_lenders(consent)}")
    if consent["data_missing"]:
        missing = ", ".join(consent["data_missing"])
        parts.append(f"lacks the data {missing}")
    return ", ".join(parts)


def _lenders(consent: ConsentView) -> str:
    """Who holds the right that is missing, where not all who may approve do."""
    if not consent["may_lend"]:
        return ", which nobody else holds"
    if consent["may_lend"] == consent["may_approve"]:
        return ""
    return f", which {' or '.join(consent['may_lend'])} can lend by approving"
