"""Queries reach a real server, and each gets its own answer or is refused in time."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from bridge.core.requests import attachment
from bridge.core.tokens import TokenKind
from bridge.errors import DdsError
from bridge.routes.calls import MAX_OPEN
from bridge.routes.serving import RETRY_S, SETTLE_MAX_S, SETTLE_S
from bridge.serviceports import ServiceRequest
from tests.bridge.routes.service_stage import (
    GET_RESULT,
    KEY,
    WAIT_S,
    Services,
    drops,
    get_result,
    message,
    service,
    settled,
)
from tests.bridge.routes.stage import CALL_TIMEOUT_S
from tests.builders import ACTION_SERVICE_TYPES, FIBONACCI, SERVICE, SET_BOOL, action_server, offered, server
from tests.fakes.queries import FakeQuery, FakeQueryable
from tests.integration.support.waiting import eventually

TOKEN = f"@/c3/@ros2_lv/SS/{KEY}/std_srvs§srv§SetBool"


@pytest.fixture
def stage() -> Iterator[Services]:
    stage = Services()
    yield stage
    stage.close()


def queryable(stage: Services, key_expr: str = KEY) -> FakeQueryable:
    found = stage.zenoh.services.queryable(key_expr)
    assert found is not None
    return found


def ended(query: FakeQuery) -> FakeQuery:
    eventually(lambda: query.finished, WAIT_S)
    return query


def test_a_query_is_answered_by_the_server(stage: Services) -> None:
    asked = stage.echo()
    route = stage.open(service(*server()))
    query = ended(queryable(stage).ask(message(7)))
    assert (query.answer, query.reason) == (message(7), None)
    assert [request.payload for request in asked] == [message(7)]
    assert settled(route).messages == 1
    assert drops(route) == {}


def test_a_call_lasts_from_its_query_to_its_answer(stage: Services) -> None:
    waiting: list[ServiceRequest] = []
    there = stage.nodes.open_server(ros_name=SERVICE, ros_type=SET_BOOL, on_request=waiting.append)
    route = stage.open(service(*server()))
    for lasting_s in (0.0, 0.02, 2.0):
        query = queryable(stage).ask(message(1))
        eventually(lambda: bool(waiting), WAIT_S)
        stage.turn(lasting_s)
        request = waiting.pop()
        there.reply(request.header, request.payload)
        ended(query)
    durations = eventually(lambda: (found := route.counters()).messages == 3 and found.durations, WAIT_S)
    assert durations.sum_s == pytest.approx(2.02)
    found = zip((*durations.edges_s, math.inf), durations.counts, strict=True)
    assert [edge for edge, count in found if count] == [0.001, 0.025, 2.5]


def test_a_server_is_offered_only_when_our_client_has_found_it(stage: Services) -> None:
    route = stage.open(service(*server()))
    assert (stage.zenoh.services.queryables, stage.zenoh.tokens) == ([], {})
    assert route.idle_reason == "our client has not found the server yet"
    stage.echo()
    stage.turn(0.1)
    took_s = SETTLE_S + 0.1
    assert stage.zenoh.services.queryables == [], "the server may not have found our client"
    stage.turn(took_s - 0.01)
    assert stage.zenoh.services.queryables == [], "it may take as long as we took"
    stage.turn(0.01)
    assert queryable(stage)
    assert list(stage.zenoh.tokens) == [TOKEN]
    assert route.active


def test_a_server_that_took_long_to_be_found_is_offered_after_a_bounded_time(stage: Services) -> None:
    stage.open(service(*server()))
    stage.turn(60.0)
    stage.echo()
    stage.turn(RETRY_S)
    stage.turn(SETTLE_MAX_S)
    assert queryable(stage)


def test_an_offer_that_zenoh_refuses_is_made_again(stage: Services) -> None:
    stage.echo()
    stage.zenoh.refusals.add("announce")
    stage.open(service(*server()))
    assert stage.zenoh.services.queryables == []
    stage.zenoh.refusals.clear()
    stage.turn(RETRY_S)
    assert list(stage.zenoh.tokens) == [TOKEN]


@pytest.mark.parametrize("payload", [None, b"", b"\x00\x01\x00\x00", b"\x00\x00\x00\x00\x01", b"xx"])
def test_what_is_no_message_is_refused_and_never_reaches_the_server(
    stage: Services, payload: bytes | None
) -> None:
    asked = stage.echo()
    route = stage.open(service(*server()))
    query = ended(queryable(stage).ask(payload))
    assert query.reason is not None
    assert asked == []
    assert drops(route) == {"malformed": 1}


def test_a_query_that_the_server_does_not_answer_ends_in_time(stage: Services) -> None:
    stage.silent()
    route = stage.open(service(*server()))
    query = queryable(stage).ask(message())
    [client] = stage.ours.clients
    eventually(lambda: client.called, WAIT_S)
    stage.turn(CALL_TIMEOUT_S)
    assert ended(query).reason == "no answer within 5 s"
    assert drops(route) == {"timeout": 1}
    assert client.open == {}


def test_a_late_or_second_answer_is_counted_and_goes_nowhere(stage: Services) -> None:
    stage.silent()
    route = stage.open(service(*server()))
    query = queryable(stage).ask(message())
    [client] = stage.ours.clients
    eventually(lambda: client.called, WAIT_S)
    client._on_reply(1, message(3))
    ended(query)
    client._on_reply(1, message(4))
    eventually(lambda: drops(route) == {"duplicate_reply": 1}, WAIT_S)
    assert query.answer == message(3)


def test_too_many_open_queries_are_refused_at_once(stage: Services) -> None:
    stage.silent()
    route = stage.open(service(*server()))
    queries = [queryable(stage).ask(message(number)) for number in range(MAX_OPEN + 20)]
    refused = [query for query in queries if query.finished]
    assert {query.reason for query in refused} == {"too many calls are open"}
    assert drops(route) == {"overflow": 20}
    assert route.counters().queue_messages == MAX_OPEN


def test_when_the_server_goes_every_open_query_is_refused(stage: Services) -> None:
    stage.silent()
    route = stage.open(service(*server()))
    queries = [queryable(stage).ask(message(number)) for number in range(5)]
    route.close()
    assert {ended(query).reason for query in queries} == {"the server is gone"}
    assert (stage.zenoh.tokens, stage.zenoh.services.queryables) == ({}, [])


def test_without_a_matched_server_a_query_is_refused_and_not_lost(stage: Services) -> None:
    stage.silent()
    route = stage.open(service(*server()))
    stage.ours.clients[0].served = False
    assert ended(queryable(stage).ask(message())).reason == "the server is not there"
    assert drops(route) == {"no_server": 1}


def test_a_call_that_dds_refuses_is_refused_with_its_reason(stage: Services) -> None:
    stage.silent()
    route = stage.open(service(*server()))
    stage.ours.clients[0].refusal = "no room"
    assert ended(queryable(stage).ask(message())).reason == "no room"
    assert drops(route) == {"write_failed": 1}


def test_a_thousand_queries_of_four_askers_each_get_their_own_answer(stage: Services) -> None:
    asked = stage.echo()
    route = stage.open(service(*server()))
    queries = {number: queryable(stage).ask(message(number)) for number in range(900)}
    assert all(ended(query).answer == message(number) for number, query in queries.items())
    assert len(asked) == settled(route).messages == 900


def test_the_wait_for_a_result_outlasts_every_timeout_until_the_asker_goes(stage: Services) -> None:
    stage.silent(GET_RESULT, ACTION_SERVICE_TYPES["get_result"])
    asker = offered(key="fib", ros_type=FIBONACCI, kind=TokenKind.ACTION_CLIENT)
    route = stage.open(get_result(*action_server(), asker))
    query = queryable(stage, GET_RESULT[1:]).ask(message())
    stage.turn(24 * 3600.0)
    assert not query.finished
    route.update(get_result(*action_server()), stage.now_s)
    assert ended(query).reason == "the asker is gone"


def test_a_refused_type_leaves_nothing_behind(stage: Services) -> None:
    stage.ours.refusal = "type is not installed"
    with pytest.raises(DdsError, match="not installed"):
        stage.open(service(*server()))
    assert stage.ours.clients == []
    assert stage.nodes.server(SERVICE) is None


HEADER = bytes(range(16))


def test_a_request_that_comes_again_after_its_answer_gets_that_one(stage: Services) -> None:
    asked = stage.echo()
    route = stage.open(service(*server()))
    first = ended(queryable(stage).ask(message(7), attachment(HEADER)))
    again = ended(queryable(stage).ask(message(7), attachment(HEADER)))
    assert (first.answer, again.answer) == (message(7), message(7))
    assert len(asked) == 1
    assert settled(route).messages == 1


def test_a_request_that_comes_again_before_its_answer_takes_its_place(stage: Services) -> None:
    node = stage.silent()
    route = stage.open(service(*server()))
    first = queryable(stage).ask(message(7), attachment(HEADER))
    eventually(lambda: len(node.open) == 1, WAIT_S)
    again = queryable(stage).ask(message(7), attachment(HEADER))
    assert (first.finished, first.answer, again.finished) == (True, None, False)
    (header,) = node.open
    node.reply(header, message(8))
    assert ended(again).answer == message(8)
    assert settled(route).messages == 1
    assert drops(route) == {}


def test_a_request_that_was_refused_may_be_tried_again(stage: Services) -> None:
    node = stage.silent()
    route = stage.open(service(*server()))
    first = queryable(stage).ask(message(7), attachment(HEADER))
    eventually(lambda: len(node.open) == 1, WAIT_S)
    stage.turn(CALL_TIMEOUT_S)
    assert ended(first).reason is not None
    again = queryable(stage).ask(message(7), attachment(HEADER))
    eventually(lambda: len(node.open) == 2, WAIT_S)
    assert not again.finished
    assert drops(route) == {"timeout": 1}


def test_requests_without_a_header_are_all_new(stage: Services) -> None:
    asked = stage.echo()
    stage.open(service(*server()))
    for found in (None, b"rqh", attachment(HEADER) + b"x"):
        ended(queryable(stage).ask(message(7), found))
    assert len(asked) == 3


def test_what_the_client_dropped_is_told_of_the_route(stage: Services) -> None:
    stage.echo()
    route = stage.open(service(*server()))
    client = stage.ours.client(SERVICE)
    assert client is not None
    client.counts.update(undecodable=1, late=2)
    assert drops(route) == {"malformed": 1, "duplicate_reply": 2}
