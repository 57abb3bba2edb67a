"""Endpoints are found by what they are part of."""

from __future__ import annotations

from dataclasses import replace

from bridge.core.endpointindex import EndpointIndex
from bridge.core.events import EndpointKind
from bridge.core.routespec import RouteKind
from tests.builders import NAME, prefix, reader, writer


def index(*topics: str) -> EndpointIndex:
    kept = EndpointIndex()
    for number, topic in enumerate(topics, start=1):
        kept.add(replace(reader(number), dds_topic=topic))
    return kept


def test_topics_services_and_actions_of_one_name_are_kept_apart() -> None:
    kept = index("rt/chatter", "rq/chatterRequest", "rq/chatter/_action/send_goalRequest")
    assert [len(kept.of(kind, NAME, without=set())) for kind in RouteKind] == [1, 1, 1]
    assert kept.names() == {NAME}


def test_the_parts_of_an_action_are_kept_under_its_name() -> None:
    kept = index(
        "rq/fib/_action/send_goalRequest", "rr/fib/_action/send_goalReply", "rt/fib/_action/feedback"
    )
    assert kept.names() == kept.names_of(prefix(1)) == {"/fib"}
    assert len(kept.of(RouteKind.ACTION, "/fib", without=set())) == 3


def test_an_endpoint_of_the_same_gid_takes_the_place_of_the_former() -> None:
    kept = EndpointIndex()
    assert kept.add(writer()) == {NAME}
    assert kept.add(writer(name="/b")) == {NAME, "/b"}
    assert kept.names() == {"/b"}


def test_what_is_dropped_is_gone() -> None:
    kept = EndpointIndex()
    for endpoint in (writer(1), reader(2), writer(3, participant=2, name="/b")):
        kept.add(endpoint)
    assert kept.drop(reader(2).gid) == {NAME}
    assert kept.drop(reader(2).gid) == set()
    assert kept.drop_prefix(prefix(1)) == {NAME}
    assert kept.names() == {"/b"}
    assert kept.get(writer(3, participant=2).gid) is not None


def test_readers_and_writers_are_counted_by_who_made_them() -> None:
    kept = EndpointIndex()
    for endpoint in (writer(1), writer(1), writer(2), reader(3), replace(reader(4), dds_topic="DCPSTopic")):
        kept.add(endpoint)
    [(vendor, writers)] = kept.sizes(EndpointKind.WRITER)
    assert (vendor, writers) == (writer(1).gid.vendor_name, 2)
    assert kept.sizes(EndpointKind.READER) == ((vendor, 1),)
    kept.drop_prefix(prefix(1))
    assert kept.sizes(EndpointKind.WRITER) == ((vendor, 0),)  # a gauge that goes to nothing, not away


def test_some_participants_can_be_left_out() -> None:
    kept = EndpointIndex()
    kept.add(writer(1))
    kept.add(writer(1, participant=2))
    found = kept.of(RouteKind.TOPIC, NAME, without={prefix(1)})
    assert [endpoint.gid.prefix for endpoint in found] == [prefix(2)]


def test_what_is_not_of_ros_is_not_kept() -> None:
    kept = index("DCPSTopic", "rt//", "plain", "rq/add")
    assert kept.names() == set()


def test_the_names_of_some_endpoints() -> None:
    kept = EndpointIndex()
    for endpoint in (writer(1), reader(2), writer(3, name="/b")):
        kept.add(endpoint)
    assert kept.names_of_all([writer(1).gid, reader(2).gid, writer(4).gid]) == {NAME}
