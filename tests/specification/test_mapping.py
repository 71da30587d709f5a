"""What the protocol consists of, listed apart from its pages: each part has its statements.

The list is what was designed, part by part; the pages are what was written down. Whoever takes a
rule out of a page, or numbers the statements anew, is told here. Beside each label stands a word
that its statement must hold, so that a label cannot come to mean something else.
"""

import pytest

from tests.specification.statements import pending, statements

pytestmark = pytest.mark.repository

Where = tuple[tuple[str, str], ...]
"""(label, a word of that statement)."""

PREDICATES: dict[str, Where] = {
    "no, and seals: nothing counts after a No": (("P-no", "at most once"),),
    "closed: a proven last number, all facts up to it, none beyond": (("P-closed", "proven"),),
    "Nay: the least set of those who said No, or are closed and cannot seal": (("P-nay", "least"),),
    "complete: the identical set, sealed by each of its members": (("P-complete", "exactly S"),),
    "Released: some set is complete": (("P-released", "complete"),),
    "S*: the controllers of all complete sets": (("P-star", "all complete sets"),),
    "feasible: q members, none in Nay, the closed ones agree": (("P-feasible", "feasible"),),
    "Dead: nobody will ever release it": (("P-dead", "nobody will ever"),),
    "mine: released with me, or with an incarnation of mine bound": (("P-mine", "incarnation"),),
    "bound: who is committed to it, or applied it": (("P-bound", "Applied"),),
    "open: sealed by this life, not released": (("P-open", "current incarnation"),),
    "base: H, and what lies below the open": (("P-base", "ancestors"),),
    "joinable: somebody legitimately has both": (("P-joinable", "share a controller"),),
}

RULES: dict[str, Where] = {
    "B1: propose with a quorum, or queue, or refuse": (
        ("B1", "heads of H"),
        ("B1-quorum", "no quorum"),
        ("B1-queue", "queue"),
        ("B1-refuse", "submitted"),
        ("B1-once", "second time"),
    ),
    "B2: the first answer, the first of its letters that fits": (("B2", "said nothing yet"),),
    "B2a: a known naysayer": (("B2a", "No(nay)"),),
    "B2b: another attempt went through": (("B2b", "No(done)"),),
    "B2c: the roster, or something of it, is in the way": (("B2c", "No(busy)"),),
    "B2d: below the frontier": (("B2d", "No(behind)"),),
    "B2e: the author is not bound to what I have": (("B2e", "not bound"),),
    "B2f: ancestors waited for, joined, or never joined": (("B2f", "No(diverged)"),),
    "B2g: invalid, version, operator, ended, conflict": (
        ("B2g", "conflict"),
        ("B2g-envelope", "wrong P"),
        ("B2g-unread", "does not decode"),
    ),
    "B2h: seal with those seen alive": (("B2h", "Seal(C, T)"),),
    "B2i: patience ends the waiting, and nothing that is sealed": (("B2i", "No(patience)"),),
    "B3a: withdraw when every set that I sealed meets Nay": (("B3a", "No(withdraw)"),),
    "B3b: adopt the set that all others sealed": (("B3b", "All others"),),
    "B3c: seal again with those who are left, damped": (
        ("B3c", "may grow again"),
        ("B3c-damping", "doubles"),
        ("B3c-stall", "left out"),
    ),
    "B4: nothing after No, only Applied after the release": (("B4", "only Applied"),),
    "B5: the instant, the least of the latest, plus the guard": (("B5", "guard"),),
    "B5: it counts where clocks are close and no sealer lives in the future": (
        ("B5-counts", "+ 1 s"),
    ),
    "B5: prepared at once, swapped in order, late where it was late": (
        ("B5-late", "Applied at once"),
        ("B5-order", "late"),
    ),
    "B5: each tells its last 256 swaps, the skew is their spread": (("B5-told", "256"),),
    "B6: lowest first, ancestors released, everything lower settled": (
        ("B6", "lowest timestamp first"),
    ),
    "B6: what settled means": (("B6-settled", "skipped"),),
    "B6: passing over where too few are reachable, on record": (("B6-skip", "durably"),),
    "B7: the state is the fold, and what is late refolds": (
        ("F0", "order of timestamp"),
        ("F9", "below the frontier"),
    ),
    "B8: propose again, the same tx, for what time heals": (
        ("B8", "same request again"),
        ("B8-when", "in Nay(C)"),
        ("B8-bounds", "bounded"),
        ("B8-others", "user's request"),
    ),
    "B9: join without a barrier": (("B9", "joinable and not mine"),),
    "B10: who proposes a merge, over what, and when": (
        ("B10", "neither mine nor joinable"),
        ("B10-turn", "order of ids"),
        ("B10-hold", "hold"),
    ),
    "B10: two merges at once": (("F13i", "changes nothing"),),
    "B10: no merge after a No that time does not heal": (("B10-final", "something new"),),
    "B10: what only removed controllers released stays outside": (
        ("B10-stolen", "removed"),
        ("B10-backing", "unbacked"),
        ("B10-operator", "operator"),
        ("F14i", "operator's"),
    ),
    "B11(i): a roster change in H that C was not made on": (("B11i", "No(roster)"),),
    "B11(ii): a roster change goes alone": (("B11ii", "nothing else is open"),),
    "B11(iii): and nothing beside it": (("B11iii", "everything else but merges"),),
    "B11(iv): one controller at a time under majority": (("B11iv", "one controller at a time"),),
    "B11(v): P leaves out whom it removes": (("B11v", "removes"),),
    "B11(vi): a stricter policy needs all; for merges the union": (("B11vi", "stricter"),),
    "B12: every start is a new incarnation": (("B12", "new incarnation"),),
    "B12: what survives with the disk": (("B12-disk", "closed under ancestors"),),
    "B12: a Boot that proves nothing closes nothing": (("B12-proven", "closes nothing"),),
    "open for ever, since its voters began new lives: so does this one": (
        ("P-stranded", "later life"),
        ("B12-anew", "ends itself"),
    ),
    "B12: an empty disk under majority": (("B12-empty", "q + 1 others of the roster"),),
    "words for users": (("Words", "in doubt"),),
}

