"""What service routes rely on at the Zenoh side: queries between sessions, each answered once."""

from __future__ import annotations

import threading

import pytest

from bridge.errors import ZenohError
from bridge.serviceports import ZenohQuerier, ZenohQuery, ZenohServices
from bridge.zenoh.outbox import MAX_JOBS
from tests.contracts.pairs import ZenohPair
from tests.fakes.queries import FakeQuerier
from tests.integration.support.waiting import eventually

KEY = "robot/add"
REQUEST = b"\x00\x01\x00\x00\x01"
REPLY = b"\x00\x01\x00\x00\x02"
ATTACHMENT = b"rqh" + bytes(range(16)) + b"\x01"


class Outcome:
    """What a query brought, and how often."""

    def __init__(self) -> None:
        self.calls: list[tuple[bytes | None, str]] = []

    def __call__(self, payload: bytes | None, reason: str) -> None:
        self.calls.append((payload, reason))


def left(zenoh: ZenohPair) -> ZenohServices:
    return zenoh.left.services


def right(zenoh: ZenohPair) -> ZenohServices:
    return zenoh.right.services


def connected(services: ZenohServices, *, timeout_s: float = 10.0) -> ZenohQuerier:
    """A querier that reaches somebody."""
    told: list[bool] = []
    querier = services.open_querier(key_expr=KEY, timeout_s=timeout_s, on_matching=told.append)
    eventually(lambda: told == [True])
    return querier


def ask(querier: ZenohQuerier) -> Outcome:
    outcome = Outcome()
    querier.get(REQUEST, ATTACHMENT, outcome)
    return outcome


def first(queries: list[ZenohQuery]) -> ZenohQuery:
    return eventually(lambda: queries)[0]


def test_a_query_and_its_answer_cross_as_they_are(zenoh: ZenohPair) -> None:
    seen: list[tuple[bytes | None, bytes | None]] = []

    def answer(query: ZenohQuery) -> None:
        seen.append((query.payload, query.attachment))
        query.reply(REPLY)

    right(zenoh).open_queryable(key_expr=KEY, on_query=answer)
    outcome = ask(connected(left(zenoh)))
    assert eventually(lambda: outcome.calls) == [(REPLY, "")]
    assert seen == [(REQUEST, ATTACHMENT)]


def test_a_mebibyte_crosses_both_ways(zenoh: ZenohPair) -> None:
    large = REQUEST + bytes(1 << 20)
    right(zenoh).open_queryable(key_expr=KEY, on_query=lambda query: query.reply(query.payload or b""))
    outcome = Outcome()
    connected(left(zenoh)).get(large, ATTACHMENT, outcome)
    assert eventually(lambda: outcome.calls) == [(large, "")]


def test_answers_may_come_late_from_another_thread_and_in_another_order(zenoh: ZenohPair) -> None:
    queries: list[ZenohQuery] = []
    right(zenoh).open_queryable(key_expr=KEY, on_query=queries.append)
    querier = connected(left(zenoh))
    outcomes = []
    for number in range(5):
        outcome = Outcome()
        querier.get(REQUEST + bytes([number]), ATTACHMENT, outcome)
        outcomes.append(outcome)
    eventually(lambda: len(queries) == 5)
    assert [query.payload for query in queries] == [REQUEST + bytes([number]) for number in range(5)]

    def answer() -> None:
        for query in reversed(queries):
            query.reply(REPLY + (query.payload or b"")[-1:])

    thread = threading.Thread(target=answer)
    thread.start()
    thread.join()
    eventually(lambda: all(outcome.calls for outcome in outcomes))
    assert [outcome.calls for outcome in outcomes] == [[(REPLY + bytes([n]), "")] for n in range(5)]


def test_a_refusal_is_told_with_its_reason(zenoh: ZenohPair) -> None:
    right(zenoh).open_queryable(key_expr=KEY, on_query=lambda query: query.refuse("too short"))
    outcome = ask(connected(left(zenoh)))
    assert eventually(lambda: outcome.calls) == [(None, "refused: too short")]


def test_a_dropped_query_ends_at_once(zenoh: ZenohPair) -> None:
    right(zenoh).open_queryable(key_expr=KEY, on_query=lambda query: query.drop())
    outcome = ask(connected(left(zenoh)))
    assert eventually(lambda: outcome.calls) == [(None, "nobody answered")]


def test_a_query_whose_handling_fails_ends_at_once(zenoh: ZenohPair) -> None:
    def fail(query: ZenohQuery) -> None:
        raise RuntimeError("boom")

    right(zenoh).open_queryable(key_expr=KEY, on_query=fail)
    querier = connected(left(zenoh))
    for outcome in (ask(querier), ask(querier)):
        assert eventually(lambda outcome=outcome: outcome.calls) == [(None, "nobody answered")]


def test_of_two_answers_the_first_counts(zenoh: ZenohPair) -> None:
    def answer(query: ZenohQuery) -> None:
        query.reply(REPLY)
        query.reply(REPLY + b"again")
        query.refuse("after all not")
        query.drop()

    right(zenoh).open_queryable(key_expr=KEY, on_query=answer)
    querier = connected(left(zenoh))
    outcome, after = ask(querier), ask(querier)
    eventually(lambda: after.calls)
    assert outcome.calls == [(REPLY, "")]


