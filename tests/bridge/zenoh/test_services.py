"""Queries from and to anybody on the network: foreign, hostile or silent, none of them stops us."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import zenoh

from bridge.serviceports import ZenohQuerier, ZenohQuery
from bridge.zenoh.session import ZenohSession
from tests.contracts.test_zenoh_services import ATTACHMENT, KEY, REPLY, REQUEST, Outcome
from tests.fakes.relay import Relay
from tests.integration.support.waiting import eventually, stand_still

_LINKS = 2


@contextlib.contextmanager
def foreign(ours: ZenohSession) -> Iterator[zenoh.Session]:
    """One more session that is linked with us."""
    options = {
        "mode": "peer",
        "connect": {"endpoints": list(ours.listening())},
        "listen": {"endpoints": []},
        "scouting": {"delay": 0, "multicast": {"enabled": False}, "gossip": {"enabled": False}},
        "transport": {"shared_memory": {"enabled": False}},
    }
    before = len(ours.links())
    session = zenoh.open(zenoh.Config.from_json5(json.dumps(options)))
    try:
        eventually(lambda: len(ours.links()) > before)
        yield session
    finally:
        session.close()


def declared(session: zenoh.Session, answer: Any, *, complete: bool = True) -> zenoh.Queryable:
    return session.declare_queryable(KEY, zenoh.handlers.Callback(answer, indirect=False), complete=complete)


def replying(payload: bytes) -> Any:
    def answer(query: zenoh.Query) -> None:
        query.reply(KEY, payload)
        query.drop()

    return answer


def connected(ours: ZenohSession, *, timeout_s: float = 10.0) -> ZenohQuerier:
    told: list[bool] = []
    querier = ours.services.open_querier(key_expr=KEY, timeout_s=timeout_s, on_matching=told.append)
    eventually(lambda: told == [True])
    return querier


def asked(querier: ZenohQuerier, payload: bytes = REQUEST) -> Outcome:
    outcome = Outcome()
    querier.get(payload, ATTACHMENT, outcome)
    return outcome


def test_of_two_complete_servers_one_runs(ours: ZenohSession, stranger: zenoh.Session) -> None:
    seen: list[int] = []

    def serve(number: int) -> Any:
        def answer(query: zenoh.Query) -> None:
            seen.append(number)
            replying(REPLY)(query)

        return answer

    with foreign(ours) as second:
        queryables = [declared(stranger, serve(1)), declared(second, serve(2))]
        querier = connected(ours)
        outcomes = [asked(querier) for _ in range(20)]
        eventually(lambda: all(outcome.calls for outcome in outcomes))
        assert [outcome.calls for outcome in outcomes] == [[(REPLY, "")]] * 20
        assert len(seen) == 20
        assert len(queryables) == _LINKS


def test_a_dead_incomplete_server_does_not_delay_a_live_one(
    ours: ZenohSession, stranger: zenoh.Session
) -> None:
    kept: list[zenoh.Query] = []
    with foreign(ours) as second:
        queryables = [
            declared(stranger, kept.append, complete=False),
            declared(second, replying(REPLY), complete=False),
        ]
        querier = connected(ours, timeout_s=3600.0)

        def both() -> bool:
            """One of them may be known before the other, and a dead one alone never answers."""
            kept.clear()
            outcome = asked(querier)
            eventually(lambda: outcome.calls, timeout_s=5.0)
            return outcome.calls == [(REPLY, "")] and bool(kept)

        eventually(both)
        assert len(queryables) == _LINKS
    kept.clear()


def test_a_bad_answer_hides_no_good_one(ours: ZenohSession, stranger: zenoh.Session) -> None:
    def answer(query: zenoh.Query) -> None:
        query.reply_err(b"\xff\x00no")
        query.reply(KEY, b"\x00")
        query.reply_del(KEY)
        query.reply(KEY, REPLY)
        query.reply(KEY, REPLY + b"again")
        query.drop()

    queryable = declared(stranger, answer)
    outcome = asked(connected(ours))
    eventually(lambda: outcome.calls)
    eventually(lambda: ours.services.counts["late_reply"] == 1)
    assert outcome.calls == [(REPLY, "")]
    assert ours.services.counts["bad_reply"] == 2
    queryable.undeclare()


def test_a_strangers_reason_is_printable_and_short(ours: ZenohSession, stranger: zenoh.Session) -> None:
    def answer(query: zenoh.Query) -> None:
        query.reply_err(b"\x1b[31m\xff" + b"x" * 100_000)
        query.drop()

    queryable = declared(stranger, answer)
    outcome = asked(connected(ours))
    ((payload, reason),) = eventually(lambda: outcome.calls)
    assert payload is None
    assert reason.isprintable()
    assert len(reason) < 300
    queryable.undeclare()


@pytest.mark.parametrize("selector", ["**", KEY, "robot/*"])
def test_a_curious_tool_sees_its_query_refused(
    ours: ZenohSession, stranger: zenoh.Session, selector: str
) -> None:
    seen: list[ZenohQuery] = []

    def refuse(query: ZenohQuery) -> None:
        seen.append(query)
        query.refuse("no request")

    queryable = ours.services.open_queryable(key_expr=KEY, on_query=refuse)
    errors = eventually(
        lambda: [bytes(reply.err.payload) for reply in stranger.get(selector, timeout=5.0) if reply.err]
    )
    assert b"no request" in errors
    assert (seen[0].payload, seen[0].attachment) == (None, None)
    queryable.close()


def test_an_answer_to_a_pattern_carries_our_key(ours: ZenohSession, stranger: zenoh.Session) -> None:
    queryable = ours.services.open_queryable(key_expr=KEY, on_query=lambda query: query.reply(REPLY))
    found = eventually(
        lambda: [
            str(reply.ok.key_expr)
            for reply in stranger.get("robot/*", payload=REQUEST, timeout=5.0)
            if reply.ok is not None
        ]
    )
    assert found == [KEY]
    queryable.close()


def test_ten_thousand_at_once_are_all_ended(ours: ZenohSession, stranger: zenoh.Session) -> None:
    queryable = ours.services.open_queryable(key_expr=KEY, on_query=lambda query: query.refuse("no"))
    eventually(lambda: any(reply.err for reply in stranger.get(KEY, timeout=5.0)))
    ended = threading.Semaphore(0)
    for _ in range(10_000):
        stranger.get(
            KEY, zenoh.handlers.Callback(lambda reply: None, ended.release, indirect=False), timeout=60.0
        )
    for _ in range(10_000):
        assert ended.acquire(timeout=60.0)
    queryable.close()


def test_answering_a_gone_asker_is_harmless(ours: ZenohSession) -> None:
    queries: list[ZenohQuery] = []
    queryable = ours.services.open_queryable(key_expr=KEY, on_query=queries.append)
    with foreign(ours) as asker:

        def reached() -> list[ZenohQuery]:
            asker.get(KEY, payload=REQUEST, timeout=60.0)
            return queries

        eventually(reached)
    eventually(lambda: not ours.links())
    for query in queries:
        query.reply(REPLY)
        query.drop()
    queryable.close()


def test_a_stuck_link_delays_neither_the_caller_nor_other_services(
    ours: ZenohSession, stranger: zenoh.Session
) -> None:
    """Many large requests at once fill the link; ``get`` returns at once, and what is too much is told."""
    queryable = declared(stranger, replying(REPLY))
    querier = connected(ours, timeout_s=60.0)
    outcomes = [asked(querier, REQUEST + bytes(1 << 20)) for _ in range(100)]
    eventually(lambda: all(outcome.calls for outcome in outcomes))
    told = {outcome.calls[0] for outcome in outcomes}
    assert told <= {(REPLY, ""), (None, "too many requests wait to be sent")}
    assert ours.services.counts["busy"] == sum(outcome.calls[0][0] is None for outcome in outcomes)
    queryable.undeclare()


def test_a_querier_that_is_closed_while_its_link_is_stuck_ends_what_is_asked(
    ours: ZenohSession, stalling: tuple[ZenohSession, Relay]
) -> None:
    far, relay = stalling
    far.services.open_queryable(key_expr=KEY, on_query=lambda query: query.reply(REPLY))
    querier = connected(ours, timeout_s=30.0)
    relay.stall()
    outcomes = [asked(querier, REQUEST + bytes(1 << 20)) for _ in range(40)]
    lane = querier._lane
    eventually(lambda: len(lane.jobs) < len(outcomes))
    stand_still(lambda: len(lane.jobs))
    assert lane.jobs, "the link was not stuck: nothing is shown"
    querier.close()
    relay.resume()
    eventually(lambda: all(len(outcome.calls) == 1 for outcome in outcomes))
    late = asked(querier)
    eventually(lambda: late.calls)
    assert "Undeclared" in late.calls[0][1]