FOLD: dict[str, Where] = {
    "base: a version for each key read or written": (("F4a", "base"), ("E4", "every key")),
    "a tx takes effect once, at its lowest place": (("F1", "lowest timestamp"), ("F1a", "tx")),
    "rule 0: rights": (
        ("F2", "Rule 0"),
        ("F2a", "controller"),
        ("F2b", "environment"),
        ("F2c", "whole parts"),
        ("F2d", "apply or admin"),
        ("F2e", "Every key"),
        ("F2f", "admin over the key"),
        ("F2g", "admin over everything"),
        ("F2h", "state before"),
        ("F2i", "no conflict"),
        ("F2j", "merge"),
        ("F2k", "founding record"),
        ("F2l", "last one"),
        ("F2m", "one key"),
        ("F2n", "not understood"),
        ("F2o", "outlives no right"),
        ("F2p", "proposed it"),
        ("F2q", "somebody kept"),
        ("F14l", "No(rights)"),
    ),
    "rule 1: the merge that counts": (("F3", "Rule 1"), ("F3a", "earlier stands")),
    "rule 2: the base": (("F4", "Rule 2"), ("F5", "forced"), ("F7", "on top of")),
    "rule 3: refusals and invariants of the whole": (
        ("F6", "Rule 3"),
        ("F6a", "invariant"),
        ("F6b", "dangles"),
        ("F6c", "circle"),
        ("E10", "references"),
    ),
    "which merge counts: it names the tx, none that saw it does; then the lowest": (
        ("F10", "no ancestor"),
        ("F10a", "lower timestamp"),
    ),
    "a merge is judged in the fold of its ancestors": (
        ("F11", "roster"),
        ("F11a", "all its sides"),
        ("F11b", "cannot take away"),
        ("F14h", "ancestors"),
    ),
    "set aside whole, listed, restaged": (("F8", "restaged"), ("F13j", "all three")),
    "a revert is a new ChangeSet with the former values": (
        ("F8a", "reads as before"),
        ("F8b", "forced"),
        ("F8c", "restaged"),
        ("F8d", "invariant"),
    ),
    "the policies auto, site and hold": (
        ("F13a", "auto"),
        ("F13b", "site:NAME"),
        ("F13c", "hold"),
    ),
    "controllers are keys of their own; mutual removals are held": (
        ("F15d", "both take effect"),
        ("F13h", "remove each other"),
    ),
    "an unknown command stops the fold: needs upgrade, No(version)": (
        ("F12", "stops"),
        ("F14f", "No(version)"),
    ),
    "the conflict report is a pure function": (("F13", "conflict report"),),
    "force, and the versions it overrides, are part of the request": (
        ("E6", "force"),
        ("F5", "overrides"),
    ),
    "the roster and the policy begin with the founding record": (("F15", "founder"),),
}

INVARIANTS: dict[str, Where] = {
    "W: who is in a complete set never says No": (("I-W", "complete set"),),
    "NF: a No in P but not in S has a reason": (("I-NF", "did not see him"),),
    "D: sealed only what is durable": (("I-D", "durable"),),
    "O: one order for those in both sets": (("I-O", "in order"),),
    "H: closed under ancestors, all of it released": (("I-H", "closed"),),
    "Q: undisturbed, no No and one order": (("I-Q", "disturbed"),),
    "M: under majority all released ones meet": (("I-M", "majority"),),
    "at quiescence all is decided and equal": (("I-rest", "At rest"),),
}

