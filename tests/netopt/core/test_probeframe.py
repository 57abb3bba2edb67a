from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netopt.core.probeframe import (
    MAX_FRAME_BYTES,
    MIN_FRAME_BYTES,
    UNKNOWN_ERROR_US,
    Echo,
    Request,
    answer,
    decode_reply,
    is_reply_of,
)
from netopt.errors import FrameError

NOBODY = Echo()
REQUEST = Request(run=0x1122334455667788, sequence=7, sent_wall_ns=0x0102030405060708)
GOLDEN_REQUEST = bytes.fromhex(
    "5a4c5031"  # magic
    "01"  # request
    "00 0000"  # flags, reserved
    "1122334455667788"  # run
    "00000007"  # sequence
    "ffffffff"  # error of the echo's clock: unknown
    "0102030405060708"  # sent
    "0000000000000000 0000000000000000 0000000000000000 0000000000000000"
)
times = st.integers(min_value=-(2**63), max_value=2**63 - 1)


def echoed(frame: bytes, *, received=1, monotonic=2, sent=3, echo=NOBODY) -> bytes:
    return answer(
        frame, received_wall_ns=received, received_monotonic_ns=monotonic, sent_wall_ns=sent, echo=echo
    )


def test_a_request_has_the_bytes_of_the_specification():
    assert REQUEST.encode() == GOLDEN_REQUEST
    assert len(GOLDEN_REQUEST) == MIN_FRAME_BYTES


def test_a_reply_has_the_bytes_of_the_specification():
    reply = echoed(GOLDEN_REQUEST, echo=Echo(clock_id=0xAA, max_error_us=5))
    assert reply == bytes.fromhex(
        "5a4c5031 02 00 0000 1122334455667788 00000007 00000005 0102030405060708"
        "0000000000000001 0000000000000003 0000000000000002 00000000000000aa"
    )


requests = st.builds(
    Request, run=st.integers(0, 2**64 - 1), sequence=st.integers(0, 2**32 - 1), sent_wall_ns=times
)
echoes = st.builds(Echo, clock_id=st.integers(0, 2**64 - 1), max_error_us=st.integers(0, UNKNOWN_ERROR_US))


@given(
    request=requests,
    received=times,
    monotonic=times,
    sent=times,
    echo=echoes,
    size=st.integers(MIN_FRAME_BYTES, 4096),
)
def test_every_reply_says_what_was_asked_and_when(request, received, monotonic, sent, echo, size):
    frame = echoed(request.encode(size), received=received, monotonic=monotonic, sent=sent, echo=echo)
    assert len(frame) == size, "a reply larger than its request would amplify"
    reply = decode_reply(frame)
    assert (reply.run, reply.sequence, reply.sent_wall_ns) == (
        request.run,
        request.sequence,
        request.sent_wall_ns,
    )
    assert (reply.echo_received_wall_ns, reply.echo_sent_wall_ns) == (received, sent)
    assert (reply.echo_monotonic_ns, reply.echo) == (monotonic, echo)


@given(st.binary(max_size=200))
def test_other_bytes_are_refused_and_nothing_else_happens(frame):
    for read in (decode_reply, echoed):
        with pytest.raises(FrameError):
            read(frame)


def test_a_request_is_no_reply_and_a_reply_no_request():
    with pytest.raises(FrameError):
        decode_reply(GOLDEN_REQUEST)
    with pytest.raises(FrameError):
        echoed(echoed(GOLDEN_REQUEST))


def test_what_is_larger_than_anything_we_send_is_not_answered():
    with pytest.raises(FrameError):
        echoed(GOLDEN_REQUEST.ljust(MAX_FRAME_BYTES + 1, b"\0"))


def test_a_reply_is_known_by_its_measurement():
    reply = echoed(REQUEST.encode())
    assert is_reply_of(REQUEST.run, reply)
    assert not is_reply_of(REQUEST.run + 1, reply)
    assert not is_reply_of(REQUEST.run, REQUEST.encode())
    assert not is_reply_of(0, b"")
