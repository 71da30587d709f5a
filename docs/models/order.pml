/*
 * Two ChangeSets at once: in which order they are applied, for the model checker Spin.
 *
 * barrier.pml says how one ChangeSet is released; here two of them are, by two authors, and what
 * matters is who applies what after what. Whoever is in the complete sets of both applies the one
 * with the lower timestamp first (O); a history holds what is released, with all that is below it
 * (H); and where nobody was ever suspected nobody says No (Q). Rule names are those of
 * docs/protocol/barrier-statements.md; docs/simulator/models.md says which are covered here.
 *
 * To run it:
 *
 *     spin -a order.pml
 *     gcc -O2 -DSAFETY -DNOFAIR -DMEMLIM=4000 -w -o pan pan.c
 *     ./pan -m10000 -w24
 *
 * and after an error: spin -t -p -g order.pml. All of it: make models. The gate runs the first row,
 * and all variants named BROKEN_ below, each of which must be refuted:
 *
 *     controllers  quorum  seals      states   errors   seconds     MB
 *               2       1      2     737,119        0         3    200
 *               2       2      2       2,117        0         0    130
 *               3       1      1  12,000,000        0       180    510   not searched to the end
 *
 * (Spin 6.5.2, gcc 12, one core of a small machine. The last one with -DBITSTATE, -w32 -k3 -Q3: it
 * is a sample. Seals: how many sets one controller may seal for one ChangeSet; of two controllers
 * each is in two sets. Depth is no bound: every run ends by itself.)
 *
 * Each controller proposes at most one ChangeSet, on top of what it has applied by then. Which of
 * two that did not know of each other has the lower timestamp is free. Failure detector and network
 * are as free as in barrier.pml.
 *
 * Left out: crashes and what is not durable (barrier.pml has them); first answers without a reason
 * among B2a, B2d, B2e and B2f, so that Q can be looked at; merges (B10), so two sides that applied
 * different ChangeSets stay apart; SKIP, and the settling of what is dead (B6), since nobody ends
 * here; joining by controllers that are in no set (B9) happens only to the two or three there are.
 */

#ifndef CONTROLLERS
#define CONTROLLERS 2  /* 2 or 3: sets of sets are kept in a byte */
#endif
#ifndef QUORUM
#define QUORUM 1
#endif
#ifndef SEALS_MAX
#define SEALS_MAX 2    /* of one controller for one ChangeSet */
#endif

#define CHANGES 2
#define ALL ((1 << CONTROLLERS) - 1)
#define AUTHOR(c) (c)  /* controller 0 proposes ChangeSet 0, controller 1 the other one */
#define OTHER(c) (1 - (c))

#define BIT(o) (1 << (o))
#define HAS(set, o) ((set) & BIT(o))
#define SIZE(set) (((set) & 1) + ((set) >> 1 & 1) + ((set) >> 2 & 1))
#define AMONG(sets, set) ((sets) >> (set) & 1)

/* --- facts: what is said, times two, plus of which ChangeSet ---------------------------------- */

#define NO 100
#define PROPOSE 101
#define APPLIED 102
#define FACT_OF(c, word) (2 * (word) + (c))
#define WORD(fact) ((fact) / 2)
#define CHANGE(fact) ((fact) % 2)
#define IS_SEAL(fact) (WORD(fact) < NO)

#define CHAIN (CHANGES * (SEALS_MAX + 2) + 1)
#define FACT(o, i) chain[(o) * CHAIN + (i)]
#define HELD(m, o) held[(m) * CONTROLLERS + (o)]
#define AT(m, c) ((m) * CHANGES + (c))

byte chain[CONTROLLERS * CHAIN];
byte written[CONTROLLERS];
byte held[CONTROLLERS * CONTROLLERS];
byte proposed;                    /* which ChangeSets are */
byte lowest = CHANGES;            /* the one with the lower timestamp, once both are proposed */
byte ancestors;                   /* which ChangeSets are made on top of the other one */
byte first[CONTROLLERS] = CHANGES;   /* what a controller applied first */
byte history[CONTROLLERS];        /* what it has applied */
bool suspected;                   /* somebody once sealed without somebody who had not said No */

/* What a controller concludes from what it holds: functions of the above, kept for the guards. */
byte known[CONTROLLERS];                  /* the proposals that it holds */
byte nay[CONTROLLERS * CHANGES];
byte star[CONTROLLERS * CHANGES];         /* all members of complete sets */
byte appliers[CONTROLLERS * CHANGES];
byte own_sets[CONTROLLERS * CHANGES];
bool has_clean[CONTROLLERS * CHANGES];