DRAFTS: dict[str, Where] = {
    "1, sets that only shrink": (("B3c", "may grow again"),),
    "2, a No judged by the latest set only": (("B3a", "ever sealed"),),
    "3, a first answer that ignores a known No": (("B2a", "Nay(C)"),),
    "4, two disjoint releases of one": (("B6", "is mine"),),
    "5, not waiting for what is known and unanswered": (("B6", "settled"), ("B2d", "behind")),
    "6, released without its proposal": (("P-released", "before the proposal"),),
    "7, a merge that somebody outside the roster would need": (("B9", "joinable"),),
    "8, amnesia by the first fact of an epoch": (("B12", "still binds"),),
    "9, two who propose again": (("B2b", "same request"),),
    "10, the latest of several complete sets": (("B5", "least"),),
    "11, votes counted against who is seen now": (("E-live-set", "seen now"),),
}

FACTS: dict[str, Where] = {
    "a fact is signed, chained, and names the greatest Lamport held": (
        ("W8", "very bytes"),
        ("S3", "signature"),
        ("S5", "hash of the one before"),
        ("S10", "greatest Lamport"),
    ),
    "received in order, without gaps": (("S1", "in the order"), ("S2", "missing")),
    "durable before anybody can see it": (("S14", "durable"),),
    "the first fact is the Boot": (("S4", "Boot"),),
    "two facts under one number are proof": (("S6", "proof"),),
    "Lamport time has a witness": (("S9", "2^16"),),
    "request and attempt: the tx is the hash of what was signed": (("W9", "never alters"),),
    "ancestors are the closure of parents": (("S23", "transitive closure"),),
    "order by (Lamport, incarnation)": (("S24", "Lamport time, incarnation"),),
    "incarnations are never reused, and ordered": (("W11", "boot number"), ("M36", "boot number")),
}

MESSAGES: dict[str, Where] = {
    "PING": (("C25", "PING"),),
    "DIGEST": (("C26", "DIGEST"),),
    "RECORDS": (("C27", "RECORDS"),),
    "COVER": (("C28", "COVER"), ("C29", "chunks"), ("C30", "floor")),
    "RANGE and LEAF": (("C31", "RANGE and LEAF"), ("C36", "nobody drops")),
    "RUMOUR": (("C38", "RUMOUR"),),
    "each message is independent, and may be lost": (("C39", "lost"), ("C27", "1,200")),
}

INFORMATION: dict[str, Where] = {
    "keys are paths": (("C1", "path"),),
    "a subtree is removed as observed": (("C8", "observed"),),
    "a dot, new with every process start": (("C2", "dot"),),
    "who writes nothing costs nothing": (("C3", "nothing"),),
    "records with a context for each key: any subset is a delta": (("C4", "any subset"),),
    "the store: vector, and a cloud of bounded runs": (("C64", "cloud"),),
    "epochs keep data sets apart": (("C10", "epoch"),),
    "a winner, the conflicts, one write that resolves": (("C7", "conflicts"), ("C5", "supersedes")),
    "a write-group is written whole": (("C9", "whole"),),
    "a write says what it has seen": (("C6", "token"),),
    "readings: flag, set, counter, order": (
        ("C17", "flag"),
        ("C18", "set"),
        ("C19", "counter"),
        ("C20", "ordered"),
    ),
    "the join, local side": (("C11", "local sibling"),),
    "the join, remote side: seen and not live means dead": (("C12", "Seen and not live"),),
    "the join is a join": (("C14", "commutative, associative and idempotent"),),
    "what supersedes is kept as long as it is needed": (("C13", "evidence"),),
    "forward only what inflated": (("C15", "not forwarded"),),
    "every store shows exactly what is live": (("C16", "exactly"),),
    "stamps of 48 and 16 bits": (("C21", "48 bits"),),
    "a remote stamp is followed for a minute": (("C22", "60 s"),),
    "a merge never refuses a stamp": (("C23", "never refuses"),),
    "a poisoned stamp loses": (("C24", "poisoned"),),
    "a vector is joined only when all was applied and the sum matches": (("C28", "sum matches"),),
    "behind the floor: compare live dots, drop what is dead": (("C31", "floor"),),
    "the walk is exact, whatever happens meanwhile": (
        ("C33", "one step"),
        ("C34", "fetched"),
        ("C35", "Only the process"),
    ),
    "one of many behind the floor costs 500 bytes": (("C32", "two round trips"),),
    "sessions are bounded": (("C40", "bounded"),),
    "where the floor is covered nobody drops": (("C36", "taken again"),),
    "fingerprints are keyed sums over ranges": (("C41", "secret"),),
    "compared under one version of the secret": (("C42", "version"),),
    "a mismatch is repaired and alarmed": (("C37", "alarm"),),
    "collection: the policy": (("C43", "10,000"),),
    "collection at any time raises the floor": (("C44", "any time"), ("C45", "floor")),
    "an empty joiner inherits the floor": (("C30", "inherits"),),
    "replica ids retire to a watermark": (("C46", "watermark"), ("C47", "watermark")),
    "vector and records in one transaction": (("C55", "one transaction"),),
    "a damaged disk claims no more than it holds": (("C56", "damaged"),),
    "of its own writes a store believes itself": (("C61", "its own replica id"),),
    "owned: only the current replica id of the owner counts": (("C48", "current"),),
    "owned: liveness is derived when read": (("C49", "derived"),),
    "owned: an ended id leaves at once, and is dimmed for a while": (("C50", "10 s"),),
    "owned: an ended id is dead by rule; removal ends all": (("C51", "dead by rule"),),
    "owned: PING covers who is current": (("C52", "current replica ids"),),
    "owned: nobody ends another's entries": (
        ("C48", "nobody else"),
        ("C52a", "by the same life"),
        ("C53", "own entry"),
    ),
    "owned: registrations have a time to live": (("C54", "time to live"),),
    "owned: in memory only": (("C57", "persisted"),),
    "forks: the elder goes on, the newcomer is quarantined": (
        ("M38", "elder"),
        ("M39", "A person decides"),
        ("M40", "our own controller"),
        ("M40", "no single member silences"),
    ),
    "what is signed is the sibling": (("C58", "signed"),),
    "write-groups are Merkle trees of 32": (("C59", "32"),),
    "overlapping groups are proof": (("C60", "equivocation"),),
    "the counter of a replica id is believed up to its signed head": (
        ("C65", "signed header"),
        ("C66", "further than it signed"),
        ("C67", "own word"),
        ("C68", "withheld"),
        ("C69", "one transaction"),
    ),
    "limits before decoding": (("C62", "before anything is decoded"), ("C63", "limit")),
}

