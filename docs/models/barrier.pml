/*
 * The votes on one ChangeSet, for the model checker Spin (https://spinroot.com).
 *
 * A controller seals a ChangeSet together with the set of controllers that it sees; the ChangeSet
 * is released when every member of some set has sealed exactly that set; a controller may say No
 * only while none of the sets that it ever sealed can still complete. Rule names (B2a, B3b, P-nay,
 * ...) are those of docs/protocol/barrier-statements.md; docs/simulator/models.md says which of
 * them are covered here.
 *
 * To run it:
 *
 *     spin -a -DQUORUM=1 barrier.pml
 *     gcc -O2 -DSAFETY -DNOFAIR -DMEMLIM=4000 -w -o pan pan.c
 *     ./pan -m10000 -w24
 *
 * and after an error: spin -t -p -g -DQUORUM=1 barrier.pml. All of it: make models. The gate runs
 * the first two rows of this table and all variants named BROKEN_ below, each of which must be
 * refuted:
 *
 *     controllers  quorum  seals  crashes       states   errors   seconds     MB
 *               3       1      2        3    2,970,332        0        14    410
 *               3       2      2        3    2,411,342        0        12    350
 *               3       1      3        0   10,302,331        0        90  2,000
 *               3       2      3        1   16,671,246        0       176  2,600
 *
 * (Spin 6.5.2, gcc 12, one core of a small machine. Seals: how many sets one controller may seal;
 * of three controllers each is in four sets, in three of at least two, so that the last row has all
 * that a majority can seal. Depth is no bound: every run ends by itself, after 54 steps at most.)
 *
 * What a step is: one controller proposes, seals a set, says No, has one more fact on its disk,
 * receives one more fact of another one, or ends. Between any two of them anything may happen that
 * another one may do.
 *
 * Taken as free, so that all cases are covered:
 *   - The failure detector. Any set with the controller in it may be what it sees, at any moment.
 *   - The network. A fact may arrive at any time after it is durable, or never; the facts of one
 *     origin arrive in order. So a partition is a run in which some do not arrive.
 *   - The disk. A controller acts on its own facts at once; others see them when they are durable;
 *     a crash loses the others. Where somebody else holds one nevertheless, it goes on being told.
 *   - First answers. Whoever said nothing may say No, for whatever reason (B2a to B2g, B2i).
 *   - Boots. Of an ended incarnation a Boot with the proven last number may arrive anywhere, or
 *     never; a Boot that proves nothing closes nothing, and is the second case.
 *
 * Left out: more than one ChangeSet, and with it order, ancestors and merges
 * (docs/models/order.pml); how many instants there are and when (B5); changes of the roster (B11);
 * re-proposals (B8); damping and the fall-back on what others sealed (B3c), which only choose among
 * the sets that are free here; disks that come back older and say so. A restarted controller does
 * not vote on what its former incarnation was asked (B12), so it does not appear again.
 */

#ifndef CONTROLLERS
#define CONTROLLERS 3 /* 2 or 3: sets of sets are kept in a byte */
#endif
#ifndef QUORUM
#define QUORUM 1      /* 1: all-active; 2 of 3: majority */
#endif
#ifndef SEALS_MAX
#define SEALS_MAX 2   /* of one controller; there are 2^(CONTROLLERS - 1) sets that contain it */
#endif
#ifndef CRASHES_MAX
#define CRASHES_MAX CONTROLLERS /* of all controllers together */
#endif

#define AUTHOR 0
#define ALL ((1 << CONTROLLERS) - 1)
#define SETS_MAX (1 << (CONTROLLERS - 1))

/* --- sets of controllers are bit masks, sets of such sets are bit masks of them --------------- */

#define BIT(o) (1 << (o))
#define HAS(set, o) ((set) & BIT(o))
#define SIZE(set) (((set) & 1) + ((set) >> 1 & 1) + ((set) >> 2 & 1) + ((set) >> 3 & 1))
#define AMONG(sets, set) ((sets) >> (set) & 1)

/* --- facts: a set is a seal of that set ------------------------------------------------------- */

#define NOTHING 0
#define NO 100
#define PROPOSE 101
#define IS_SEAL(fact) ((fact) != NOTHING && (fact) < NO)

#define CHAIN (SEALS_MAX + 2)
#define FACT(o, i) chain[(o) * CHAIN + (i)]
#define HELD(m, o) held[(m) * CONTROLLERS + (o)]

