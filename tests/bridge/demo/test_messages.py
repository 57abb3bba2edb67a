"""The demo's content: a wrong byte must never pass for a right one."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.demo import messages
from bridge.demo.messages import TOPICS, Contents, Garbled, Kind, Payload, Topic

BY_KIND = {topic.kind: topic for topic in TOPICS}
CONTENTS = {kind: Contents(topic) for kind, topic in BY_KIND.items()}
KINDS = st.sampled_from(list(Kind))


def payload(kind: Kind, seq: int, body: bytes | None = None) -> Payload:
    return Payload(seq=seq, stamp_ns=1, body=CONTENTS[kind].body(seq) if body is None else body)


def test_the_robot_speaks_every_kind_at_the_promised_rates():
    assert {topic.kind: topic.rate_hz for topic in TOPICS} == {
        Kind.TEXT: 10.0,
        Kind.ODOMETRY: 50.0,
        Kind.IMAGE: 15.0,
        Kind.CLOUD: 5.0,
        Kind.TRANSFORM: 0.0,
    }
    assert [topic.name for topic in TOPICS if topic.latched] == ["/tf_static"]


def test_history_outlasts_the_longest_repair_of_a_lost_datagram():
    assert all(topic.depth >= 4 * topic.rate_hz for topic in TOPICS)


def test_large_messages_have_their_promised_size():
    assert len(CONTENTS[Kind.IMAGE].body(0)) == 640 * 480 * 3
    assert len(CONTENTS[Kind.CLOUD].body(0)) == 1024 * 1024


@given(kind=KINDS, seq=st.integers(0, 10_000))
def test_content_as_it_was_sent_is_intact(kind: Kind, seq: int):
    assert CONTENTS[kind].flaw(payload(kind, seq)) == ""


@pytest.mark.parametrize("kind", list(Kind))
def test_robot_and_station_make_the_same_content(kind: Kind):
    again = Contents(BY_KIND[kind])
    assert all(again.body(seq) == CONTENTS[kind].body(seq) for seq in range(5))


@given(kind=KINDS, seq=st.integers(0, 10_000), where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_one_flipped_bit_is_a_flaw(kind: Kind, seq: int, where: float, bit: int):
    body = bytearray(CONTENTS[kind].body(seq))
    body[int(where * len(body))] ^= 1 << bit
    assert CONTENTS[kind].flaw(payload(kind, seq, bytes(body)))


@given(kind=KINDS, seq=st.integers(0, 10_000), other=st.integers(0, 10_000))
def test_the_content_of_another_message_is_a_flaw(kind: Kind, seq: int, other: int):
    flaw = CONTENTS[kind].flaw(payload(kind, seq, CONTENTS[kind].body(other)))
    assert bool(flaw) == (seq != other)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_truncated_body_is_a_flaw(kind: Kind):
    assert "7" in CONTENTS[kind].flaw(payload(kind, 7, CONTENTS[kind].body(7)[:-1]))


@given(seq=st.integers(0, 2**40), stamp_ns=st.integers(0, 2**62))
def test_a_text_gives_back_its_number_and_time(seq: int, stamp_ns: int):
    said = Payload(seq=seq, stamp_ns=stamp_ns, body=CONTENTS[Kind.TEXT].body(seq))
    assert messages.parse_text(messages.text_of(said)) == said


@given(seq=st.integers(0, 2**40))
def test_a_frame_id_gives_back_its_number(seq: int):
    assert messages.frame_seq(messages.frame_id(seq)) == seq


@given(text=st.text(max_size=30))
def test_any_text_is_read_or_garbled(text: str):
    for read in (messages.parse_text, messages.frame_seq):
        with contextlib.suppress(Garbled):
            read(text)


@pytest.mark.parametrize("text", ["", "demo:", "demo:x", "demo:-1", "odom", "demo:1.5"])
def test_a_foreign_frame_id_is_garbled(text: str):
    with pytest.raises(Garbled):
        messages.frame_seq(text)


def test_a_topic_without_a_rate_is_latched():
    assert Topic(name="/map", kind=Kind.TEXT, depth=1).latched
