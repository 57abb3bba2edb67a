"""DDS → Zenoh: every sample once, in order, under its own identity; what is dropped is counted."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from bridge.core.policy import Policy, Rule
from bridge.core.routespec import DropCause
from bridge.ports import DdsSample, ZenohSample
from bridge.routes.backlog import MAX_MESSAGES
from bridge.routes.egressflow import MAX_AHEAD_NS
from tests.bridge.routes.stage import START_NS, Stage, drops, numbers, planned
from tests.builders import payload


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_sample_crosses_with_its_bytes_its_writer_and_its_time(stage: Stage) -> None:
    talker = stage.talker()
    route = stage.egress(planned(talker))
    stage.far_subscriber()
    talker.write(payload(1), START_NS + 1)
    assert stage.received == [ZenohSample(payload(1), START_NS + 1, talker.gid.value)]
    assert (route.counters().messages, route.counters().payload_bytes) == (1, 8)


def test_times_of_one_writer_rise_strictly_whatever_it_stamps(stage: Stage) -> None:
    one, other = stage.talker(), stage.talker()
    stage.egress(planned(one, other))
    stage.far_subscriber()
    for source_ns in (100, 100, 50, 200):
        one.write(payload(), source_ns)
        other.write(payload(), source_ns)
    times = {
        gid: [s.source_ns for s in stage.received if s.source_id == gid.value] for gid in (one.gid, other.gid)
    }
    assert times == {one.gid: [100, 101, 102, 200], other.gid: [100, 101, 102, 200]}


def test_a_clock_far_ahead_of_ours_does_not_get_on_to_zenoh(stage: Stage) -> None:
    talker = stage.talker()
    stage.egress(planned(talker))
    stage.far_subscriber()
    latest = START_NS + MAX_AHEAD_NS
    for source_ns in (latest - 1, latest, latest + 10**9, latest + 2 * 10**9):
        talker.write(payload(), source_ns)
    assert [sample.source_ns for sample in stage.received] == [latest - 1, latest, latest + 1, latest + 2]
    stage.clock.step_wall(10**9)
    talker.write(payload(), latest + 10**9)
    assert stage.received[-1].source_ns == latest + 10**9


@pytest.mark.parametrize(
    ("bad", "cause"),
    [(b"\x00\x01", DropCause.MALFORMED), (b"\x00\x00\x00\x00", DropCause.BIG_ENDIAN)],
)
def test_a_payload_that_must_not_cross_is_dropped_by_its_cause_and_the_next_one_crosses(
    stage: Stage, bad: bytes, cause: DropCause
) -> None:
    talker = stage.talker()
    route = stage.egress(planned(talker))
    stage.far_subscriber()
    talker.write(bad, 1)
    talker.write(payload(2), 2)
    assert numbers(stage.received) == [2]
    assert drops(route) == {cause: 1}


def test_samples_of_another_agent_are_never_passed_on(stage: Stage) -> None:
    talker = stage.talker()
    route = stage.egress(planned(talker))
    stage.far_subscriber()
    stage.agents.add(talker.gid.prefix)
    talker.write(payload(), 1)
    assert (stage.received, drops(route)) == ([], {DropCause.FOREIGN_AGENT: 1})


def test_an_agent_found_out_later_is_looked_at_anew(stage: Stage) -> None:
    talker = stage.talker()
    route = stage.egress(planned(talker))
    stage.far_subscriber()
    talker.write(payload(1), 1)
    stage.agents.add(talker.gid.prefix)
    route.forget_sources()
    talker.write(payload(2), 2)
    assert (numbers(stage.received), drops(route)) == ([1], {DropCause.FOREIGN_AGENT: 1})


def test_a_writer_that_a_rule_keeps_here_stays_here_from_the_moment_of_the_rule(stage: Stage) -> None:
    open_one, secret = stage.talker(), stage.talker()
    both = planned(open_one, secret)
    route = stage.egress(both)
    stage.far_subscriber()
    secret.write(payload(1), 1)
    route.update(replace(both, refused=frozenset({secret.gid})), stage.now_s)
    secret.write(payload(2), 2)
    open_one.write(payload(3), 3)
    assert numbers(stage.received) == [1, 3]
    assert drops(route) == {DropCause.NOT_ALLOWED: 1}


def test_a_rate_limit_thins_by_source_time_and_may_change(stage: Stage) -> None:
    talker = stage.talker()
    limited = planned(talker, policy=Policy(rules=(Rule(label="r", max_rate_hz=10.0),)))
    route = stage.egress(limited)
    stage.far_subscriber()
    for number in range(10):
        talker.write(payload(number), START_NS + number * 50_000_000)
    assert numbers(stage.received) == [0, 2, 4, 6, 8]
    assert drops(route) == {DropCause.RATE_LIMITED: 5}
    route.update(planned(talker), stage.now_s)
    talker.write(payload(10), START_NS + 450_000_001)
    assert numbers(stage.received)[-1] == 10


def test_a_refused_put_is_counted_and_the_next_one_crosses(stage: Stage) -> None:
    talker = stage.talker()
    route = stage.egress(planned(talker))
    stage.far_subscriber()
    stage.zenoh.refusals.add("put")
    talker.write(payload(1), 1)
    stage.zenoh.refusals.clear()
    talker.write(payload(2), 2)
    assert (numbers(stage.received), drops(route)) == ([2], {DropCause.WRITE_FAILED: 1})


def test_a_writer_already_gone_has_an_identity_of_its_own_that_stays(stage: Stage) -> None:
    talker, other = stage.talker(), stage.talker()
    stage.egress(planned(talker, other))
    stage.far_subscriber()
    stage.domain.samples.hold()
    for number in (1, 2):
        talker.write(payload(number), number)
        other.write(payload(number), number)
    talker.close()
    other.close()
    stage.domain.samples.release()
    ids = [sample.source_id for sample in stage.received]
    assert len(ids) == 4
    assert ids[0] == ids[2] != ids[1] == ids[3]
    assert talker.gid.value not in ids


def test_while_a_put_blocks_samples_queue_and_then_cross_in_order(stage: Stage) -> None:
    talker = stage.talker()
    route = stage.egress(planned(talker))
    stage.far_subscriber()
    stage.zenoh.gate.clear()
    stuck = threading.Thread(target=talker.write, args=(payload(0), START_NS))
    stuck.start()
    assert stage.zenoh.blocked.acquire(timeout=30)
    for number in range(1, 100):
        talker.write(payload(number), START_NS + number)
    assert route.counters().queue_messages == 99
    assert route.counters().queue_bytes == 99 * 8
    stage.zenoh.gate.set()
    stuck.join()
    assert numbers(stage.received) == list(range(100))
    assert (drops(route), route.counters().queue_messages) == ({}, 0)


def test_beyond_the_bound_of_the_queue_the_oldest_give_way_and_are_counted(stage: Stage) -> None:
    talker = stage.talker()
    route = stage.egress(planned(talker))
    stage.far_subscriber()
    count = MAX_MESSAGES + 5
    route.flow.enqueue(
        [DdsSample(payload(number), START_NS + number, talker.handle) for number in range(count)]
    )
    assert route.flow.pending()
    route.flow.flush()
    assert not route.flow.pending()
    assert numbers(stage.received) == list(range(5, count))
    assert drops(route) == {DropCause.QUEUE_FULL: 5}
