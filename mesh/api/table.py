"""The resources of the API: to add one is to add a row here.

Each row is one verb: what answers, what it takes and gives, and for whom. Routes, the OpenAPI
document and its checks in the tests all follow from it.
"""

from http import HTTPStatus
from typing import Final

from mesh.api import (
    answers,
    requests,
    resources_access,
    resources_changes,
    resources_consents,
    resources_controller,
    resources_history,
    resources_information,
    resources_links,
)
from mesh.api.drafts import Draft
from mesh.api.endpoint import EVENT_STREAM, PROMETHEUS, Gives, Query, Resource
from mesh.environment.kinds import SCHEMA
from mesh.environment.rights import Level
from mesh.protocol.replica import views

_TIME_MAX: Final = 2**63 - 1

SIGNER: Final = Query("signer", "hand the request out, to be signed with this public key")
_PUT_FORWARD: Final = (
    Gives(answers.Proposed, HTTPStatus.ACCEPTED),
    Gives(answers.Prepared),
)
"""What asks for a ChangeSet: it is at the barrier, or with ``signer`` it is handed out."""

_PREFIX: Final = Query("prefix", "only what stands below this path")

CONTROLLER: Final = (
    Resource(
        "GET",
        "/v1/status",
        "how the controller and its environment stand",
        resources_controller.status,
        (Gives(views.Status),),
    ),
    Resource(
        "GET",
        "/v1/doctor",
        "what is wrong, and what to do",
        resources_controller.doctor,
        (Gives(views.Diagnosis),),
        Level.VIEW,
    ),
    Resource(
        "GET",
        "/v1/metrics",
        "counters and gauges in the text format of Prometheus",
        resources_controller.show_metrics,
        (Gives(None, media=PROMETHEUS),),
        Level.VIEW,
    ),
    Resource(
        "GET",
        "/v1/events",
        "what happens, as server-sent events, from now or from after Last-Event-ID",
        resources_controller.events,
        (Gives(None, media=EVENT_STREAM),),
        Level.VIEW,
        (
            Query("kinds", "only these kinds of event, with commas between them"),
            Query("prefix", "of running information only what stands below this path"),
            Query("tx", "of changes only this one"),
        ),
    ),
    Resource(
        "POST",
        "/v1/found",
        "found an environment here, whoever else is there",
        resources_controller.found,
        (Gives(answers.Founded),),
        Level.ADMIN,
    ),
    Resource(
        "GET",
        "/v1/members",
        "the roster as seen from here, and who waits to be accepted",
        resources_controller.members,
        (Gives(views.Members),),
        Level.VIEW,
    ),
    Resource(
        "POST",
        "/v1/members/accept",
        "admit who waits under the whole fingerprint",
        resources_controller.accept,
        _PUT_FORWARD,
        query=(SIGNER,),
        body=requests.AcceptBody,
    ),
    Resource(
        "POST",
        "/v1/members/rotate-key",
        "give this controller a new key for streams and datagrams",
        resources_controller.rotate_key,
        (Gives(answers.Proposed),),
        Level.ADMIN,
    ),
    Resource(
        "GET",
        "/v1/environment",
        "the configuration by kind and name, as much of it as the caller may view",
        resources_controller.environment,
        (Gives(views.Environment),),
        query=(Query("kind", "only objects of this kind", words=tuple(SCHEMA)),),
    ),
    Resource(
        "GET",
        "/v1/whoami",
        "who asks, with which rights",
        resources_access.whoami,
        (Gives(answers.Caller),),
    ),
    Resource(
        "GET",
        "/v1/operators/{name}/locked",
        "an operator's key, locked by a passphrase",
        resources_access.locked_key,
        (Gives(answers.LockedKey),),
        Level.VIEW,
    ),
    Resource(
        "POST",
        "/v1/checkpoints",
        "close the book below everything that is applied, now",
        resources_history.checkpoint,
        (Gives(answers.Wanted, HTTPStatus.ACCEPTED),),
        Level.ADMIN,
    ),
)