CHECKPOINTS: dict[str, Where] = {
    "made at the barrier; whoever folds K differently refuses": (
        ("G5", "seal"),
        ("G6", "No(invalid)"),
    ),
    "all seen within absence_max have applied K and something higher": (
        ("G7", "refuse"),
        ("G8", "absence_max"),
    ),
    "facts before it may be dropped": (
        ("G1", "memory and disk"),
        ("G9", "before all"),
        ("G16", "kept whole"),
        ("G17", "no reason for another one"),
    ),
    "it holds the folded state, the tx, the ends of chains, the Lamport time": (
        ("G10", "covers all"),
        ("G11", "configuration"),
        ("G12", "takes no effect again"),
        ("G14", "where it was cut"),
    ),
    "lives are forgotten": (("G13", "forgotten"), ("G15", "forgotten")),
    "who returns from before it joins like one that lost its disk": (
        ("G3", "next life"),
        ("G3a", "signed seals"),
        ("G3c", "kept apart"),
        ("G4", "set aside"),
    ),
    "on start it is writable from the checkpoint on": (("G2", "begins on the ground"),),
}

PENDING: tuple[str, ...] = (
    "tickets",
    "second opinion on COVER",
    "signing and verifying",
    "quarantine",
    "dimmed table",
    "blobs",
    "folded boots",
    "environment data",
    "secrets",
    "RISP",
)
"""What is not built yet: each is told in a section "Pending" of some page."""

PARTS = (
    PREDICATES | RULES | FOLD | INVARIANTS | DRAFTS | FACTS | MESSAGES | INFORMATION | CHECKPOINTS
)
STATEMENTS = statements()
PENDING_TEXT = pending().casefold()


@pytest.mark.parametrize("part", PARTS)
def test_every_part_has_statements(part: str) -> None:
    """At least one, each of them there, and about that part."""
    assert PARTS[part], "no statement"
    for label, word in PARTS[part]:
        assert label in STATEMENTS
        assert word.casefold() in STATEMENTS[label].text.casefold(), STATEMENTS[label].text


@pytest.mark.parametrize("page", ["P-", "B", "I-", "C"])
def test_every_statement_belongs_to_a_part(page: str) -> None:
    """Of the barrier and of running information: what is stated was designed, and is listed."""
    mapped = {label for where in PARTS.values() for label, _ in where}
    assert [label for label in STATEMENTS if label.startswith(page) and label not in mapped] == []


@pytest.mark.parametrize("name", PENDING)
def test_what_is_pending_is_told(name: str) -> None:
    """By name, so that nobody looks for it."""
    assert name.casefold() in PENDING_TEXT
