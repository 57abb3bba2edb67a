"""Rules in running agents: what crosses, how, and what a reload touches."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import zenoh

from bridge.errors import ConfigError
from tests.integration.support.agents import Agent, agent
from tests.integration.support.domains import domains
from tests.integration.support.ros import RosNode, ros_node
from tests.integration.support.waiting import eventually

Rules = Sequence[Mapping[str, Any]]


class Setup:
    """A source and a sink with an agent each; the rules are those of one of the agents."""

    def __init__(self, left: Agent, right: Agent, source: RosNode, sink: RosNode) -> None:
        self.left, self.right, self.source, self.sink = left, right, source, sink

    def crosses(self, name: str) -> bool:
        """Whether a message of that topic has arrived."""
        return bool(self.sink.call("counts", names=[name])[0][0])


@contextmanager
def setup(*, egress: Rules = (), ingress: Rules = ()) -> Iterator[Setup]:
    with (
        domains(2) as (one, two),
        agent(domain=one, rules=egress) as left,
        agent(domain=two, rules=ingress, connect=[left]) as right,
        ros_node("many", domain=one) as source,
        ros_node("many", domain=two) as sink,
    ):
        yield Setup(left, right, source, sink)


_MIXED: Rules = [
    {"match": {"name": "/a/secret"}, "allow": False},
    {"match": {"name": "/a/.*"}, "allow": True},
    {"match": {"name": "/b/public"}, "allow": True},
    {"match": {"name": "/b/.*"}, "allow": False},
]


@pytest.mark.parametrize("side", ["egress", "ingress"])
def test_deny_and_allow_mix_and_the_first_match_wins(side: str) -> None:
    names = ["a/secret", "a/open", "b/public", "b/other", "c"]
    with setup(**{side: _MIXED}) as here:
        here.sink.call("subscribe", names=names)
        here.source.call("publish", group="all", names=names, rate_hz=50.0)
        eventually(lambda: all(here.crosses(name) for name in ("a/open", "b/public", "c")))
        assert not here.crosses("a/secret")
        assert not here.crosses("b/other")
        denier = here.left if side == "egress" else here.right
        found = denier.ask("explain", name="/a/secret")
        assert not found["crossing"]
        assert "rules[0]" in found["verdict"] + str(found["facts"])


@pytest.mark.parametrize("side", ["egress", "ingress"])
def test_a_rule_of_the_other_direction_has_no_say(side: str) -> None:
    other = "ingress" if side == "egress" else "egress"
    with setup(**{side: [{"match": {"name": "/t", "direction": other}, "allow": False}]}) as here:
        here.sink.call("subscribe", names=["t"])
        here.source.call("publish", group="t", names=["t"], rate_hz=50.0)
        eventually(lambda: here.crosses("t"))


@pytest.mark.parametrize("side", ["egress", "ingress"])
def test_a_rule_by_type_denies_that_type(side: str) -> None:
    with setup(**{side: [{"match": {"type": "std_msgs/msg/.*"}, "allow": False}]}) as here:
        here.sink.call("subscribe", names=["t"])
        here.source.call("publish", group="t", names=["t"], rate_hz=50.0)
        denier = here.left if side == "egress" else here.right
        eventually(lambda: (route := denier.route("/t", side)) and route["status"]["state"] == "not_allowed")
        assert not here.crosses("t")


@pytest.mark.parametrize("side", ["egress", "ingress"])
def test_a_rate_thins_a_topic_and_counts_what_it_drops(side: str) -> None:
    with setup(**{side: [{"match": {"name": "/t"}, "max_rate_hz": 10}]}) as here:
        here.sink.call("subscribe", names=["t"])
        here.source.call("publish", group="t", names=["t"], rate_hz=200.0)
        limiter = here.left if side == "egress" else here.right

        def drops() -> int:
            route = limiter.route("/t", side)
            return int(route["counters"]["drops"].get("rate_limited", 0)) if route else 0

        eventually(lambda: drops() > 400)
        route = limiter.route("/t", side)
        assert route is not None
        share = route["counters"]["messages"] / (route["counters"]["messages"] + drops())
        assert 0.04 < share < 0.06  # 10 of 200; both are counted by the source's own time


def test_priority_express_and_congestion_reach_zenoh() -> None:
    rule = {"match": {"name": "/t"}, "priority": "real_time", "express": True, "congestion": "drop"}
    with setup(egress=[rule]) as here:
        config = zenoh.Config()
        options = {
            "mode": "client",
            "connect/endpoints": [here.left.endpoint],
            "scouting/multicast/enabled": False,
        }
        for key, value in options.items():
            config.insert_json5(key, json.dumps(value))
        seen: list[zenoh.Sample] = []
        with zenoh.open(config) as session:
            session.declare_subscriber("t", seen.append)
            here.source.call("publish", group="t", names=["t"], rate_hz=50.0)
            eventually(lambda: seen)
        assert seen[0].priority == zenoh.Priority.REAL_TIME
        assert seen[0].express
        assert seen[0].congestion_control == zenoh.CongestionControl.DROP


@pytest.mark.parametrize("side", ["egress", "ingress"])
def test_a_qos_override_shows_in_our_own_endpoint(side: str) -> None:
    rule = {"match": {"name": "/t"}, "qos": {"reliability": "best_effort"}}
    with setup(**{side: [rule]}) as here:
        here.source.call("publish", group="t", names=["t"], rate_hz=50.0)
        ruled = here.left if side == "egress" else here.right
        eventually(lambda: (route := ruled.route("/t", side)) and route["qos"].split(":")[1] == "0")


@pytest.mark.parametrize("side", ["egress", "ingress"])
def test_a_remap_gives_a_topic_another_name_on_zenoh(side: str) -> None:
    local, remote = ("here", "there") if side == "egress" else ("there", "here")
    name_of_source, name_of_sink = (local, remote) if side == "egress" else (remote, local)
    with setup(**{side: [{"match": {"name": f"/{local}"}, "remap": f"/{remote}"}]}) as here:
        here.sink.call("subscribe", names=[name_of_sink])
        here.source.call("publish", group="t", names=[name_of_source], rate_hz=50.0)
        eventually(lambda: here.crosses(name_of_sink))


def test_a_rule_by_node_keeps_that_nodes_topics_here_and_unclaimed_writers_wait() -> None:
    rules: Rules = [{"match": {"node": "/secret"}, "allow": False}]
    with setup(egress=rules) as here, ros_node("many", domain=here.left.domain) as other:
        here.sink.call("subscribe", names=["shared", "unclaimed"])
        here.source.call("publish", group="s", names=["shared"], rate_hz=50.0)
        here.source.call("claim", node="secret")
        other.call("publish", group="o", names=["shared"], rate_hz=50.0)
        other.call("claim", node="open")
        here.source.call("publish", group="u", names=["unclaimed"], rate_hz=50.0)
        eventually(lambda: here.crosses("shared"))

        def kept_here() -> int:
            route = here.left.route("/shared", "egress")
            return int(route["counters"]["drops"].get("not_allowed", 0)) if route else 0

        eventually(lambda: kept_here() > 10)
        route = here.left.route("/unclaimed", "egress")
        assert route is not None
        assert route["status"]["state"] == "not_allowed"
        assert "no node claims" in route["status"]["reason"]
        assert not here.crosses("unclaimed")


@pytest.mark.timeout(300)
def test_fifty_reloads_lose_and_double_nothing_of_a_topic_they_do_not_concern() -> None:
    with setup() as here, ros_node("many", domain=here.left.domain) as bystander:
        here.sink.call("subscribe", names=["steady", "other"])
        here.source.call("publish", group="steady", names=["steady"], rate_hz=1000.0)
        bystander.call("publish", group="other", names=["other"], rate_hz=10.0)
        eventually(lambda: here.crosses("steady") and here.crosses("other"))
        for number in range(50):
            which = here.left if number % 2 else here.right
            changes = which.reload([{"match": {"name": "/other"}, "allow": number % 4 > 1}])["changes"]
            assert all("/other" in line for line in changes)
        sent = here.source.call("stop_publishing", group="steady")
        eventually(lambda: here.sink.call("counts", names=["steady"])[0][3] >= sent - 1)
        [[received, lost, doubled, _]] = here.sink.call("counts", names=["steady"])
        print(f"{received} messages at 1 kHz during 50 reloads: lost {lost}, doubled {doubled}")
        assert (lost, doubled) == (0, 0)


def test_a_bad_file_changes_nothing_and_says_why() -> None:
    with setup() as here:
        here.sink.call("subscribe", names=["t"])
        here.source.call("publish", group="t", names=["t"], rate_hz=50.0)
        eventually(lambda: here.crosses("t"))
        with pytest.raises(ConfigError, match="allow"):
            here.left.reload([{"match": {"name": "/t"}, "allow": "perhaps"}])
        assert here.left.crosses("/t")