/* --- scratch ---------------------------------------------------------------------------------- */

hidden byte o_, i_, s_, c_, fact_;
hidden byte sets[CONTROLLERS * CHANGES];
hidden byte look[CONTROLLERS];
hidden byte naysayers[CHANGES], starred[CHANGES], applied_by[CHANGES], held_proposals;
hidden byte is_complete;

/* --- the predicates, as `m` sees them --------------------------------------------------------- */

#define LOWER(a, b) (lowest == (a) && (a) != (b))
#define IN_HISTORY(m, c) HAS(history[m], c)
#define IS_BELOW(c, d) (HAS(ancestors, d) && (c) == OTHER(d))      /* c is an ancestor of d */
#define RELEASED(m, c) (HAS(known[m], c) && star[AT(m, c)] != 0)
#define SAID_NO(m, c) HAS(nay[AT(m, c)], m)
#define SEALED_BY(m, c) (own_sets[AT(m, c)] != 0)
#define MINE(m, c) \
    (RELEASED(m, c) && (HAS(star[AT(m, c)], m) || SEALED_BY(m, c) && !SAID_NO(m, c)))
#define OPEN(m, c) (SEALED_BY(m, c) && !SAID_NO(m, c) && !RELEASED(m, c))
#define IN_BASE(m, c) \
    (IN_HISTORY(m, c) || IS_BELOW(c, OTHER(c)) && OPEN(m, OTHER(c)))
#define BOUND(m, c) \
    (star[AT(m, c)] | appliers[AT(m, c)] | \
    (IS_BELOW(c, OTHER(c)) && RELEASED(m, OTHER(c)) -> star[AT(m, OTHER(c))] : 0))
#define CLASHES(m, c) \
    (!IN_HISTORY(m, c) && !MINE(m, c) && RELEASED(m, OTHER(c)) && IN_BASE(m, OTHER(c)) && \
    (BOUND(m, c) & BOUND(m, OTHER(c))) == 0)
#define ANCESTORS_RELEASED(m, c) (!IS_BELOW(OTHER(c), c) || RELEASED(m, OTHER(c)))
#define JOINABLE(m, c) \
    (RELEASED(m, c) && ANCESTORS_RELEASED(m, c) && !CLASHES(m, c) && \
    (!IS_BELOW(OTHER(c), c) || !CLASHES(m, OTHER(c))))

#ifdef BROKEN_NO_FRONTIER
#define IS_STALE(m, c) false
#else
#define IS_STALE(m, c) (IN_HISTORY(m, OTHER(c)) && LOWER(c, OTHER(c)))             /* B2d */
#endif

/* B2e */
#define IS_APART(m, c) \
    (IN_BASE(m, OTHER(c)) && !IS_BELOW(OTHER(c), c) && !HAS(BOUND(m, OTHER(c)), AUTHOR(c)))

#define IS_BEHIND(m, c) (IS_STALE(m, c) || IS_APART(m, c))

/* B2f: what is below and not applied here is waited for, unless it is bound to come. */
#define LACKS_ANCESTOR(m, c) \
    (IS_BELOW(OTHER(c), c) && !IN_HISTORY(m, OTHER(c)) && !MINE(m, OTHER(c)))

#ifdef BROKEN_PASS_UNANSWERED
#define IS_SETTLED(m, c) (IN_HISTORY(m, c) || SAID_NO(m, c) || RELEASED(m, c) && !MINE(m, c) || \
    !SEALED_BY(m, c))
#else
#define IS_SETTLED(m, c) (IN_HISTORY(m, c) || SAID_NO(m, c) || RELEASED(m, c) && !MINE(m, c))
#endif

#ifdef BROKEN_SKIP_ANCESTORS
#define HAS_ANCESTORS(m, c) true
#else
#define HAS_ANCESTORS(m, c) (!IS_BELOW(OTHER(c), c) || IN_HISTORY(m, OTHER(c)))
#endif

/* B6 */
#define MAY_APPLY(m, c) \
    (RELEASED(m, c) && !IN_HISTORY(m, c) && ANCESTORS_RELEASED(m, c) && \
    (MINE(m, c) || JOINABLE(m, c)) && HAS_ANCESTORS(m, c) && \
    (!(HAS(known[m], OTHER(c)) && LOWER(OTHER(c), c)) || IS_SETTLED(m, OTHER(c))))

/* --- weighing the facts ----------------------------------------------------------------------- */

