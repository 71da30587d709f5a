"""The line that carries an invite: it survives people, and says what is wrong when it did not."""

import re
from random import Random

import pytest

from mesh.wire.identity import Address, digest, fingerprint
from mesh.wire.invitation import (
    CODE_CHARACTERS_MAX,
    PREFIX,
    BadInvitation,
    Invitation,
    Newcomer,
    decode_invitation,
    encode_invitation,
    invite_id,
    presence_of,
    proof_of,
    recognition,
)

SEED = digest(b"seed")
INVITATION = Invitation(
    digest(b"environment"),
    (Address("192.0.2.1", 4_747), Address("2001:db8::7", 4_747)),
    fingerprint(b"inviter"),
    SEED,
)
NEWCOMER = Newcomer(digest(b"environment"), digest(b"ada"), digest(b"exchange"), "ada", "home")


def test_the_line_says_all_of_it() -> None:
    """One line of small letters and digits; read back it is what was written."""
    line = encode_invitation(INVITATION)
    assert re.fullmatch(PREFIX + "[0-9a-z]+", line)
    assert decode_invitation(line) == INVITATION
    many = Invitation(SEED, (Address("h" * 200, 65_535),) * 8, INVITATION.inviter, SEED)
    assert decode_invitation(encode_invitation(many)) == many
    assert len(encode_invitation(many)) <= CODE_CHARACTERS_MAX


def test_a_line_that_people_handled_is_read() -> None:
    """Broken by a mail program, in capitals, grouped by hyphens, with O for 0 and l for 1."""
    line = encode_invitation(INVITATION)
    wrapped = "\n  ".join(line[at : at + 40] for at in range(0, len(line), 40))
    grouped = "-".join(line[at : at + 5] for at in range(0, len(line), 5))
    typed = PREFIX + line.removeprefix(PREFIX).replace("0", "O").replace("1", "l")
    for handled in (f"  {line}\n", wrapped, grouped, line.upper(), typed):
        assert decode_invitation(handled) == INVITATION


def test_every_typing_mistake_is_found() -> None:
    """No letter can be another one, missing, there twice, or exchanged with its neighbour."""
    line = encode_invitation(INVITATION)
    random = Random(7)
    for at in range(len(PREFIX), len(line)):
        other = random.choice(
            [each for each in "0123456789abcdefghjkmnpqrstvwxyz" if each != line[at]]
        )
        mistakes = {
            line[:at] + other + line[at + 1 :],
            line[:at] + line[at + 1 :],
            line[:at] + line[at] + line[at:],
            line[:at] + line[at : at + 2][::-1] + line[at + 2 :],
        } - {line}
        for mistake in sorted(mistakes):
            with pytest.raises(BadInvitation):
                _ = decode_invitation(mistake)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "paste the whole line"),
        ("hello", "does not begin with 'trellis1'"),
        ("trellis2abc", "another version"),
        (encode_invitation(INVITATION)[:-7], "missing at the end"),
        (encode_invitation(INVITATION) + "00", "too much at the end"),
        (PREFIX + "!", "character 9"),
        (PREFIX, "missing at the end"),
        (encode_invitation(INVITATION)[:-1] + "z", "last letter"),
        ("x" * (CODE_CHARACTERS_MAX + 1), "longer than"),
    ],
)
def test_what_is_wrong_is_said(line: str, why: str) -> None:
    """A line that is none says which mistake it is, and never repeats what was pasted."""
    with pytest.raises(BadInvitation, match=re.escape(why)) as refused:
        _ = decode_invitation(line)
    assert len(line) < 20 or line[:20] not in str(refused.value)


def test_random_letters_are_no_invitation() -> None:
    """Whatever is pasted is refused in words, and nothing else happens."""
    random = Random(11)
    for _ in range(500):
        letters = "".join(random.choices("0123456789abcdefghjkmnpqrstvwxyzoil -\n", k=200))
        with pytest.raises(BadInvitation):
            _ = decode_invitation(PREFIX + letters)


def test_the_secret_does_not_show_itself() -> None:
    """Neither in a repr nor in what is wrong with a line."""
    assert SEED.hex() not in repr(INVITATION)
    assert repr(SEED) not in repr(INVITATION)


def test_a_proof_names_all_that_it_vouches_for() -> None:
    """Another environment, controller, key, name or site is another proof; so is each stream."""
    others = [
        Newcomer(*fields)
        for fields in (
            (SEED, NEWCOMER.controller, NEWCOMER.exchange_key, "ada", "home"),
            (NEWCOMER.environment, SEED, NEWCOMER.exchange_key, "ada", "home"),
            (NEWCOMER.environment, NEWCOMER.controller, SEED, "ada", "home"),
            (NEWCOMER.environment, NEWCOMER.controller, NEWCOMER.exchange_key, "adah", "ome"),
            (NEWCOMER.environment, NEWCOMER.controller, NEWCOMER.exchange_key, "ada", "work"),
        )
    ]
    proofs = [proof_of(each) for each in (NEWCOMER, *others)]
    streams = [presence_of(NEWCOMER, bytes(32)), presence_of(NEWCOMER, SEED)]
    assert len({*proofs, *streams}) == len(proofs) + len(streams)


def test_a_member_is_known_by_what_only_members_know() -> None:
    """What it says back depends on the invite's public key, on who says it, and on the stream."""
    public, host, binding = digest(b"public"), digest(b"host"), digest(b"stream")
    said = recognition(public, host, binding)
    assert len(said) == 32
    others = [(SEED, host, binding), (public, SEED, binding), (public, host, SEED)]
    assert said not in [recognition(*other) for other in others]
    assert invite_id(public) != public[:16]
