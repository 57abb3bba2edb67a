"""Hypothesis strategies for the values of ``bridge.core``, and for damage to what was sound.

``announced_qos`` and all tokens hold only what the wire carries, so that they come back equal.
"""

from __future__ import annotations

from hypothesis import strategies as st

from bridge.core.extensions import Interface, InterfacesToken, NodeToken, joins_others
from bridge.core.gid import Gid
from bridge.core.keys import key_expr
from bridge.core.qos import (
    INFINITE_NS,
    DestinationOrder,
    Durability,
    History,
    HistoryKind,
    LivelinessKind,
    Ownership,
    Qos,
    Reliability,
)
from bridge.core.rosgraph import NodeEntities, ParticipantEntities
from bridge.core.tokens import AgentToken, Token, TokenKind, WriterToken

identifiers = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,11}", fullmatch=True)
chunk_lists = st.lists(identifiers, min_size=1, max_size=4)

ros_names = chunk_lists.map(lambda parts: "/" + "/".join(parts))
namespaces = st.just("/") | chunk_lists.map(lambda parts: "/" + "/".join(parts))
ros_types = st.builds("{}/{}/{}".format, identifiers, st.sampled_from(["msg", "srv", "action"]), identifiers)
route_keys = st.builds(key_expr, ros_names, namespaces)
zids = st.from_regex(r"[1-9a-f][0-9a-f]{0,31}", fullmatch=True)
gids = st.binary(min_size=16, max_size=16).map(Gid)

histories = st.builds(
    History, st.just(HistoryKind.KEEP_LAST), st.integers(min_value=1, max_value=2**31 - 1)
) | st.just(History(HistoryKind.KEEP_ALL, -1))
# KEEP_LAST 1 is the default: a token writes nothing for it, and nothing comes back.
announced_histories = st.none() | histories.filter(lambda history: history != History())
reliabilities = st.none() | st.sampled_from(Reliability)
durations_ns = st.sampled_from([0, 1, 10**6, 10**9, INFINITE_NS]) | st.integers(0, INFINITE_NS)

type_hashes = st.from_regex(r"RIHS01_[0-9a-f]{64}", fullmatch=True)
# Without the characters that a key or an element of it cannot carry, and not over the limit.
key_safe_user_data = (
    st.just(b"")
    | type_hashes.map(lambda text: f"typehash={text};".encode())
    | st.text(st.characters(exclude_characters="/*$?#:", exclude_categories=["Cs"]), max_size=40).map(
        str.encode
    )
)

# Few letters, so that names and patterns meet often.
partition_lists = st.lists(st.text("ab*?[", max_size=3), max_size=3, unique=True).map(tuple)

qos = st.builds(
    Qos,
    reliability=reliabilities,
    durability=st.sampled_from(Durability),
    history=st.none() | histories,
    deadline_ns=durations_ns,
    latency_budget_ns=durations_ns,
    liveliness=st.sampled_from(LivelinessKind),
    lease_ns=durations_ns,
    ownership=st.sampled_from(Ownership),
    destination_order=st.sampled_from(DestinationOrder),
    partitions=partition_lists,
    user_data=st.binary(max_size=8) | key_safe_user_data,
)
announced_qos = st.builds(
    Qos,
    reliability=reliabilities,
    durability=st.sampled_from(Durability),
    history=announced_histories,
    user_data=key_safe_user_data,
)

_kinds_with_qos = st.sampled_from([TokenKind.PUBLISHER, TokenKind.SUBSCRIBER])
_kinds_without_qos = st.sampled_from(
    [TokenKind.SERVICE_SERVER, TokenKind.SERVICE_CLIENT, TokenKind.ACTION_SERVER, TokenKind.ACTION_CLIENT]
)
tokens = st.one_of(
    st.builds(Token, zid=zids, kind=st.just(TokenKind.BRIDGE)),
    st.builds(Token, zid=zids, kind=_kinds_without_qos, key_expr=route_keys, ros_type=ros_types),
    st.builds(
        Token,
        zid=zids,
        kind=_kinds_with_qos,
        key_expr=route_keys,
        ros_type=ros_types,
        qos=announced_qos,
        keyed=st.booleans(),
    ),
)
interfaces = st.builds(
    Interface,
    kind=st.sampled_from([kind for kind in TokenKind if kind is not TokenKind.BRIDGE]),
    key_expr=route_keys,
    ros_type=ros_types,
)
node_tokens = st.builds(
    NodeToken, zid=zids, participant=gids, node=route_keys, interface=st.none() | interfaces
)
interfaces_tokens = st.builds(
    InterfacesToken,
    zid=zids,
    participant=gids,
    node=route_keys,
    interfaces=st.lists(interfaces.filter(joins_others), min_size=1, max_size=4, unique=True).map(tuple),
)
extension_tokens = st.one_of(
    st.builds(AgentToken, zid=zids, participant=gids, active=st.booleans()),
    st.builds(WriterToken, zid=zids, key_expr=route_keys, writer=gids, depth=st.integers(-1, 2**31 - 1)),
    node_tokens,
    interfaces_tokens,
)


@st.composite
def participant_entities(draw: st.DrawFn) -> ParticipantEntities:
    """One participant with nodes whose gids all share its prefix."""
    prefix = draw(st.binary(min_size=12, max_size=12))
    own_gids = st.binary(min_size=4, max_size=4).map(lambda entity: Gid(prefix + entity))
    gid_lists = st.lists(own_gids, max_size=4).map(tuple)
    nodes = st.builds(
        NodeEntities, namespace=namespaces, name=identifiers, readers=gid_lists, writers=gid_lists
    )
    return ParticipantEntities(
        participant=draw(own_gids),
        nodes=tuple(draw(st.lists(nodes, max_size=4))),
        gid_size=draw(st.sampled_from([16, 24])),
    )


@st.composite
def damaged_bytes(draw: st.DrawFn, sound: st.SearchStrategy[bytes]) -> bytes:
    """Bytes of ``sound`` cut short, overwritten, with a gap, or with something put in between."""
    data = draw(sound)
    start = draw(st.integers(0, len(data)))
    end = draw(st.integers(start, min(len(data), start + 8)))
    tail = draw(st.sampled_from([data[end:], b""]))
    return data[:start] + draw(st.binary(max_size=8)) + tail


@st.composite
def damaged_text(draw: st.DrawFn, sound: st.SearchStrategy[str]) -> str:
    """Text of ``sound`` with the same damage; what is put in prefers characters that mean something."""
    text = draw(sound)
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 8)))
    tail = draw(st.sampled_from([text[end:], ""]))
    inserted = draw(st.text("/§@*$?#:;,-+ 019aK_", max_size=6) | st.text(max_size=4) | st.just("\ud800"))
    return text[:start] + inserted + tail