/* From `look`: seals, refusals, applications and proposals, then the complete sets. */
inline weigh()
{
    for (c_ : 0 .. CHANGES - 1) {
        naysayers[c_] = 0;
        applied_by[c_] = 0
    };
    held_proposals = 0;
    for (o_ : 0 .. CONTROLLERS - 1) {
        sets[AT(o_, 0)] = 0;
        sets[AT(o_, 1)] = 0;
        i_ = 0;
        do
        :: i_ < look[o_] ->
            weigh_fact(FACT(o_, i_));
            i_++
        :: else -> break
        od
    };
    for (c_ : 0 .. CHANGES - 1) {
        starred[c_] = 0;
        for (s_ : 1 .. ALL) {
            is_complete = HAS(held_proposals, c_) && SIZE(s_) >= QUORUM;
            for (o_ : 0 .. CONTROLLERS - 1) {
                is_complete = is_complete && (!HAS(s_, o_) || AMONG(sets[AT(o_, c_)], s_))
            };
            starred[c_] = starred[c_] | (is_complete -> s_ : 0)
        }
    }
}

inline weigh_fact(fact)
{
    fact_ = fact;
    if
    :: IS_SEAL(fact_) ->
        sets[AT(o_, CHANGE(fact_))] = sets[AT(o_, CHANGE(fact_))] | BIT(WORD(fact_))
    :: WORD(fact_) == NO -> naysayers[CHANGE(fact_)] = naysayers[CHANGE(fact_)] | BIT(o_)
    :: WORD(fact_) == APPLIED -> applied_by[CHANGE(fact_)] = applied_by[CHANGE(fact_)] | BIT(o_)
    :: WORD(fact_) == PROPOSE -> held_proposals = held_proposals | BIT(CHANGE(fact_))
    fi
}

inline conclude(m)
{
    for (o_ : 0 .. CONTROLLERS - 1) {
        look[o_] = (o_ == m -> written[o_] : HELD(m, o_))
    };
    weigh();
    known[m] = held_proposals;
    for (c_ : 0 .. CHANGES - 1) {
        nay[AT(m, c_)] = naysayers[c_];
        star[AT(m, c_)] = starred[c_];
        appliers[AT(m, c_)] = applied_by[c_];
        has_clean[AT(m, c_)] = false;
        for (s_ : 1 .. ALL) {
            has_clean[AT(m, c_)] = has_clean[AT(m, c_)] ||
                AMONG(own_sets[AT(m, c_)], s_) && (s_ & naysayers[c_]) == 0
        }
    }
}

/* --- the invariants, over all facts ----------------------------------------------------------- */

inline check()
{
    for (o_ : 0 .. CONTROLLERS - 1) {
        look[o_] = written[o_]
    };
    weigh();
    for (o_ : 0 .. CONTROLLERS - 1) {
        /* H: all that is applied is released, and nothing without what it was made on top of. */
        assert(!HAS(history[o_], 0) || starred[0] != 0);
        assert(!HAS(history[o_], 1) || starred[1] != 0);
        assert(!(HAS(ancestors & history[o_], 0) && !HAS(history[o_], 1)));
        assert(!(HAS(ancestors & history[o_], 1) && !HAS(history[o_], 0)));
        /* O: whoever is in complete sets of both applies the lower one first. */
        assert(!(lowest < CHANGES && first[o_] == 1 - lowest && HAS(starred[0] & starred[1], o_)))
    };
    /* Q: where nobody was ever suspected nobody says No. */
    assert(suspected || (naysayers[0] | naysayers[1]) == 0)
}

/* --- the steps -------------------------------------------------------------------------------- */

#define MAY_PROPOSE(m, c) ((m) == AUTHOR(c) && !HAS(proposed, c))
#define MAY_SPEAK(m, c) (HAS(known[m], c) && !SAID_NO(m, c) && star[AT(m, c)] == 0)
#define SEALED_SET(m, c, set) AMONG(own_sets[AT(m, c)], set)
#define SEALS(m, c) \
    (SEALED_SET(m, c, 1) + SEALED_SET(m, c, 2) + SEALED_SET(m, c, 3) + SEALED_SET(m, c, 4) + \
    SEALED_SET(m, c, 5) + SEALED_SET(m, c, 6) + SEALED_SET(m, c, 7))
#define MAY_SEAL(m, c, set) \
    ((set) <= ALL && HAS(set, m) && MAY_SPEAK(m, c) && SIZE(set) >= QUORUM && \
    ((set) & nay[AT(m, c)]) == 0 && !AMONG(own_sets[AT(m, c)], set) && SEALS(m, c) < SEALS_MAX && \
    (SEALED_BY(m, c) && has_clean[AT(m, c)] || \
    !SEALED_BY(m, c) && nay[AT(m, c)] == 0 && !IS_BEHIND(m, c) && !LACKS_ANCESTOR(m, c)))

