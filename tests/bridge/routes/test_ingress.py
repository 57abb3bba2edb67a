"""Zenoh → DDS, the route: a writer from the start, a subscription where somebody wants it, no rests."""

from __future__ import annotations

import pytest

from bridge.core.policy import Policy, QosOverride, Rule
from bridge.core.qos import Reliability
from bridge.core.routespec import DropCause
from bridge.errors import DdsError, ZenohError
from tests.bridge.routes.stage import START_NS, Stage, drops, planned
from tests.builders import payload, publisher, reader

ONE, OTHER = b"a" * 16, b"b" * 16


@pytest.fixture
def stage() -> Stage:
    return Stage()


def written(stage: Stage) -> list[int]:
    """What our DDS writers took, by number of the payload."""
    return [int.from_bytes(data[4:8], "little") for writer in stage.dds.writers for data, _ in writer.written]


def test_local_nodes_see_the_topic_before_anybody_here_wants_it(stage: Stage) -> None:
    route = stage.ingress(planned(publisher()))
    (writer,) = stage.dds.writers
    assert route.endpoint_gids() == ((), (writer.gid,))
    assert (stage.zenoh.subscribers, stage.zenoh.tokens, route.active) == ([], {}, False)
    assert "no local node" in route.idle_reason


def test_with_a_local_reader_it_subscribes_and_says_so(stage: Stage) -> None:
    route = stage.ingress(planned(reader(), publisher()))
    assert len(stage.zenoh.subscribers) == 1
    assert list(stage.zenoh.tokens) == [str(route.planned.token)]
    assert (route.active, route.idle_reason) == (True, "")
    route.update(planned(publisher()), stage.now_s)
    assert (stage.zenoh.subscribers, stage.zenoh.tokens, route.active) == ([], {}, False)


def test_a_reader_without_a_publisher_anywhere_waits_for_one(stage: Stage) -> None:
    route = stage.ingress(planned(reader()))
    assert route.active
    assert "announced" in route.idle_reason


def test_quality_set_by_a_rule_is_what_our_writer_offers(stage: Stage) -> None:
    policy = Policy(rules=(Rule(label="r", qos=QosOverride(reliability=Reliability.BEST_EFFORT)),))
    stage.ingress(planned(reader(), publisher(), policy=policy))
    (writer,) = stage.dds.writers
    assert writer.endpoint.qos.reliability is Reliability.BEST_EFFORT


@pytest.mark.parametrize("refused", ["announce", "open_subscriber"])
def test_a_route_that_cannot_open_leaves_nothing_behind(stage: Stage, refused: str) -> None:
    stage.zenoh.refusals.add(refused)
    with pytest.raises(ZenohError):
        stage.ingress(planned(reader(), publisher()))
    assert (stage.zenoh.subscribers, stage.zenoh.tokens, stage.dds.writers) == ([], {}, [])


def test_a_refused_writer_is_an_error_of_the_route(stage: Stage) -> None:
    stage.dds.refusal = "out of resources"
    with pytest.raises(DdsError, match="out of resources"):
        stage.ingress(planned(reader(), publisher()))
    assert stage.zenoh.subscribers == []


def test_a_refused_subscription_is_tried_again_with_the_next_plan(stage: Stage) -> None:
    local, sink = stage.listener()
    route = stage.ingress(planned(publisher()))
    stage.zenoh.refusals.add("open_subscriber")
    wanted = planned(local, publisher())
    with pytest.raises(ZenohError):
        route.update(wanted, stage.now_s)
    stage.zenoh.refusals.clear()
    route.update(wanted, stage.now_s)
    stage.far_publisher().put(payload(1), 1, ONE)
    assert sink.payloads == [payload(1)]


def test_closing_writes_what_was_received_and_counts_what_has_no_room(stage: Stage) -> None:
    local, sink = stage.listener()
    route = stage.ingress(planned(local, publisher()))
    (writer,) = stage.dds.writers
    far = stage.far_publisher()
    writer.room = 0
    for number in range(5):
        far.put(payload(number), START_NS + number, ONE)
    writer.room = 2
    route.close()
    assert sink.payloads == [payload(0), payload(1)]
    assert drops(route) == {DropCause.CLOSED: 3}
    assert (stage.zenoh.subscribers, stage.zenoh.tokens, stage.dds.writers) == ([], {}, [])
    assert stage.offers.waiting == []