INFORMATION: Final = (
    Resource(
        "GET",
        "/v1/info",
        "entries of running information below a prefix",
        resources_information.index,
        (Gives(views.Listing),),
        query=(
            _PREFIX,
            Query("limit", "at most so many", int, resources_information.ENTRIES_MAX),
        ),
    ),
    Resource(
        "POST",
        "/v1/info",
        "write and remove several entries; all become visible here together",
        resources_information.write,
        (Gives(answers.Written),),
        body=requests.WritesBody,
    ),
    Resource(
        "GET",
        "/v1/info/{path:path}",
        "one entry: its value, others written at the same time, a token",
        resources_information.show,
        (Gives(views.Entry),),
    ),
    Resource(
        "PUT",
        "/v1/info/{path:path}",
        "write one entry",
        resources_information.put,
        (Gives(answers.Written),),
        body=requests.ValueBody,
    ),
    Resource(
        "DELETE",
        "/v1/info/{path:path}",
        "remove one entry, or all below a prefix",
        resources_information.remove,
        (Gives(answers.Written),),
        query=(
            Query("recursive", "also all that is below it", bool),
            Query("seen", "the token of the reading that it is based on"),
        ),
    ),
)

CHANGES: Final = (
    Resource(
        "GET",
        "/v1/changes",
        "what waits, then the history from its end",
        resources_history.index,
        (Gives(views.LogView),),
        Level.VIEW,
        (
            Query("limit", "at most so many", int, resources_history.CHANGES_MAX),
            Query("only", "what waits at the barrier or for people", words=("waiting",)),
            Query("name", "only those of this name"),
            Query("object", "only those that wrote this object, such as service/blog"),
            Query("signer", "only those that this operator, token or controller signed"),
            Query("since_ns", "only those proposed since, Unix time in ns", int, _TIME_MAX),
            Query("before", "only what is older than this one: the next page"),
        ),
    ),
    Resource(
        "POST",
        "/v1/changes",
        "submit a ChangeSet; the answer comes when the request is at the barrier",
        resources_changes.submit,
        _PUT_FORWARD,
        query=(SIGNER,),
        body=requests.SubmitBody,
    ),
    Resource(
        "POST",
        "/v1/requests",
        "bring a request that was signed elsewhere to the barrier",
        resources_access.submit,
        (Gives(answers.Proposed, HTTPStatus.ACCEPTED),),
        body=requests.RequestBody,
    ),
    Resource(
        "GET",
        "/v1/changes/{id}",
        "how it stands, who sealed, who is waited for, when each swapped, the skew",
        resources_changes.show,
        (Gives(views.ChangeDetail),),
    ),
    Resource(
        "GET",
        "/v1/changes/{id}/diff",
        "what reads differently after another ChangeSet, or now, from after this one",
        resources_history.difference,
        (Gives(views.DifferenceOf),),
        Level.VIEW,
        (Query("to", "the other ChangeSet; as it is now where none is named"),),
    ),
    Resource(
        "GET",
        "/v1/changes/{id}/effect",
        "what it would do if it took effect now: for what waits, or was set aside",
        resources_changes.effect,
        (Gives(views.EffectOf),),
        Level.VIEW,
    ),
    Resource(
        "POST",
        "/v1/changes/{id}/restage",
        "submit a set-aside ChangeSet again, on today's base",
        resources_changes.restage,
        _PUT_FORWARD,
        query=(SIGNER,),
    ),
    Resource(
        "POST",
        "/v1/changes/{id}/revert",
        "a new ChangeSet that puts back what this one has written over",
        resources_history.revert,
        _PUT_FORWARD,
        query=(SIGNER,),
        body=requests.RevertBody,
    ),
    Resource(
        "POST",
        "/v1/changes/{id}/refuse",
        "the operator's no, while it waits",
        resources_changes.refuse,
        (Gives(answers.Proposed),),
        Level.APPLY,
    ),
    Resource(
        "POST",
        "/v1/changes/{id}/merge",
        "decide a merge: this one, and those in the body, win over what conflicts",
        resources_changes.merge,
        _PUT_FORWARD,
        query=(SIGNER,),
        body=requests.MergeBody,
    ),
    Resource(
        "GET",
        "/v1/conflicts",
        "what was set aside, and by what",
        resources_changes.conflicts,
        (Gives(answers.Conflicts),),
        Level.VIEW,
    ),
)

