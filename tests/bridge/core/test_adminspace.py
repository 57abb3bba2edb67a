"""Keys and values of the admin space, as the wire specification has them in section 8."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

import pytest

from bridge.core.adminspace import AdminFacts, AdminRoute, entries
from bridge.core.events import Endpoint
from bridge.core.graph import Graph
from bridge.core.jsonform import Json
from bridge.core.naming import Naming
from bridge.core.policy import Policy
from bridge.core.qos import History, HistoryKind, LivelinessKind, Qos
from bridge.core.serviceplan import Planned
from bridge.core.serviceplanner import plan_action, plan_service
from bridge.core.tokens import TokenKind
from tests.builders import (
    ACTION,
    FAR_ZID,
    FIBONACCI,
    KEEP_ALL,
    LATCHED,
    OWN_ZID,
    SERVICE,
    SET_BOOL,
    STRING,
    action_client,
    action_server,
    claimed,
    client,
    graph,
    joined,
    node,
    offered,
    participant_gid,
    plan,
    publisher,
    reader,
    server,
    subscriber,
    writer,
)

PGID = participant_gid(1).hex


def told(known: Graph, routes: Iterable[AdminRoute] = ()) -> dict[str, Json]:
    endpoints = known.endpoints()
    owners = {gid: known.node_of(gid) for gid in endpoints}
    facts = AdminFacts(
        version="zenlink 1",
        config={"domain": 7},
        participants=dict(known.participants.user_data),
        endpoints=endpoints,
        nodes=tuple(known.participants_with_nodes()),
        owners={gid: name for gid, name in owners.items() if name is not None},
        routes=tuple(routes),
        call_timeout_s=2.5,
    )
    found = {key: value() for key, value in entries(facts)}
    json.dumps(found)
    return found


def opened(*planned: Planned, active: bool = True, **gids: Endpoint) -> list[AdminRoute]:
    ours = {key: (endpoint.gid,) for key, endpoint in gids.items()}
    return [AdminRoute(planned=one, active=active, **ours) for one in planned]


def test_version_and_configuration_are_there() -> None:
    assert told(graph()) == {"version": "zenlink 1", "config": {"domain": 7}}


def test_participants_and_endpoints_are_told_with_their_qos() -> None:
    qos = replace(LATCHED, user_data=b"\x01\x02")
    found = told(graph(joined(1, user_data=b"ab"), writer(1, qos=qos), reader(2, keyed=True, qos=Qos())))
    assert found[f"dds/{PGID}"] == {"key": PGID, "qos": {"user_data": [97, 98]}}
    gid = writer(1).gid.hex
    assert found[f"dds/{PGID}/writer/{gid}/rt/chatter"] == {
        "key": gid,
        "participant_key": PGID,
        "topic_name": "rt/chatter",
        "type_name": "std_msgs::msg::dds_::String_",
        "keyless": True,
        "qos": {
            "reliability": {"kind": "RELIABLE", "max_blocking_time": 100_000_000},
            "durability": {"kind": "TRANSIENT_LOCAL"},
            "history": {"kind": "KEEP_LAST", "depth": LATCHED.history.depth},  # type: ignore[union-attr]
            "user_data": [1, 2],
        },
    }
    keyed = found[f"dds/{PGID}/reader/{reader(2, keyed=True).gid.hex}/rt/chatter"]
    assert isinstance(keyed, dict)
    assert (keyed["keyless"], keyed["qos"]) == (False, {})


def test_policies_that_few_set_are_told_in_nanoseconds() -> None:
    qos = Qos(
        deadline_ns=5,
        latency_budget_ns=6,
        liveliness=LivelinessKind.MANUAL_BY_TOPIC,
        lease_ns=7,
        partitions=("p",),
    )
    found = told(graph(joined(1), writer(qos=qos)))[f"dds/{PGID}/writer/{writer().gid.hex}/rt/chatter"]
    assert found["qos"] == {  # type: ignore[call-overload,index]
        "deadline": {"period": 5},
        "latency_budget": {"duration": 6},
        "liveliness": {"kind": "MANUAL_BY_TOPIC", "lease_duration": 7},
        "partition": ["p"],
    }


def test_endpoints_of_nobody_known_are_left_out() -> None:
    assert told(graph(writer())).keys() == {"version", "config"}


def test_a_node_is_told_with_whole_interfaces_alone() -> None:
    ends = (
        writer(21),
        reader(22, name="/in"),
        *server(23),
        *client(24, name="/half", participant=1)[:1],
        *action_server(),
    )
    unknown = writer(29, name="/later")
    found = told(graph(joined(1), *ends, claimed(1, node("/ns/robot", *ends, unknown))))
    assert found[f"node/{PGID}/ns/robot"] == {
        "publishers": [{"name": "/chatter", "type": STRING}],
        "subscribers": [{"name": "/in", "type": STRING}],
        "service_servers": [{"name": SERVICE, "type": SET_BOOL}],
        "service_clients": [],
        "action_servers": [{"name": ACTION, "type": FIBONACCI}],
        "action_clients": [],
        "undiscovered_writer": [unknown.gid.hex],
    }


def test_the_client_of_an_action_is_one_interface() -> None:
    ends = action_client(participant=1)
    found = told(graph(joined(1), *ends, claimed(1, node("/operator", *ends))))[f"node/{PGID}/operator"]
    assert found["action_clients"] == [{"name": ACTION, "type": FIBONACCI}]  # type: ignore[call-overload,index]
    assert found["service_clients"] == []  # type: ignore[call-overload,index]


@pytest.mark.parametrize("topic", ["rt/a*b", "rt/a#b", "rt/a//b", "rt/a?b"])
def test_names_that_no_key_can_have_are_left_out(topic: str) -> None:
    odd = replace(writer(), dds_topic=topic)
    strange = node("/a//b*", writer())
    assert told(graph(joined(1), odd, claimed(1, strange))).keys() == {"version", "config", f"dds/{PGID}"}


def test_a_published_topic_is_told() -> None:
    mine, ours = writer(qos=LATCHED), reader(5, participant=9)
    known = graph(joined(1), mine, subscriber(), claimed(1, node("/talker", mine)))
    [egress] = [one for one in plan(mine, subscriber()) if one.spec.direction.value == "egress"]
    assert told(known, opened(egress, readers=ours))["route/topic/pub/chatter"] == {
        "ros2_name": "/chatter",
        "ros2_type": STRING,
        "zenoh_key_expr": "chatter",
        "publication_cache_size": LATCHED.history.depth,  # type: ignore[union-attr]
        "dds_reader": ours.gid.hex,
        "priority": egress.priority,
        "remote_routes": [f"{FAR_ZID}:chatter"],
        "local_nodes": ["/talker"],
    }


@pytest.mark.parametrize(("history", "size"), [(None, 10), (KEEP_ALL, 2**64 - 1)])
def test_the_cache_of_an_unknown_or_endless_history_is_told(history: History | None, size: int) -> None:
    [egress] = plan(writer(qos=replace(LATCHED, history=history)))
    found = told(graph(), opened(egress))["route/topic/pub/chatter"]
    assert found["publication_cache_size"] == size  # type: ignore[call-overload,index]
    assert found["dds_reader"] == ""  # type: ignore[call-overload,index]


def test_a_subscribed_topic_is_told() -> None:
    theirs, ours = reader(qos=LATCHED), writer(5, participant=9)
    known = graph(joined(1), theirs, claimed(1, node("/listener", theirs)))
    [ingress] = plan(theirs, publisher(qos=LATCHED))
    assert told(known, opened(ingress, writers=ours))["route/topic/sub/chatter"] == {
        "ros2_name": "/chatter",
        "ros2_type": STRING,
        "zenoh_key_expr": "chatter",
        "is_active": True,
        "dds_writer": ours.gid.hex,
        "transient_local": True,
        "queries_timeout": {"secs": 2, "nanos": 500_000_000},
        "remote_routes": [f"{FAR_ZID}:chatter"],
        "local_nodes": ["/listener"],
    }


def test_services_are_told_from_both_sides() -> None:
    reads, writes = reader(5, participant=9), writer(6, participant=9)

    def of(*things: Endpoint | object) -> dict[str, Json]:
        planned = plan_service(
            graph(*things).service(SERVICE),  # type: ignore[arg-type]
            Policy(),
            naming=Naming(),
            zid=OWN_ZID,
        )
        return told(graph(), opened(*planned, readers=reads, writers=writes))

    common = {"ros2_name": SERVICE, "ros2_type": SET_BOOL, "zenoh_key_expr": "add", "local_nodes": []}
    assert of(*server())["route/service/srv/add"] == common | {
        "is_active": True,
        "req_writer": writes.gid.hex,
        "rep_reader": reads.gid.hex,
        "remote_routes": [],
    }
    assert of(*client(), offered())["route/service/cli/add"] == common | {
        "queries_timeout": 2.5,
        "req_reader": reads.gid.hex,
        "rep_writer": writes.gid.hex,
        "remote_routes": [f"{FAR_ZID}:add"],
    }


def test_an_action_is_one_route_without_its_parts() -> None:
    planned = plan_action(graph(*action_server()).action(ACTION), Policy(), naming=Naming(), zid=OWN_ZID)
    found = told(graph(), opened(*planned))
    assert [key for key in found if key.startswith("route/")] == ["route/action/srv/fib"]
    assert found["route/action/srv/fib"] == {
        "ros2_name": ACTION,
        "ros2_type": FIBONACCI,
        "zenoh_key_expr": "fib/*",
        "is_active": True,
        "remote_routes": [],
        "local_nodes": [],
    }


@pytest.mark.parametrize("clients", [(), action_client()])
def test_an_action_elsewhere_is_active_once_it_has_a_client_here(clients: tuple[Endpoint, ...]) -> None:
    known = graph(offered(kind=TokenKind.ACTION_SERVER, key="fib", ros_type=FIBONACCI), *clients)
    planned = plan_action(known.action(ACTION), Policy(), naming=Naming(), zid=OWN_ZID)
    found = told(graph(), opened(*planned))["route/action/cli/fib"]
    assert found["is_active"] is bool(clients)  # type: ignore[call-overload,index]


def test_history_of_a_kept_last_writer_is_its_depth() -> None:
    [egress] = plan(writer(qos=replace(LATCHED, history=History(HistoryKind.KEEP_LAST, 3))))
    found = told(graph(), opened(egress))["route/topic/pub/chatter"]
    assert found["publication_cache_size"] == 3  # type: ignore[call-overload,index]
