"""QoS in a token: byte-equal to the upstream bridge, and nothing hostile gets past the reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.keys import check_key_expr
from bridge.core.qos import Durability, History, HistoryKind, Qos, Reliability
from bridge.core.qostext import parse_qos_text, qos_text
from bridge.errors import WireError
from tests.strategies import announced_qos, damaged_text, qos

HASH = b"typehash=RIHS01_df668c740482bbd48fb39d76a70dfd4bd59db1288021743503259e948f6b1a18;"


def written(value: Qos, *, keyed: bool = False) -> str:
    return qos_text(value, keyed=keyed, with_user_data=True)


@given(announced_qos, st.booleans())
def test_what_the_wire_carries_comes_back_equal(value: Qos, keyed: bool) -> None:
    assert parse_qos_text(written(value, keyed=keyed)) == (value, keyed)


@given(qos, st.booleans(), st.booleans())
def test_any_qos_is_written_as_one_chunk_that_reads_back(
    value: Qos, keyed: bool, with_user_data: bool
) -> None:
    text = qos_text(value, keyed=keyed, with_user_data=with_user_data)
    check_key_expr(text)
    assert "/" not in text
    assert "*" not in text
    back, back_keyed = parse_qos_text(text)
    assert back_keyed is keyed
    assert (back.reliability, back.durability) == (value.reliability, value.durability)
    assert (back.history or History()).kind is (value.history or History()).kind


def test_defaults_are_written_as_nothing() -> None:
    assert written(Qos(durability=Durability.VOLATILE, history=History(HistoryKind.KEEP_LAST, 1))) == ":::"


def test_defaults_spelled_out_read_as_the_same_qos() -> None:
    assert parse_qos_text(":1:0:0,10") == parse_qos_text(":1::0,10")


def test_keep_all_is_written_with_depth_minus_one_and_read_with_any() -> None:
    assert written(Qos(history=History(HistoryKind.KEEP_ALL, 7))) == ":::1,-1"
    for text in (":::1,-1", ":::1,0", ":::1,5"):
        history = parse_qos_text(text)[0].history
        assert history is not None
        assert history.keep_all


def test_user_data_is_left_out_for_peers_older_than_iron() -> None:
    value = Qos(user_data=HASH)
    assert qos_text(value, keyed=False, with_user_data=False) == ":::"
    assert written(value) == "::::" + HASH.decode()


@pytest.mark.parametrize("user_data", [b"a/b", b"*", b"$", b"?", b"#", b"\xff", b"x" * 1025])
def test_user_data_that_no_key_can_carry_is_left_out(user_data: bytes) -> None:
    assert written(Qos(reliability=Reliability.RELIABLE, user_data=user_data)) == ":1::"


def test_colon_in_user_data_cuts_it_short_as_at_the_upstream_reader() -> None:
    assert parse_qos_text(written(Qos(user_data=b"a=1;b=x:y")))[0].user_data == b"a=1;b=x"


def test_elements_behind_the_fifth_are_ignored() -> None:
    assert parse_qos_text("K:1:1:0,5:u=1;:new:newer") == parse_qos_text("K:1:1:0,5:u=1;")


def test_any_text_in_the_first_element_means_keyed() -> None:
    assert [parse_qos_text(f"{key}:::")[1] for key in ("", "K", "k", "x y")] == [False, True, True, True]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "4 or more elements, found 1"),
        (":1:", "4 or more elements, found 3"),
        (":2::", "at offset 1 expected a policy number of the table, found '2'"),
        (":-1::", "a policy number of the table"),
        ("::4:", "a policy number of the table"),
        (":::2,1", "a policy number of the table"),
        (":x::", "a decimal number"),
        (": 1::", "a decimal number"),
        (":1_0::", "a decimal number"),
        (":\u0661::", "a decimal number"),
        (":::0", "history as KIND,DEPTH"),
        (":::0,", "a decimal number"),
        (":::0,1,2", "a decimal number"),
        (":::0,0", "a depth of 1 to 2147483647"),
        (":::0,-1", "a depth of 1 to 2147483647"),
        (":::0,2147483648", "a depth of 1 to 2147483647"),
        (":::0," + "9" * 5000, "a decimal number"),
        (":::1,-2147483649", "a depth of -2147483648 to 2147483647"),
        ("::::\ud800", "valid UTF-8"),
    ],
)
def test_refusal_says_what_was_expected(text: str, words: str) -> None:
    with pytest.raises(WireError, match=words):
        parse_qos_text(text)


@given(damaged_text(announced_qos.map(written)) | st.text(":K0123,-;a", max_size=16) | st.text(max_size=16))
def test_any_text_gives_qos_or_a_wire_error(text: str) -> None:
    try:
        value, keyed = parse_qos_text(text)
    except WireError:
        return
    again = written(value, keyed=keyed)
    assert written(*parse_qos_text(again)[:1], keyed=keyed) == again
