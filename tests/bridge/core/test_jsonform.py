"""What the agent tells about itself becomes plain JSON, the same shape whether there is much or little."""

from __future__ import annotations

import dataclasses
import json

import pytest

from bridge.core.gid import Gid
from bridge.core.jsonform import to_json
from bridge.core.linkinfo import LinkInfo
from bridge.core.routespec import ROUTED, Direction, RouteSpec
from bridge.core.status import AgentInfo, AgentState, Finding, RouteCounters, RouteInfo, Severity

FINDING = Finding(
    code="route_failed",
    severity=Severity.ERROR,
    subject="egress /chatter",
    text="no such type",
    remedy="install it",
)
AGENT = AgentInfo(
    version="1",
    zid="a1",
    mode="router",
    domain_id=0,
    namespace="/",
    participant="00",
    state=AgentState.ACTIVE,
    state_reason="",
    uptime_s=1.5,
    listen=(),
    links=(LinkInfo(zid="b2", whatami="peer", src="s", dst="d"),),
    peers=("b2",),
    routes=(("routed", 2),),
    active_routes=1,
    wire_errors=(),
    findings=(FINDING,),
)
ROUTE = RouteInfo(
    spec=RouteSpec(direction=Direction.EGRESS, ros_name="/a", key_expr="a"),
    ros_type="std_msgs/msg/String",
    status=ROUTED,
    active=True,
    idle_reason="",
    qos=":::",
    local=("/talker",),
    remote=(),
    rule="r",
    counters=RouteCounters(messages=3, drops=(("duplicate", 1),)),
)


@pytest.mark.parametrize("value", [AGENT, ROUTE, FINDING, (AGENT, ROUTE), None, True, 1, 1.5, "x", ()])
def test_every_value_survives_a_json_text(value: object) -> None:
    assert json.loads(json.dumps(to_json(value))) == to_json(value)


def test_enums_become_their_word_and_values_become_objects() -> None:
    told = to_json(AGENT)
    assert told["state"] == "active"
    assert told["links"] == [{"zid": "b2", "whatami": "peer", "src": "s", "dst": "d"}]
    assert told["findings"][0]["severity"] == "error"


def test_counts_are_an_object_also_when_there_are_none() -> None:
    assert to_json(AGENT)["routes"] == {"routed": 2}
    assert to_json(AGENT)["wire_errors"] == {}
    assert to_json(ROUTE)["counters"]["drops"] == {"duplicate": 1}
    assert to_json(RouteCounters())["drops"] == {}


def test_texts_stay_a_list_though_they_look_like_pairs() -> None:
    assert to_json(dataclasses.replace(AGENT, peers=("a", "b")))["peers"] == ["a", "b"]


@pytest.mark.parametrize("value", [Gid(bytes(16)).value, object(), {1}])
def test_what_has_no_json_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no JSON form"):
        to_json(value)