byte chain[CONTROLLERS * CHAIN];  /* what each controller wrote, in order */
byte written[CONTROLLERS];        /* how many facts; it acts on them at once */
byte durable[CONTROLLERS];        /* how many of them a crash leaves */
byte held[CONTROLLERS * CONTROLLERS]; /* how many facts of another one a controller has received */
byte ended;                       /* whose incarnation is over */
byte proven[CONTROLLERS];         /* the last number that the Boot after it names */
byte boots[CONTROLLERS];          /* whose Boot a controller has received */
byte left_out[CONTROLLERS];       /* whom a controller did not see when it sealed, or saw ended */
byte crashes;
bool cancelled;                   /* somebody with all facts would have said: nobody will release */

/* What a controller concludes from what it holds: functions of the above, kept for the guards. */
byte nay[CONTROLLERS];
byte own_sets[CONTROLLERS];       /* the sets that it sealed */
bool has_clean[CONTROLLERS];      /* one of them at least does not meet Nay */
bool knows_release[CONTROLLERS];

/* Its last word counts, durable or not: only others have to wait for the disk. */
#define LAST(m) FACT(m, written[m] - 1)

#define IS_UNDECIDED(m) \
    (!HAS(ended, m) && !knows_release[m] && (written[m] == 0 || LAST(m) != NO))

/* --- the variants that must be refuted -------------------------------------------------------- */

#ifdef BROKEN_VOTE_BEFORE_DURABLE
#define VISIBLE(o) written[o]
#else
#define VISIBLE(o) durable[o]
#endif

#ifdef BROKEN_SEAL_BLIND
#define HOLDS_PROPOSAL(m) true
#else
#define HOLDS_PROPOSAL(m) \
    ((m) == AUTHOR && written[AUTHOR] > 0 || (m) != AUTHOR && HELD(m, AUTHOR) > 0)
#endif

#ifdef BROKEN_SAME_SET_TWICE
#define IS_NEW(m, set) true
#else
#define IS_NEW(m, set) (!AMONG(own_sets[m], set))
#endif

#ifdef BROKEN_IGNORE_KNOWN_NO
#define MAY_BEGIN(m) true
#else
#define MAY_BEGIN(m) (nay[m] == 0)
#endif

#ifdef BROKEN_SHRINK_ONLY
#define MAY_FOLLOW(m, set) (((set) & LAST(m)) == (set))
#else
#define MAY_FOLLOW(m, set) true
#endif

#ifdef BROKEN_CLOSE_EARLY
#define IS_CLOSED(count, o) ((count) <= proven[o])
#else
#define IS_CLOSED(count, o) ((count) == proven[o])
#endif

#ifdef BROKEN_TRUST_OLD_IMAGE
#define BOOT_NAMES(m) (durable[m] > 0 -> durable[m] - 1 : 0)
#else
#define BOOT_NAMES(m) durable[m]
#endif

#ifdef BROKEN_DEAD_WITHOUT_CLOSED
#define MAY_BE_FEASIBLE(set) false
#else
#define MAY_BE_FEASIBLE(set) \
    (SIZE(set) >= QUORUM && ((set) & naysayers) == 0 && ((set) & closed) != 0)
#endif

#if defined(BROKEN_LATEST_SET)
#define MAY_WITHDRAW(m) (LAST(m) & nay[m])
#elif defined(BROKEN_ANY_NAY)
#define MAY_WITHDRAW(m) (nay[m] != 0)
#else
#define MAY_WITHDRAW(m) (!has_clean[m])
#endif

#ifdef BROKEN_MIXED_SETS
#define SEALED(o, set) (sets[o] != 0)
#else
#define SEALED(o, set) AMONG(sets[o], set)
#endif

/* --- scratch: used within one step, no part of the state -------------------------------------- */

hidden byte o_, i_, s_, round_, m_;
hidden byte look[CONTROLLERS];    /* how much of each chain is looked at */
hidden byte closed;
hidden int sets[CONTROLLERS];     /* which sets it sealed, as far as that goes */
hidden byte naysayers, starred;
hidden byte is_clean, is_complete, is_feasible;
hidden byte refusers, unseen;     /* who said No; whom the members of a set did not see */
hidden byte component, leader, waiting, view;
hidden byte moves;

/* --- the predicates --------------------------------------------------------------------------- */

