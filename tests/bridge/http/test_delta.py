"""What a page is sent each second."""

from __future__ import annotations

import itertools

from bridge.http.app import facts as as_json
from bridge.http.delta import delta, route_key
from tests.bridge.facts import facts, route


def test_nothing_changed_sends_the_agent_alone():
    now = as_json(facts(route("/a"), route("/b")))
    told = delta(now, now)
    assert told["agent"] == now["agent"]
    assert told["routes"] == told["nodes"] == told["gone_routes"] == told["gone_nodes"] == []


def test_what_differs_is_new_or_gone_is_sent():
    before = as_json(facts(route("/a"), route("/b", messages=1), route("/c")))
    now = as_json(facts(route("/a"), route("/b", messages=2), route("/d")))
    told = delta(before, now)
    assert [one["spec"]["ros_name"] for one in told["routes"]] == ["/b", "/d"]
    assert told["gone_routes"] == [route_key(before["routes"][2])]


def test_applied_in_turn_the_deltas_give_the_whole():
    rounds = [facts(route("/a", messages=n), *(route(f"/t{i}") for i in range(n % 3))) for n in range(7)]
    shown = {route_key(one): one for one in as_json(rounds[0])["routes"]}
    for before, now in itertools.pairwise(rounds):
        told = delta(as_json(before), as_json(now))
        for key in told["gone_routes"]:
            del shown[key]
        shown |= {route_key(one): one for one in told["routes"]}
        assert sorted(map(str, shown.values())) == sorted(map(str, as_json(now)["routes"]))