CONSENT: Final = (
    Resource(
        "GET",
        "/v1/changes/{id}/request",
        "the signed request of a ChangeSet that waits for people",
        resources_consents.show,
        (Gives(answers.WaitingRequest),),
        Level.VIEW,
    ),
    Resource(
        "POST",
        "/v1/changes/{id}/approve",
        "agree to it; the approval that completes it brings it to the barrier",
        resources_consents.approve,
        _PUT_FORWARD,
        query=(SIGNER,),
        body=requests.ApproveBody,
    ),
    Resource(
        "POST",
        "/v1/changes/{id}/withdraw",
        "take it from the board",
        resources_consents.withdraw,
        (Gives(answers.Proposed),),
        Level.EDIT,
    ),
    Resource(
        "POST",
        "/v1/changes/{id}/publish",
        "let linked environments have it, where people decide that",
        resources_links.publish,
        (Gives(answers.Marked),),
        Level.APPLY,
    ),
    Resource(
        "GET",
        "/v1/published",
        "what linked environments may have of this one, and whose word to take for it",
        resources_links.index,
        (Gives(answers.PublishedList),),
        Level.VIEW,
        (Query("limit", "at most so many", int, resources_links.PUBLISHED_MAX),),
    ),
    Resource(
        "GET",
        "/v1/published/{id}",
        "one ChangeSet by id, or the last effective one of that name; vouched for",
        resources_links.published,
        (Gives(answers.PublishedChange),),
        Level.VIEW,
    ),
    Resource(
        "GET",
        "/v1/links/{name}/peer",
        "what a linked environment says of itself, to be compared before it is believed",
        resources_links.peer,
        (Gives(answers.Peer),),
        Level.VIEW,
    ),
    Resource(
        "POST",
        "/v1/promotions",
        "carry a ChangeSet of a linked environment on",
        resources_links.promote,
        _PUT_FORWARD,
        query=(SIGNER,),
        body=requests.PromoteBody,
    ),
)

DRAFTS: Final = (
    Resource(
        "GET",
        "/v1/drafts",
        "drafts of all controllers",
        resources_changes.list_drafts,
        (Gives(answers.Drafts),),
        Level.VIEW,
    ),
    Resource(
        "POST",
        "/v1/drafts",
        "open a draft here",
        resources_changes.open_draft,
        (Gives(Draft, HTTPStatus.CREATED),),
        Level.EDIT,
        body=requests.DraftBody,
    ),
    Resource(
        "GET",
        "/v1/drafts/{name}",
        "one draft",
        resources_changes.show_draft,
        (Gives(Draft),),
        Level.VIEW,
    ),
    Resource(
        "DELETE",
        "/v1/drafts/{name}",
        "throw a draft away",
        resources_changes.discard,
        (Gives(answers.Written),),
        Level.EDIT,
    ),
    Resource(
        "GET",
        "/v1/drafts/{name}/effect",
        "what a draft would do now, and what is wrong with it",
        resources_changes.draft_effect,
        (Gives(views.EffectOf),),
        Level.VIEW,
    ),
    Resource(
        "POST",
        "/v1/drafts/{name}/renew",
        "say that one has seen what was changed since the draft was opened",
        resources_changes.renew_draft,
        (Gives(Draft),),
        Level.EDIT,
    ),
    Resource(
        "POST",
        "/v1/drafts/{name}/commands",
        "add commands to a draft; all are checked first",
        resources_changes.append,
        (Gives(Draft),),
        Level.EDIT,
        body=requests.AppendBody,
    ),
)

RESOURCES: Final = (*CONTROLLER, *INFORMATION, *CHANGES, *CONSENT, *DRAFTS)