@pytest.mark.parametrize("bad", [b"", b"\x00\x01\x00\x00", b"\x00\x00\x00\x00\x01", b"\xff\xff\xff\xff\xff"])
def test_an_answer_that_is_no_message_is_none(zenoh: ZenohPair, bad: bytes) -> None:
    right(zenoh).open_queryable(key_expr=KEY, on_query=lambda query: query.reply(bad))
    outcome = ask(connected(left(zenoh)))
    assert [payload for payload, _ in eventually(lambda: outcome.calls)] == [None]
    assert left(zenoh).counts["bad_reply"] == 1


def test_a_query_that_is_never_answered_ends_after_its_time(zenoh: ZenohPair) -> None:
    queries: list[ZenohQuery] = []
    right(zenoh).open_queryable(key_expr=KEY, on_query=queries.append)
    querier = connected(left(zenoh), timeout_s=0.3)
    outcome = ask(querier)
    late = first(queries)
    if isinstance(querier, FakeQuerier):
        querier.expire()
    assert eventually(lambda: outcome.calls) == [(None, "no answer within 0.3 s")]
    late.reply(REPLY)  # harmless: the asker is gone
    other = ask(querier)
    eventually(lambda: len(queries) == 2)
    queries[1].reply(REPLY)
    eventually(lambda: other.calls == [(REPLY, "")])
    assert len(outcome.calls) == 1


def test_own_queryables_are_not_asked(zenoh: ZenohPair) -> None:
    own: list[ZenohQuery] = []
    left(zenoh).open_queryable(key_expr=KEY, on_query=own.append)
    told: list[bool] = []
    querier = left(zenoh).open_querier(key_expr=KEY, timeout_s=5.0, on_matching=told.append)
    outcome = ask(querier)
    assert eventually(lambda: outcome.calls) == [(None, "nobody answered")]
    assert (own, told) == ([], [])


def test_a_querier_is_told_when_somebody_begins_and_ceases_to_answer(zenoh: ZenohPair) -> None:
    told: list[bool] = []
    left(zenoh).open_querier(key_expr=KEY, timeout_s=5.0, on_matching=told.append)
    queryable = right(zenoh).open_queryable(key_expr=KEY, on_query=lambda query: query.drop())
    eventually(lambda: told == [True])
    queryable.close()
    queryable.close()
    eventually(lambda: told == [True, False])


def test_open_queries_end_with_the_querier(zenoh: ZenohPair) -> None:
    queries: list[ZenohQuery] = []
    right(zenoh).open_queryable(key_expr=KEY, on_query=queries.append)
    querier = connected(left(zenoh))
    outcome = ask(querier)
    late = first(queries)
    querier.close()
    querier.close()
    assert eventually(lambda: outcome.calls) == [(None, "nobody answered")]
    late.reply(REPLY)
    after = ask(querier)
    eventually(lambda: after.calls)
    assert after.calls[0][0] is None
    assert len(outcome.calls) == 1


@pytest.mark.parametrize("ours", [True, False])
def test_open_queries_end_with_the_session(zenoh: ZenohPair, ours: bool) -> None:
    queries: list[ZenohQuery] = []
    right(zenoh).open_queryable(key_expr=KEY, on_query=queries.append)
    querier = connected(left(zenoh), timeout_s=3600.0)
    outcome = ask(querier)
    late = first(queries)
    (zenoh.left if ours else zenoh.right).close()
    if isinstance(querier, FakeQuerier) and not ours:
        querier.expire()
    assert eventually(lambda: outcome.calls)[0][0] is None
    late.reply(REPLY)
    assert len(outcome.calls) == 1


def test_one_that_never_answers_delays_no_other(zenoh: ZenohPair) -> None:
    queries: list[ZenohQuery] = []
    right(zenoh).open_queryable(key_expr=KEY, on_query=queries.append)
    right(zenoh).open_queryable(key_expr="robot/other", on_query=lambda query: query.reply(REPLY))
    silent = [ask(connected(left(zenoh))) for _ in range(3)]
    told: list[bool] = []
    other = left(zenoh).open_querier(key_expr="robot/other", timeout_s=5.0, on_matching=told.append)
    eventually(lambda: told == [True])
    outcome = ask(other)
    assert eventually(lambda: outcome.calls) == [(REPLY, "")]
    assert [one.calls for one in silent] == [[], [], []]
    for query in queries:
        query.drop()


def test_a_thousand_at_once_are_all_answered_each_with_its_own(zenoh: ZenohPair) -> None:
    right(zenoh).open_queryable(key_expr=KEY, on_query=lambda query: query.reply(query.payload or b""))
    querier = connected(left(zenoh))
    outcomes = [Outcome() for _ in range(MAX_JOBS)]
    for number, outcome in enumerate(outcomes):
        querier.get(REQUEST + number.to_bytes(4, "little"), ATTACHMENT, outcome)
    eventually(lambda: all(outcome.calls for outcome in outcomes))
    assert [outcome.calls for outcome in outcomes] == [
        [(REQUEST + number.to_bytes(4, "little"), "")] for number in range(MAX_JOBS)
    ]


def test_what_cannot_be_a_key_is_refused(zenoh: ZenohPair) -> None:
    with pytest.raises(ZenohError):
        left(zenoh).open_queryable(key_expr="a//b", on_query=lambda query: query.drop())
    with pytest.raises(ZenohError):
        left(zenoh).open_querier(key_expr="a//b", timeout_s=1.0, on_matching=print)