/* P-no, P-nay: `sets` and `naysayers` from `look` and `closed`. */
inline weigh_votes()
{
    naysayers = 0;
    for (o_ : 0 .. CONTROLLERS - 1) {
        sets[o_] = 0;
        i_ = 0;
        do
        :: i_ < look[o_] ->
            if
            :: FACT(o_, i_) == NO -> naysayers = naysayers | BIT(o_)
            :: IS_SEAL(FACT(o_, i_)) -> sets[o_] = sets[o_] | BIT(FACT(o_, i_))
            :: else
            fi;
            i_++
        :: else -> break
        od
    };
    for (round_ : 1 .. CONTROLLERS) {
        for (o_ : 0 .. CONTROLLERS - 1) {
            if
            :: HAS(closed & ~naysayers, o_) ->
                look_for_clean(o_);
                if
                :: !is_clean -> naysayers = naysayers | BIT(o_)
                :: else
                fi
            :: else
            fi
        }
    }
}

/* Whether one of the sets that `o` sealed does not meet Nay. */
inline look_for_clean(o)
{
    is_clean = false;
    for (s_ : 1 .. ALL) {
        is_clean = is_clean || AMONG(sets[o], s_) && (s_ & naysayers) == 0
    }
}

/* P-complete, P-released: `starred` is the union of the complete sets. */
inline weigh_release(is_proposed)
{
    starred = 0;
    for (s_ : 1 .. ALL) {
        is_complete = is_proposed && SIZE(s_) >= QUORUM;
        for (o_ : 0 .. CONTROLLERS - 1) {
            is_complete = is_complete && (!HAS(s_, o_) || SEALED(o_, s_))
        };
        if
        :: is_complete -> starred = starred | s_
        :: else
        fi
    }
}

/* What `m` concludes, now that it holds more. */
inline conclude(m)
{
    closed = 0;
    for (o_ : 0 .. CONTROLLERS - 1) {
        look[o_] = (o_ == m -> written[o_] : HELD(m, o_));
        closed = closed | (HAS(boots[m], o_) && IS_CLOSED(look[o_], o_) -> BIT(o_) : 0)
    };
    weigh_votes();
    nay[m] = naysayers;
    look_for_clean(m);
    has_clean[m] = is_clean;
    weigh_release(HOLDS_PROPOSAL(m));
    knows_release[m] = (starred != 0);
    if
    :: knows_release[m] || HAS(naysayers, m) -> forget(m)
    :: else
    fi
}

/* Who will never say anything more decides nothing by what it holds: no need to keep it apart. */
inline forget(m)
{
    for (o_ : 0 .. CONTROLLERS - 1) {
        HELD(m, o_) = 0
    };
    boots[m] = 0;
    nay[m] = 0;
    has_clean[m] = false
}

/* --- the invariants --------------------------------------------------------------------------- */

/* I-W, I-NF, and that what is dead is never released, over all facts that anybody could hold. */
inline check_safety()
{
    closed = ended;
    for (o_ : 0 .. CONTROLLERS - 1) {
        look[o_] = VISIBLE(o_);
        closed = closed & (HAS(ended, o_) && look[o_] != proven[o_] -> ~BIT(o_) : 255)
    };
    weigh_votes();
    weigh_release(durable[AUTHOR] > 0);
    said_no();
    for (s_ : 1 .. ALL) {
        weigh_set(s_);
        if
        :: is_complete ->
            assert((s_ & refusers) == 0);       /* W: nobody in a complete set says No */
            assert((refusers & ~unseen) == 0)   /* NF: one of the set did not see who said No */
        :: else
        fi
    };
    weigh_death();
    assert(!(cancelled && starred != 0))
}

/* `refusers`: who said No; not who merely cannot complete any more. */
inline said_no()
{
    refusers = 0;
    for (o_ : 0 .. CONTROLLERS - 1) {
        if
        :: look[o_] > 0 && FACT(o_, look[o_] - 1) == NO -> refusers = refusers | BIT(o_)
        :: else
        fi
    }
}

/* Whether `set` is complete, and whom its members left out: `unseen`. */
inline weigh_set(set)
{
    is_complete = durable[AUTHOR] > 0 && SIZE(set) >= QUORUM;
    unseen = 0;
    for (o_ : 0 .. CONTROLLERS - 1) {
        if
        :: HAS(set, o_) ->
            is_complete = is_complete && SEALED(o_, set);
            unseen = unseen | left_out[o_]
        :: else
        fi
    }
}