/* Only with a reason, so that Q can be looked at: nay, behind, diverged, withdraw. */
#define IS_DIVERGED(m, c) \
    (LACKS_ANCESTOR(m, c) && RELEASED(m, OTHER(c)) && !JOINABLE(m, OTHER(c)))
#define MAY_SAY_NO(m, c) \
    (MAY_SPEAK(m, c) && \
    (SEALED_BY(m, c) && !has_clean[AT(m, c)] || \
    !SEALED_BY(m, c) && (nay[AT(m, c)] != 0 || IS_BEHIND(m, c) || IS_DIVERGED(m, c))))

/* Who has applied both decides nothing more by what it holds: no need to keep it apart. */
#define IS_DONE(m) (history[m] == BIT(0) + BIT(1))
#define MAY_LEARN(m, o) \
    ((o) < CONTROLLERS && (o) != (m) && HELD(m, o) < written[o] && !IS_DONE(m))

inline write(m, c, word)
{
    FACT(m, written[m]) = FACT_OF(c, word);
    written[m]++;
    conclude(m);
    check()
}

inline seal(m, c, set)
{
    is_complete = SEALED_BY(m, c);  /* who adopts a set says nothing about whom it sees */
    for (o_ : 0 .. CONTROLLERS - 1) {
        look[o_] = (o_ == m -> written[o_] : HELD(m, o_))
    };
    if
    :: is_complete ->
        weigh();
        is_complete = SIZE(set) > 1;
        for (o_ : 0 .. CONTROLLERS - 1) {
            is_complete = is_complete && (o_ == m || !HAS(set, o_) || AMONG(sets[AT(o_, c)], set))
        }
    :: else
    fi;
    suspected = suspected || !is_complete && (ALL & ~set & ~nay[AT(m, c)]) != 0;
    own_sets[AT(m, c)] = own_sets[AT(m, c)] | BIT(set);
    write(m, c, set)
}

/* The timestamp is higher than all that the author knows; otherwise either may be the lower one. */
inline propose(m, c, is_lower)
{
    ancestors = ancestors | (IN_HISTORY(m, OTHER(c)) -> BIT(c) : 0);
    lowest = (HAS(proposed, OTHER(c)) -> (is_lower -> c : OTHER(c)) : CHANGES);
    proposed = proposed | BIT(c);
    write(m, c, PROPOSE)
}

inline apply(m, c)
{
    first[m] = (history[m] == 0 -> c : first[m]);
    history[m] = history[m] | BIT(c);
    write(m, c, APPLIED);
    for (o_ : 0 .. CONTROLLERS - 1) {
        HELD(m, o_) = (IS_DONE(m) -> 0 : HELD(m, o_))
    }
}

inline learn(m, o)
{
    HELD(m, o)++;
    conclude(m)
}

#define SEAL(c, chosen) :: MAY_SEAL(_pid, c, chosen) -> change = c; set = chosen
#define LEARN(chosen) :: MAY_LEARN(_pid, chosen) -> from = chosen

active [CONTROLLERS] proctype controller()
{
    byte change, set, from;  /* chosen within a step, 0 between steps */
end:
    do
    :: d_step { _pid < CHANGES && MAY_PROPOSE(_pid, _pid) -> propose(_pid, _pid, false); skip }
    :: d_step {
        _pid < CHANGES && MAY_PROPOSE(_pid, _pid) && HAS(proposed & ~known[_pid], OTHER(_pid)) ->
            propose(_pid, _pid, true);
            skip
    }
    :: atomic {
        if
        SEAL(0, 1) SEAL(0, 2) SEAL(0, 3) SEAL(0, 4) SEAL(0, 5) SEAL(0, 6) SEAL(0, 7)
        SEAL(1, 1) SEAL(1, 2) SEAL(1, 3) SEAL(1, 4) SEAL(1, 5) SEAL(1, 6) SEAL(1, 7)
        fi;
        d_step { seal(_pid, change, set); change = 0; set = 0 }
    }
    :: atomic {
        if
        :: MAY_SAY_NO(_pid, 0) -> change = 0
        :: MAY_SAY_NO(_pid, 1) -> change = 1
        fi;
        d_step { write(_pid, change, NO); change = 0 }
    }
    :: atomic {
        if
        :: MAY_APPLY(_pid, 0) -> change = 0
        :: MAY_APPLY(_pid, 1) -> change = 1
        fi;
        d_step { apply(_pid, change); change = 0 }
    }
    :: atomic {
        if LEARN(0) LEARN(1) LEARN(2) fi;
        d_step { learn(_pid, from); from = 0 }
    }
    od
}
