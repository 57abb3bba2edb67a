"""Requests of clients here reach a server elsewhere; the proxy exists only while that server does."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import pytest

from bridge.core.requests import attachment
from bridge.core.tokens import TokenKind
from bridge.errors import DdsError, ZenohError
from bridge.routes.asking import AGAIN_S, LINGER_S, IngressService
from bridge.routes.calls import MAX_OPEN
from bridge.routes.proxy import FAREWELL_S
from bridge.serviceports import ZenohQuery
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
from tests.builders import (
    ACTION_SERVICE_TYPES,
    FAR_ZID,
    FIBONACCI,
    SERVICE,
    SET_BOOL,
    action_client,
    client,
    offered,
)
from tests.fakes.queries import FakeQuerier, FakeQueryable
from tests.fakes.services import FakeServer
from tests.integration.support.waiting import eventually

HEADER = bytes(range(16))
TOKEN = f"@/c3/@ros2_lv/SC/{KEY}/std_srvs§srv§SetBool"
ACTION_SERVED = offered(key="fib", ros_type=FIBONACCI, kind=TokenKind.ACTION_SERVER)


@pytest.fixture
def stage() -> Iterator[Services]:
    stage = Services()
    yield stage
    stage.close()


def far(stage: Services, on_query: Callable[[ZenohQuery], None], key_expr: str = KEY) -> FakeQueryable:
    """A server elsewhere."""
    return stage.far.services.open_queryable(key_expr=key_expr, on_query=on_query)


def echo(query: ZenohQuery) -> None:
    assert query.payload is not None
    query.reply(query.payload)


def proxy(stage: Services, name: str = SERVICE) -> FakeServer:
    found = stage.ours.server(name)
    assert found is not None
    return found


def querier(stage: Services, key_expr: str = KEY) -> FakeQuerier:
    found = stage.zenoh.services.querier(key_expr)
    assert found is not None
    return found


def opened(stage: Services, *things: object) -> IngressService:
    route = stage.open(service(*things))
    assert isinstance(route, IngressService)
    return route


def test_a_request_is_answered_by_the_server_elsewhere(stage: Services) -> None:
    queryable = far(stage, echo)
    route = opened(stage, offered())
    answers: list[bytes] = []
    proxy(stage).ask(message(7), header=HEADER, answered=answers.append)
    eventually(lambda: answers == [message(7)], WAIT_S)
    assert [query.attachment for query in queryable.queries] == [attachment(HEADER)]
    assert settled(route).messages == 1
    assert drops(route) == {}


def test_a_call_lasts_from_its_request_to_its_answer(stage: Services) -> None:
    waiting: list[ZenohQuery] = []
    far(stage, waiting.append)
    route = opened(stage, offered())
    answers: list[bytes] = []
    for lasting_s in (0.02, 2.0):
        proxy(stage).ask(message(7), header=HEADER, answered=answers.append)
        eventually(lambda: bool(waiting), WAIT_S)
        stage.turn(lasting_s)
        echo(waiting.pop())
        settled(route)
    durations = eventually(lambda: (found := route.counters()).messages == 2 and found.durations, WAIT_S)
    assert durations.sum_s == pytest.approx(2.02)
    found = zip((*durations.edges_s, math.inf), durations.counts, strict=True)
    assert [edge for edge, count in found if count] == [0.025, 2.5]


def test_there_is_no_proxy_while_no_server_is_announced(stage: Services) -> None:
    route = opened(stage, *client())
    assert stage.ours.servers == []
    assert list(stage.zenoh.tokens) == [TOKEN]
    assert route.idle_reason == "nobody on Zenoh has announced a server"


def test_there_is_no_proxy_before_the_announced_server_is_in_reach(stage: Services) -> None:
    route = opened(stage, offered())
    assert stage.ours.servers == []
    assert "does not reach it" in route.idle_reason
    far(stage, echo)
    stage.turn()
    assert proxy(stage)
    assert route.active


def test_the_proxy_goes_when_the_server_is_withdrawn(stage: Services) -> None:
    far(stage, echo)
    route = opened(stage, offered(), *client())
    route.update(service(*client()), stage.now_s)
    stage.turn(FAREWELL_S)
    assert (stage.ours.servers, stage.zenoh.services.queriers) == ([], [])
    route.update(service(offered(), *client()), stage.now_s)
    stage.turn()
    assert proxy(stage)


def test_a_server_out_of_reach_for_long_has_no_proxy(stage: Services) -> None:
    queryable = far(stage, echo)
    opened(stage, offered())
    queryable.close()
    stage.turn()
    assert proxy(stage)
    stage.turn(LINGER_S)
    stage.turn(FAREWELL_S)
    assert stage.ours.servers == []


def test_a_request_waits_for_the_server_that_is_out_of_reach_for_a_moment(stage: Services) -> None:
    queryable = far(stage, echo)
    opened(stage, offered())
    queryable.close()
    stage.turn()
    answers: list[bytes] = []
    proxy(stage).ask(message(7), answered=answers.append)
    assert querier(stage).asked == []
    far(stage, echo)
    stage.turn()
    eventually(lambda: answers == [message(7)], WAIT_S)


@pytest.mark.parametrize(
    ("waited_s", "reason", "cause"),
    [
        (0.0, "nobody answered", "no_server"),
        (CALL_TIMEOUT_S, "no answer within 5 s", "timeout"),
        (0.0, "refused: the server is gone", "refused"),
    ],
)
def test_a_call_that_comes_to_nothing_is_forgotten_and_counted(
    stage: Services, waited_s: float, reason: str, cause: str
) -> None:
    far(stage, lambda _query: None)
    route = opened(stage, offered())
    proxy(stage).ask(message(), header=HEADER)
    stage.clock.advance(waited_s)
    querier(stage).asked[0].fail(reason)
    settled(route)
    assert drops(route) == {cause: 1}
    assert proxy(stage).forgotten == [HEADER]


def test_a_call_without_any_end_is_over_in_time(stage: Services) -> None:
    far(stage, lambda _query: None)
    route = opened(stage, offered())
    proxy(stage).ask(message(), header=HEADER)
    stage.turn(CALL_TIMEOUT_S)
    assert drops(route) == {"timeout": 1}
    assert proxy(stage).open == {}


def test_a_reply_that_is_no_message_of_the_type_is_not_passed_on(stage: Services) -> None:
    far(stage, echo)
    route = opened(stage, offered())
    proxy(stage).refusal = "the writer is full"
    proxy(stage).ask(message())
    settled(route)
    eventually(lambda: drops(route) == {"write_failed": 1}, WAIT_S)


def test_more_requests_than_may_be_open_are_counted(stage: Services) -> None:
    stage.ours.max_open = 2 * MAX_OPEN
    far(stage, lambda _query: None)
    route = opened(stage, offered())
    for number in range(MAX_OPEN + 3):
        proxy(stage).ask(message(number))
    assert drops(route) == {"overflow": 3}
    assert len(querier(stage).asked) == MAX_OPEN


def test_a_refused_querier_leaves_nothing_behind(stage: Services) -> None:
    stage.zenoh.services.refusals.add("open_querier")
    with pytest.raises(ZenohError):
        opened(stage, offered(), *client())
    assert stage.zenoh.tokens == {}


def test_a_refused_token_leaves_nothing_behind(stage: Services) -> None:
    stage.zenoh.refusals.add("announce")
    with pytest.raises(ZenohError):
        opened(stage, offered(), *client())
    assert stage.zenoh.services.queriers == []


def test_a_refused_proxy_is_for_the_engine_to_tell(stage: Services) -> None:
    far(stage, echo)
    stage.ours.refusal = "type is not installed"
    with pytest.raises(DdsError):
        opened(stage, offered())


def waiting(stage: Services) -> tuple[IngressService, list[bytes]]:
    """A client here that waits for a goal's result."""
    route = stage.open(get_result(*action_client(), ACTION_SERVED))
    assert isinstance(route, IngressService)
    answers: list[bytes] = []
    proxy(stage, GET_RESULT).ask(message(), header=HEADER, answered=answers.append)
    return route, answers


