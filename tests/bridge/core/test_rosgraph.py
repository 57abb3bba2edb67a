"""ros_discovery_info: both gid widths, both byte orders, and nothing but a WireError for the rest."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core import rosgraph
from bridge.core.gid import Gid
from bridge.core.qos import type_hash
from bridge.core.rosgraph import USER_DATA, NodeEntities, ParticipantEntities, decode, encode
from bridge.errors import WireError
from tests.strategies import damaged_bytes, participant_entities
from tests.vectors import octets

BRIDGE = ParticipantEntities(
    participant=Gid.from_hex("0110aabbccddeeff00112233000001c1"),
    nodes=(
        NodeEntities(
            namespace="/",
            name="zenoh_bridge_ros2dds",
            readers=(Gid.from_hex("0110aabbccddeeff0011223300000e04"),),
            writers=(Gid.from_hex("0110aabbccddeeff0011223300001003"),),
        ),
    ),
)
PREFIX = "010f4e21000000000000000a"
TWO_NODES = ParticipantEntities(
    participant=Gid.from_hex(PREFIX + "000001c1"),
    nodes=(
        NodeEntities(
            namespace="/robot1",
            name="arm",
            readers=(Gid.from_hex(PREFIX + "00001504"),),
            writers=tuple(Gid.from_hex(PREFIX + entity) for entity in ("00001203", "00001303", "00001403")),
        ),
        NodeEntities(namespace="/robot1/arm", name="driver1"),
    ),
)
HUMBLE = ParticipantEntities(participant=BRIDGE.participant, nodes=BRIDGE.nodes, gid_size=24)
GOLDEN = {
    "ros_discovery_info_bridge_iron.hex": BRIDGE,
    "ros_discovery_info_bridge_humble.hex": HUMBLE,
    "ros_discovery_info_rclpy_two_nodes.hex": TWO_NODES,
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_bytes_read_as_what_they_mean_and_are_written_again(name: str) -> None:
    assert decode(octets(name)) == GOLDEN[name]
    assert encode(GOLDEN[name]) == octets(name)


def test_what_fast_cdr_leaves_in_padding_is_not_looked_at() -> None:
    (node,) = decode(octets("ros_discovery_info_rclpy_dirty_padding.hex")).nodes
    assert (node.full_name, len(node.readers), len(node.writers)) == ("/talker", 0, 1)


def big_endian(payload: bytes) -> bytes:
    """The one-node golden message in the other byte order: its u32 fields, by offset, turned round."""
    data = bytearray(payload)
    data[1] = 0
    for offset in (20, 24, 32, 60, 80):
        struct.pack_into(">I", data, offset, *struct.unpack_from("<I", data, offset))
    return bytes(data)


def test_big_endian_message_reads_the_same() -> None:
    assert decode(big_endian(octets("ros_discovery_info_bridge_iron.hex"))) == BRIDGE


@pytest.mark.parametrize("width", [16, 24])
def test_participant_without_nodes_keeps_its_width(width: int) -> None:
    value = ParticipantEntities(participant=BRIDGE.participant, gid_size=width)
    assert decode(encode(value)) == value


@given(participant_entities())
def test_message_reads_back_equal_whatever_its_width(value: ParticipantEntities) -> None:
    assert decode(encode(value)) == value


@given(participant_entities(), st.integers(1, 3))
def test_padding_at_the_end_is_passed_over(value: ParticipantEntities, count: int) -> None:
    assert decode(encode(value) + bytes(count)) == value


@given(participant_entities())
def test_message_cut_short_never_shows_a_node(value: ParticipantEntities) -> None:
    payload = encode(value)
    for end in range(len(payload)):
        # 24 to 27 bytes of a 24-byte message are also a whole 16-byte message without nodes.
        if value.gid_size == 24 and end in range(24, 28):
            assert decode(payload[:end]).nodes == ()
        else:
            with pytest.raises(WireError):
                decode(payload[:end])


@given(damaged_bytes(participant_entities().map(encode)) | st.binary(max_size=80))
def test_any_bytes_give_a_value_or_a_wire_error(payload: bytes) -> None:
    try:
        value = decode(payload)
    except WireError:
        return
    assert decode(encode(value)) == value


@given(st.binary(max_size=80).map(lambda body: b"\x00\x01\x00\x00" + body))
def test_any_body_gives_a_value_or_a_wire_error(payload: bytes) -> None:
    try:
        value = decode(payload)
    except WireError:
        return
    assert decode(encode(value)) == value


def test_gid_of_24_bytes_ends_in_zeros() -> None:
    payload = bytearray(octets("ros_discovery_info_bridge_humble.hex"))
    payload[-1] = 1
    with pytest.raises(WireError):
        decode(bytes(payload))


def test_count_beyond_the_message_is_refused_before_anything_is_built() -> None:
    payload = bytes.fromhex("00010000") + BRIDGE.participant.value + b"\xff\xff\xff\xff" + bytes(64)
    with pytest.raises(WireError, match="at most 4 items, found 4294967295"):
        decode(payload)


def test_more_nodes_than_any_graph_has_are_refused() -> None:
    nodes = tuple(NodeEntities(namespace="", name="") for _ in range(10_001))
    with pytest.raises(WireError, match="at most 10000 items"):
        decode(encode(ParticipantEntities(participant=BRIDGE.participant, nodes=nodes)))


def test_gid_of_another_participant_is_refused() -> None:
    stranger = NodeEntities(namespace="/", name="n", writers=(Gid(bytes(16)),))
    with pytest.raises(WireError, match="gids that begin with 0110aabbccddeeff00112233"):
        ParticipantEntities(participant=BRIDGE.participant, nodes=(stranger,))
    payload = bytearray(octets("ros_discovery_info_bridge_iron.hex"))
    payload[-16] ^= 1
    with pytest.raises(WireError, match="gids that begin with"):
        decode(bytes(payload))


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[31m", "a\x00", "\u202ea"])
def test_node_name_that_could_forge_a_log_line_is_refused(name: str) -> None:
    with pytest.raises(WireError, match="printable characters"):
        ParticipantEntities(participant=BRIDGE.participant, nodes=(NodeEntities(namespace="/", name=name),))


@pytest.mark.parametrize("width", [0, 12, 17, 32])
def test_other_gid_widths_do_not_exist(width: int) -> None:
    with pytest.raises(WireError, match="16 or 24"):
        ParticipantEntities(participant=BRIDGE.participant, gid_size=width)


@pytest.mark.parametrize(
    ("namespace", "full_name"), [("/", "/n"), ("/a", "/a/n"), ("/a/b", "/a/b/n"), ("", "/n")]
)
def test_full_name_joins_namespace_and_name(namespace: str, full_name: str) -> None:
    assert NodeEntities(namespace=namespace, name="n").full_name == full_name


def test_user_data_of_the_topic_holds_its_type_hash() -> None:
    assert type_hash(USER_DATA) is not None


@pytest.mark.parametrize(
    ("widths", "default", "majority"),
    [
        ((), 16, 16),
        ((), 24, 24),
        ((24,), 16, 24),
        ((16, 24), 24, 24),
        ((16, 24), 16, 16),
        ((16, 24, 16), 24, 16),
    ],
)
def test_the_width_of_most_is_used_and_the_default_in_a_tie(widths, default, majority):
    assert rosgraph.majority_width(widths, default) == majority


@pytest.mark.parametrize(
    ("distro", "width"),
    [
        ("humble", 24),
        ("galactic", 24),
        ("iron", 16),
        ("jazzy", 16),
        ("kilted", 16),
        ("rolling", 16),
        ("", 16),
    ],
)
def test_humble_and_older_use_wide_gids(distro, width):
    assert rosgraph.width_of_distro(distro) == width
