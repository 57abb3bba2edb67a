"""What hostile peers send, on Zenoh and on DDS, costs them a counter and others nothing.

Beside each attack a healthy topic crosses at 50 Hz: none of its messages may be lost or doubled.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest
import zenoh
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bridge.core import rosgraph
from bridge.core.extensions import parse_extension
from bridge.core.gid import Gid
from bridge.core.keys import check_key_expr
from bridge.core.qos import Durability, Qos, Reliability
from bridge.core.rosgraph import NodeEntities, ParticipantEntities
from bridge.core.tokens import (
    EXTENSION_KEY_EXPR,
    WATCH_KEY_EXPR,
    parse_token,
)
from bridge.errors import InvalidName, WireError
from bridge.zenoh.samples import timestamp
from bridge.zenoh.subscriber import HISTORY_TIMEOUT_S
from tests.integration.support.agents import Agent, agent
from tests.integration.support.domains import domains
from tests.integration.support.healthy import Healthy
from tests.integration.support.outsiders import RELIABLE, outsider, publisher_token
from tests.integration.support.ros import ros_node
from tests.integration.support.waiting import eventually

pytestmark = pytest.mark.alone  # floods the agents, and measures how long they hold back

_HOUR_NS = 3_600 * 10**9
_CDR_LE = b"\0\1\0\0"
_TOKENS = 3_000
_GENERATED = 200
_HELD_S = 2.0
"""Beyond the end of the history query, until a sample that was held must have come, on a busy machine."""


@pytest.fixture
def healthy() -> Iterator[Healthy]:
    quick = {"zenoh": {"link_grace_s": 1}}
    with (
        domains(2) as (one, two),
        agent(domain=one, settings=quick) as left,
        agent(domain=two, settings=quick, connect=[left]) as right,
        ros_node("many", domain=one) as source,
        ros_node("many", domain=two) as sink,
    ):
        yield Healthy(left, right, source, sink)


def ingress_drops(of: Agent, name: str) -> dict[str, int]:
    route = of.route(name, "ingress")
    return route["counters"]["drops"] if route else {}


_LV, _ZL = "@/abc/@ros2_lv", "@/abc/@zenlink/1"
_CRAFTED = [
    "@/0/@ros2_lv",
    "@/ABC/@ros2_lv",
    f"@/{'f' * 33}/@ros2_lv",
    "@/abc§/@ros2_lv",
    f"{_LV}/XX",
    f"{_LV}/MP",
    f"{_LV}/MP/t",
    f"{_LV}/MP/t/std_msgs§msg§String",
    f"{_LV}/MP/t/std_msgs§msg§String/::",
    f"{_LV}/MP/t/std_msgs§msg§String/:9:,:,:,:,,",
    f"{_LV}/MP/t/std_msgs§msg§String/::,99999999999999999999999:,:,:,,",
    f"{_LV}/MP/t/String/::,10:,:,:,,",
    f"{_LV}/MP/§/std_msgs§msg§String/::,10:,:,:,,",
    f"{_LV}/MP/§§t/std_msgs§msg§String/::,10:,:,:,,",
    f"{_LV}/MP/t§@adv/std_msgs§msg§String/::,10:,:,:,,",
    f"{_LV}/MP/t/std_msgs§msg§String/::,10:,:,:,,/more",
    f"{_LV}/MS/t/{'x' * 5000}/::,10:,:,:,,",
    f"{_LV}/SS/t",
    f"{_ZL}/agent",
    f"{_ZL}/agent/{'0' * 31}/active",
    f"{_ZL}/agent/{'0' * 32}/dancing",
    f"{_ZL}/agent/{'z' * 32}/active",
    f"{_ZL}/writer/t/{'0' * 32}",
    f"{_ZL}/writer/t/{'0' * 32}/-2",
    f"{_ZL}/writer/t/{'0' * 32}/4294967296",
    f"{_ZL}/writer/§/{'0' * 32}/1",
    f"{_ZL}/later",
]
_PLAUSIBLE = [
    "MP", "MS", "SS", "AS", "agent", "writer", "active", "t", "a§b", "std_msgs§msg§String",
    "::,10:,:,:,,", "@", "@adv",
]  # fmt: skip
_chunks = st.sampled_from(_PLAUSIBLE) | st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="/*$#?\0"), min_size=1, max_size=30
)
_zids = st.sampled_from(["abc", "0", "f" * 32, "f" * 33, "ABC"]) | st.text("0123456789abcdefg§", min_size=1)
_keys = st.builds(
    lambda zid, space, chunks: "/".join(["@", zid, space, *chunks]),
    _zids,
    st.sampled_from(["@ros2_lv", "@zenlink/1"]),
    st.lists(_chunks, max_size=6),
)


def generated_keys() -> list[str]:
    found: dict[str, None] = {}

    @settings(
        max_examples=_GENERATED,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(_keys)
    def gather(key: str) -> None:
        try:
            check_key_expr(key)
        except InvalidName:
            return  # Zenoh itself would refuse it, or worse
        found[key] = None

    gather()
    return list(found)


def is_refused(key: str) -> bool:
    """Whether an agent sees the token at all, and cannot read it."""
    for watched, parse in ((WATCH_KEY_EXPR, parse_token), (EXTENSION_KEY_EXPR, parse_extension)):
        if zenoh.KeyExpr(watched).intersects(zenoh.KeyExpr(key)):
            try:
                parse(key)
            except WireError:
                return True
    return False


@pytest.mark.timeout(120)
def test_malformed_tokens_are_counted_by_all_and_heeded_by_none(healthy: Healthy) -> None:
    assert [key for key in _CRAFTED if not is_refused(key)] == []
    keys = [*_CRAFTED, *(key for key in generated_keys() if key not in _CRAFTED)]
    bad = sum(is_refused(key) for key in keys)
    with outsider(healthy.right) as session:
        tokens = [session.liveliness().declare_token(key) for key in keys]

        def refused(by: Agent) -> int:
            return sum(by.status()["wire_errors"].values())

        eventually(lambda: refused(healthy.right) == bad and refused(healthy.left) == bad)
        del tokens
    print(f"{bad} of {len(keys)} tokens refused:", healthy.right.status()["wire_errors"])
    healthy.check()


@pytest.mark.timeout(120)
def test_what_no_subscriber_could_read_is_counted_by_cause_and_reaches_none(healthy: Healthy) -> None:
    malformed = [
        b"",
        b"\0",
        b"\0\1",
        b"\0\1\0",
        b"\0\4\0\0body",
        b"\0\x0d\0\0body",
        b"\xff" * 64,
        b"\1\0\0\0",
    ]
    big_endian = [bytes([0, identifier, 0, 0]) + b"body" for identifier in (0, 2, 6, 8, 10)]
    source = zenoh.TimestampId(b"\7" * 16)

    def good(number: int) -> bytes:
        return _CDR_LE + number.to_bytes(4, "little")

    with (
        ros_node("hostile", domain=healthy.right.domain) as listener,
        outsider(healthy.right) as session,
        session.liveliness().declare_token(publisher_token(session, "victim")),
    ):
        listener.call("listen", name="victim")
        eventually(lambda: (route := healthy.right.route("/victim", "ingress")) and route["active"])

        def heard() -> list[str]:
            return listener.call("heard", name="victim")

        for payload in [*malformed, *big_endian]:
            session.put("victim", payload)
        session.delete("victim")
        session.put("victim", good(1))  # no time stamp at all
        now_ns = time.time_ns()
        for number, at_ns in enumerate(
            [now_ns - _HOUR_NS, now_ns, now_ns - _HOUR_NS, now_ns, now_ns + _HOUR_NS, now_ns + 10**6], start=2
        ):
            session.put("victim", good(number), timestamp=timestamp(at_ns, source))
        session.put("victim", good(99))
        eventually(lambda: good(99).hex() in heard())
        drops = ingress_drops(healthy.right, "/victim")
        print("dropped:", drops, "heard:", heard())
        assert drops["malformed"] == len(malformed) + 1  # a DELETE has no payload
        assert drops["big_endian"] == len(big_endian)
        # A time ahead of ours is kept, so what the same source stamps with the present afterwards is older.
        assert (drops["stale"], drops["duplicate"]) == (2, 1)
        assert heard() == [good(number).hex() for number in (1, 2, 3, 6, 99)]
    healthy.check()


@pytest.mark.timeout(400)
def test_thousands_of_tokens_at_once_neither_stop_the_agent_nor_outlive_their_session(
    healthy: Healthy,
) -> None:
    slowest_s = 0.0

    def routes() -> int:
        nonlocal slowest_s
        asked_s = time.monotonic()
        status = healthy.right.status()  # raises when the answer takes more than 5 s
        slowest_s = max(slowest_s, time.monotonic() - asked_s)
        return int(sum(status["routes"].values()))

    before = routes()
    with outsider(healthy.right) as session:
        began_s = time.monotonic()
        tokens = [
            session.liveliness().declare_token(publisher_token(session, f"flood/t{number}"))
            for number in range(_TOKENS)
        ]
        eventually(lambda: routes() >= before + _TOKENS, timeout_s=200)
        routed_s = time.monotonic() - began_s
        healthy.go_on()
        del tokens
    closed_s = time.monotonic()
    eventually(lambda: routes() == before)
    gone_s = time.monotonic() - closed_s
    print(
        f"{_TOKENS} tokens routed after {routed_s:.1f} s, gone {gone_s:.1f} s after their session; "
        f"slowest status {slowest_s:.2f} s; healthy topic {healthy.latency_ms()} ms"
    )
    healthy.check()


_TOPICS = [
    "rt/", "rt//", "rt//x", "rt/x/", "rt/é", "rt/日本", "rt/a b", "rt/ ", "rt/1x", "rt/*", "rt/**", "rt/$*",
    "rt/a#b", "rt/@adv", "rt/a?b", "rt", "rq/xRequest", "rq/Request", "rr/Reply", "rt/_action/status",
    "rt/" + "x" * 247, "rt/" + "y" * 246,
]  # fmt: skip
_TYPES = ["String", "std_msgs", "dds_::_", "std_msgs::msg::dds_::", "std_msgs::msg::dds_::9_", "z" * 250]


def node_info_garbage(prefix: bytes) -> list[bytes]:
    own, dice = Gid(prefix + b"\0\0\1\xc1"), random.Random(1)
    other = Gid(bytes(15) + b"\1")
    good = rosgraph.encode(
        ParticipantEntities(
            participant=own, nodes=(NodeEntities(namespace="/", name="n", writers=(own,)),), gid_size=16
        )
    )
    huge = b"\xff\xff\xff\xff"
    return [
        *(dice.randbytes(length) for length in (4, 8, 17, 64, 1_000, 60_000)),
        *(_CDR_LE + dice.randbytes(length) for length in (16, 20, 64, 1_000)),
        *(good[:length] for length in range(4, len(good) - 4, 4)),
        _CDR_LE + own.value + huge,
        good[:24] + huge + good[28:],
        _CDR_LE + own.value + b"\x10\x27\0\0" + bytes(40),
        good.replace(own.value, other.value, 1),
        good + bytes(64),
    ]


@pytest.mark.timeout(120)
def test_a_hostile_participant_is_told_of_and_stops_nobody(healthy: Healthy) -> None:
    with ros_node("hostile", domain=healthy.left.domain) as hostile:
        garbage = node_info_garbage(bytes.fromhex(hostile.call("gid"))[:12])
        delivered = 0
        for payload in garbage:  # one writer each: Cyclone never acknowledges what it refuses to deliver
            written = hostile.call("write_node_info", payloads=[payload.hex()])
            delivered += written and payload.startswith(_CDR_LE)
        hostile.call("join", user_data_bytes=60_000)
        refusals = [
            hostile.call("announce", dds_topic=name, dds_type="std_msgs::msg::dds_::String_", kind=kind)
            for name in _TOPICS
            for kind in ("writer", "reader")
        ]
        for number, name in enumerate(_TYPES):
            assert not hostile.call("announce", dds_topic=f"rt/typed{number}", dds_type=name, kind="writer")
        for kind, dds_type in (("writer", "std_msgs::msg::dds_::String_"), ("reader", "a::msg::dds_::B_")):
            assert not hostile.call("announce", dds_topic="rt/mixed", dds_type=dds_type, kind=kind)
            assert not hostile.call(
                "announce",
                dds_topic="rt/talkative",
                dds_type="std_msgs::msg::dds_::String_",
                kind=kind,
                user_data_bytes=60_000,
            )
        print(f"{delivered} of {len(garbage)} bad samples got as far as the agent")
        eventually(lambda: sum(healthy.left.status()["wire_errors"].values()) == delivered)
        eventually(lambda: healthy.left.routes("/mixed"))
        healthy.go_on()
        status = healthy.left.status()
        print("Cyclone itself refuses:", sorted({refusal[:60] for refusal in refusals if refusal}))
        print("counted:", status["wire_errors"])
        print("findings:", *(f"{one['code']} {one['subject']}" for one in status["findings"]), sep="\n  ")
        for route in healthy.left.ask("routes"):
            print(route["spec"]["direction"], route["spec"]["ros_name"][:40], route["status"])
    healthy.check()


@pytest.mark.timeout(120)
def test_a_cache_that_never_finishes_holds_live_samples_back_for_the_timeout_at_most(
    healthy: Healthy,
) -> None:
    latched = Qos(
        reliability=Reliability.RELIABLE, durability=Durability.TRANSIENT_LOCAL, history=RELIABLE.history
    )
    never_finished: list[zenoh.Query] = []

    def answer(query: zenoh.Query) -> None:
        never_finished.append(query)
        query.reply("latched", b"")
        query.reply("latched", b"\xff" * 100)
        query.reply("elsewhere/entirely", b"\0\0\0\0")
        query.reply_del("latched")
        query.reply_err(b"no")

    with (
        ros_node("hostile", domain=healthy.right.domain) as listener,
        outsider(healthy.right) as session,
        session.declare_queryable("latched/@adv/**", answer),
        session.liveliness().declare_token(publisher_token(session, "latched", latched)),
    ):
        listener.call("listen", name="latched", transient_local=True)
        eventually(lambda: never_finished)
        asked_s = time.monotonic()
        live = _CDR_LE + b"live"
        session.put("latched", live)
        eventually(lambda: listener.call("heard", name="latched") == [live.hex()])
        waited_s = time.monotonic() - asked_s
        drops = ingress_drops(healthy.right, "/latched")
        print(f"a live sample waited {waited_s:.1f} s; dropped: {drops}")
        assert waited_s < HISTORY_TIMEOUT_S + _HELD_S
        assert drops["malformed"] == 3
        assert drops["big_endian"] == 1
    never_finished.clear()
    healthy.check()