def test_a_client_whose_action_server_dies_hears_that_its_goal_is_aborted(stage: Services) -> None:
    far(stage, lambda _query: None, GET_RESULT[1:])
    route, answers = waiting(stage)
    route.update(get_result(*action_client()), stage.now_s)
    assert [answer[4] for answer in answers] == [6]
    assert proxy(stage, GET_RESULT)
    stage.turn(FAREWELL_S)
    assert stage.ours.servers == []


def test_a_link_that_breaks_does_not_end_the_wait_for_a_result(stage: Services) -> None:
    asked = far(stage, lambda _query: None, GET_RESULT[1:])
    _, answers = waiting(stage)
    asked.close()
    stage.turn()
    querier(stage, GET_RESULT[1:]).asked[0].fail("nobody answered")
    far(stage, echo, GET_RESULT[1:])
    stage.turn(AGAIN_S)
    eventually(lambda: stage.turn(AGAIN_S) or answers == [message()], WAIT_S)


def test_the_wait_for_a_result_outlasts_every_timeout(stage: Services) -> None:
    far(stage, lambda _query: None, GET_RESULT[1:])
    route, answers = waiting(stage)
    stage.turn(24 * 3600.0)
    assert (answers, route.counters().queue_messages) == ([], 1)


def test_a_refused_result_is_an_aborted_goal(stage: Services) -> None:
    far(stage, lambda query: query.refuse("the server is gone"), GET_RESULT[1:])
    _, answers = waiting(stage)
    eventually(lambda: [answer[4] for answer in answers] == [6], WAIT_S)