/* P-feasible, P-dead. */
inline weigh_death()
{
    is_feasible = SIZE(ALL & ~naysayers & ~closed) >= QUORUM;
    for (s_ : 1 .. ALL) {
        is_clean = MAY_BE_FEASIBLE(s_);
        for (o_ : 0 .. CONTROLLERS - 1) {
            is_clean = is_clean && (!HAS(s_ & closed, o_) || AMONG(sets[o_], s_))
        };
        is_feasible = is_feasible || is_clean
    };
    cancelled = cancelled || !is_feasible && durable[AUTHOR] > 0
}

/*
 * Nobody waits for ever: where a component holds the same facts and sees exactly itself, somebody
 * in it has something to say, or all have their answer. (With a majority: or too few are there.)
 */
inline check_progress()
{
    for (component : 1 .. ALL) {
        find_waiting();
        if
        :: waiting != 0 ->
            moves = false;
            for (m_ : 0 .. CONTROLLERS - 1) {
                if
                :: HAS(waiting, m_) -> find_move(m_)
                :: else
                fi
            };
            assert(moves)
        :: else
        fi
    }
}

/* `waiting`: who is undecided in a component that has nothing more to tell each other. */
inline find_waiting()
{
    waiting = 0;
    leader = CONTROLLERS;
    moves = false;
    for (m_ : 0 .. CONTROLLERS - 1) {
        if
        :: !HAS(component, m_) || HAS(ended, m_) -> skip
        :: else ->
            moves = moves || knows_release[m_] || written[m_] != durable[m_];
            if
            :: IS_UNDECIDED(m_) ->
                waiting = waiting | (HOLDS_PROPOSAL(m_) -> BIT(m_) : 0);
                leader = (leader == CONTROLLERS -> m_ : leader);
                compare_held(m_)
            :: else
            fi
        fi
    };
    waiting = (moves -> 0 : waiting)
}

/* Whether `m` can still be told something within the component. */
inline compare_held(m)
{
    for (o_ : 0 .. CONTROLLERS - 1) {
        moves = moves || o_ != m && HAS(component, o_) && HELD(m, o_) != durable[o_] ||
            HAS(component & ended, o_) && !HAS(boots[m], o_) ||
            !HAS(component, o_) && HELD(m, o_) != HELD(leader, o_) ||
            HAS(boots[m], o_) != HAS(boots[leader], o_)
    }
}

/* Whether the rules let `m` say something while it sees exactly the component. */
inline find_move(m)
{
    view = component & ~ended & ~nay[m];
    moves = moves || own_sets[m] == 0 || MAY_WITHDRAW(m) ||
        QUORUM > 1 && SIZE(view) < QUORUM ||
        SIZE(view) >= QUORUM && IS_NEW(m, view) && MAY_FOLLOW(m, view);
    for (o_ : 0 .. CONTROLLERS - 1) {
        sets[o_] = 0;
        i_ = 0;
        do
        :: i_ < (o_ == m -> written[o_] : HELD(m, o_)) ->
            sets[o_] = sets[o_] | (IS_SEAL(FACT(o_, i_)) -> BIT(FACT(o_, i_)) : 0);
            i_++
        :: else -> break
        od
    };
    for (s_ : 1 .. ALL) {
        is_complete = HAS(s_, m) && s_ != BIT(m) && SIZE(s_) >= QUORUM && (s_ & nay[m]) == 0 &&
            IS_NEW(m, s_) && MAY_FOLLOW(m, s_);
        for (o_ : 0 .. CONTROLLERS - 1) {
            is_complete = is_complete && (o_ == m || !HAS(s_, o_) || AMONG(sets[o_], s_))
        };
        moves = moves || is_complete
    }
}

/* --- the steps -------------------------------------------------------------------------------- */

#define MAY_SPEAK(m) (IS_UNDECIDED(m) && HOLDS_PROPOSAL(m))

#define SEALS(m) (written[m] - ((m) == AUTHOR))

#define MAY_SEAL(m, set) \
    (MAY_SPEAK(m) && (set) <= ALL && HAS(set, m) && SIZE(set) >= QUORUM && ((set) & nay[m]) == 0 \
    && SEALS(m) < SEALS_MAX && IS_NEW(m, set) \
    && (own_sets[m] == 0 && MAY_BEGIN(m) || own_sets[m] != 0 && has_clean[m] && MAY_FOLLOW(m, set)))

#define MAY_SAY_NO(m) \
    (MAY_SPEAK(m) && (own_sets[m] == 0 || own_sets[m] != 0 && MAY_WITHDRAW(m)))

#define MAY_PROPOSE(m) ((m) == AUTHOR && written[m] == 0 && !HAS(ended, m))

#define MAY_LEARN(m, o) \
    ((o) < CONTROLLERS && (o) != (m) && IS_UNDECIDED(m) && HELD(m, o) < VISIBLE(o))
#define MAY_LEARN_BOOT(m, o) ((o) < CONTROLLERS && IS_UNDECIDED(m) && HAS(ended & ~boots[m], o))

#define MAY_SYNC(m) (!HAS(ended, m) && written[m] > durable[m])

/* Where the last word is said and durable an end changes nothing any more. */
#define MAY_CRASH(m) \
    (crashes < CRASHES_MAX && !HAS(ended, m) && (IS_UNDECIDED(m) || written[m] > durable[m]))

inline write(m, fact)
{
    FACT(m, written[m]) = fact;
    written[m]++;
    conclude(m);
    if
    :: VISIBLE(m) == written[m] -> check_safety()
    :: else
    fi
}

/* B2h, B3b, B3c; I-D. The view is whatever the failure detector says at this moment. */
inline seal(m, set)
{
    assert((m == AUTHOR -> written[AUTHOR] : HELD(m, AUTHOR)) > 0);  /* D */
    assert(SEALS(m) < SETS_MAX);
    note_absent(m, set);
    own_sets[m] = own_sets[m] | BIT(set);
    write(m, set)
}

/* Who adopts a set that all others of it sealed says nothing about whom it sees. */
inline note_absent(m, set)
{
    is_complete = own_sets[m] != 0 && SIZE(set) > 1;
    for (o_ : 0 .. CONTROLLERS - 1) {
        if
        :: o_ != m && HAS(set, o_) ->
            is_clean = false;
            i_ = 0;
            do
            :: i_ < HELD(m, o_) ->
                is_clean = is_clean || FACT(o_, i_) == set;
                i_++
            :: else -> break
            od;
            is_complete = is_complete && is_clean
        :: else
        fi
    };
    left_out[m] = left_out[m] | (is_complete -> 0 : ALL & ~set & ~nay[m])
}

inline sync(m)
{
    durable[m]++;
    check_safety();
    check_progress()
}

inline learn(m, o)
{
    HELD(m, o)++;
    conclude(m);
    check_progress()
}

inline learn_boot(m, o)
{
    boots[m] = boots[m] | BIT(o);
    conclude(m);
    check_progress()
}

/* The incarnation is over. What was not durable is lost, unless it got out. */
inline crash(m)
{
    is_clean = true;
    for (o_ : 0 .. CONTROLLERS - 1) {
        is_clean = is_clean && HELD(o_, m) <= durable[m]
    };
    if
    :: is_clean && written[m] > durable[m] ->
        do
        :: written[m] > durable[m] ->
            written[m]--;
            FACT(m, written[m]) = NOTHING
        :: else -> break
        od
    :: else
    fi;
    own_sets[m] = 0;
    ended = ended | BIT(m);
    crashes++;
    proven[m] = BOOT_NAMES(m);
    knows_release[m] = false;
    forget(m);
    check_safety();
    check_progress()
}

#define SEAL(chosen) :: MAY_SEAL(_pid, chosen) -> set = chosen
#define LEARN(chosen) :: MAY_LEARN(_pid, chosen) -> from = chosen
#define LEARN_BOOT(chosen) :: MAY_LEARN_BOOT(_pid, chosen) -> from = chosen

active [CONTROLLERS] proctype controller()
{
    byte set, from;  /* chosen within a step, 0 between steps */
end:
    do
    :: d_step { MAY_PROPOSE(_pid) -> write(_pid, PROPOSE); skip }
    :: atomic {
        if SEAL(1) SEAL(2) SEAL(3) SEAL(4) SEAL(5) SEAL(6) SEAL(7) fi;
        d_step { seal(_pid, set); set = 0 }
    }
    :: d_step { MAY_SAY_NO(_pid) -> write(_pid, NO); skip }
    :: d_step { MAY_SYNC(_pid) -> sync(_pid); skip }
    :: atomic {
        if LEARN(0) LEARN(1) LEARN(2) fi;
        d_step { learn(_pid, from); from = 0 }
    }
    :: atomic {
        if LEARN_BOOT(0) LEARN_BOOT(1) LEARN_BOOT(2) fi;
        d_step { learn_boot(_pid, from); from = 0 }
    }
    :: d_step { MAY_CRASH(_pid) -> crash(_pid); skip }
    od
}