def test_when_nobody_waits_for_a_goal_any_more_its_request_is_forgotten(stage: Services) -> None:
    far(stage, lambda _query: None, GET_RESULT[1:])
    route, _ = waiting(stage)
    route.update(get_result(ACTION_SERVED), stage.now_s)
    assert route.counters().queue_messages == 0
    assert proxy(stage, GET_RESULT).forgotten == [HEADER]


def test_a_proxy_that_says_farewell_takes_no_more_requests(stage: Services) -> None:
    far(stage, echo)
    route = opened(stage, offered(), *client())
    server = proxy(stage)
    route.update(service(*client()), stage.now_s)
    server.ask(message(), header=HEADER)
    assert server.forgotten == [HEADER]
    assert drops(route) == {"no_server": 1}


def test_types_and_names_of_the_proxy_are_those_of_the_plan(stage: Services) -> None:
    far(stage, echo)
    opened(stage, offered())
    assert (proxy(stage).ros_name, proxy(stage).ros_type) == (SERVICE, SET_BOOL)
    assert ACTION_SERVICE_TYPES["get_result"] == f"{FIBONACCI}_GetResult"


def test_a_request_whose_link_breaks_is_asked_again_of_the_same_agent(stage: Services) -> None:
    stage.agent_ids.add(FAR_ZID)
    queries: list[ZenohQuery] = []
    far(stage, queries.append)
    route = opened(stage, offered())
    answers: list[bytes] = []
    proxy(stage).ask(message(7), header=HEADER, answered=answers.append)
    eventually(lambda: len(queries) == 1, WAIT_S)
    stage.network.cut(stage.zenoh, stage.far)
    queries[0].drop()
    eventually(lambda: querier(stage).asked[0].open is False, WAIT_S)
    stage.turn()
    stage.network.mend(stage.zenoh, stage.far)

    def asked_again() -> bool:
        stage.turn(AGAIN_S)
        return len(queries) == 2

    eventually(asked_again, WAIT_S)
    assert queries[1].attachment == attachment(HEADER)
    queries[1].reply(message(7))
    eventually(lambda: answers == [message(7)], WAIT_S)
    assert drops(route) == {}


@pytest.mark.parametrize("agents", [set(), {"e5"}])
def test_a_request_is_not_asked_again_of_a_bridge_that_would_run_it_twice(
    stage: Services, agents: set[str]
) -> None:
    stage.agent_ids |= agents
    queries: list[ZenohQuery] = []
    far(stage, queries.append)
    route = opened(stage, offered())
    proxy(stage).ask(message(7), header=HEADER)
    eventually(lambda: len(queries) == 1, WAIT_S)
    queries[0].drop()
    assert settled(route).messages == 0
    stage.turn(AGAIN_S)
    assert len(queries) == 1
    assert drops(route) == {"no_server": 1}


def test_a_request_is_not_asked_again_of_another_agent(stage: Services) -> None:
    stage.agent_ids |= {FAR_ZID, "e5"}
    queries: list[ZenohQuery] = []
    far(stage, queries.append)
    route = opened(stage, offered())
    proxy(stage).ask(message(7), header=HEADER)
    eventually(lambda: len(queries) == 1, WAIT_S)
    queries[0].drop()
    eventually(lambda: querier(stage).asked[0].open is False, WAIT_S)
    route.update(service(offered("e5")), stage.now_s)
    for _ in range(3):
        stage.turn(AGAIN_S)
    assert len(queries) == 1
    stage.turn(CALL_TIMEOUT_S)
    eventually(lambda: drops(route) == {"timeout": 1}, WAIT_S)


def test_what_the_proxies_dropped_is_told_of_the_route_for_good(stage: Services) -> None:
    queryable = far(stage, echo)
    route = opened(stage, offered())
    proxy(stage).counts.update(other_form=2, too_many=1, strange=9)
    assert drops(route) == {"foreign_form": 2, "overflow": 1}
    queryable.close()
    stage.turn()
    stage.turn(LINGER_S)
    stage.turn(FAREWELL_S)
    assert stage.ours.servers == []
    assert drops(route) == {"foreign_form": 2, "overflow": 1}
    far(stage, echo)
    stage.turn()
    proxy(stage).counts.update(other_form=1)
    assert drops(route) == {"foreign_form": 3, "overflow": 1}
