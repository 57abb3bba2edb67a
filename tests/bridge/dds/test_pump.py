"""Samples reach their sinks in order and all; a sink in trouble delays nobody else, however long."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence

import pytest

from bridge.dds.participant import CycloneSide
from bridge.dds.pump import MAX_RELIEVED, Pump
from bridge.dds.qos import READER_MAX_SAMPLES
from bridge.ports import RawWriter
from tests.builders import payload
from tests.contracts.pairs import DdsPair, cyclone_side, real_dds_pair
from tests.contracts.test_dds import matched, open_reader, open_writer
from tests.fakes.sink import RecordingSink
from tests.integration.support.waiting import eventually

WARM_UP, LAST_WARM_UP = 10_000, 10_001


@pytest.fixture
def sinks() -> Iterator[list[RecordingSink]]:
    """Sinks whose gates are opened at the end, so that no thread stays behind."""
    made: list[RecordingSink] = []
    yield made
    for sink in made:
        sink.gate.set()


@pytest.fixture
def pair(sinks: list[RecordingSink]) -> Iterator[DdsPair]:
    with real_dds_pair() as found:
        yield found.start()
        for sink in sinks:
            sink.gate.set()


def pump_of(pair: DdsPair) -> Pump:
    assert isinstance(pair.left, CycloneSide)
    return pair.left._pump


Line = tuple[RecordingSink, RawWriter]
"""A sink here and a writer there."""


def line(pair: DdsPair, sinks: list[RecordingSink], topic: str, **settings: int) -> Line:
    (made,) = lines(pair, sinks, [topic], **settings)
    return made


def lines(pair: DdsPair, sinks: list[RecordingSink], topics: Sequence[str], **settings: int) -> list[Line]:
    made = []
    for topic in topics:
        sinks.append(RecordingSink(**settings))
        open_reader(pair.left, sinks[-1], topic=topic)
        made.append((sinks[-1], matched(open_writer(pair.right, topic=topic))))
    connect(made)
    return made


def connect(made: Sequence[Line]) -> None:
    """A writer matches a moment before its reader does, and a volatile reader gets nothing of that moment."""
    eventually(
        lambda: not [writer for sink, writer in made if not sink.samples and write_one(writer, WARM_UP)]
    )
    for _, writer in made:
        write_one(writer, LAST_WARM_UP)  # reliable and in order: when it is there, none is to come
    eventually(lambda: all(payload(LAST_WARM_UP) in sink.payloads for sink, _ in made))
    eventually(lambda: all(sink.visitors == 0 for sink, _ in made))
    for sink, _ in made:
        sink.samples.clear()
        sink.threads.clear()
        sink.inside.clear()


def write_one(writer: RawWriter, number: int) -> bool:
    """As soon as there is room."""
    return eventually(lambda: writer.write(payload(number), number + 1))


def write(writer: RawWriter, numbers: range) -> None:
    """All of them."""
    for number in numbers:
        write_one(writer, number)


def expected(count: int) -> list[bytes]:
    return [payload(number) for number in range(count)]


def test_while_one_sink_is_stuck_another_one_gets_everything_at_once(
    pair: DdsPair, sinks: list[RecordingSink]
) -> None:
    stuck, to_stuck = line(pair, sinks, "rt/stuck")
    free, to_free = line(pair, sinks, "rt/free")
    stuck.gate.clear()
    write(to_stuck, range(1))
    assert stuck.inside.wait(30)
    for number in range(300):
        to_free.write(payload(number), number + 1)
        write(to_stuck, range(number + 1, number + 2))
    eventually(lambda: free.payloads == expected(300))
    assert stuck.samples == []
    stuck.gate.set()
    eventually(lambda: len(stuck.samples) >= 301)
    assert stuck.payloads == expected(301)
    assert stuck.most_visitors == free.most_visitors == 1


def test_a_stuck_sink_never_stops_the_rest_of_the_domain_however_much_comes(
    pair: DdsPair, sinks: list[RecordingSink]
) -> None:
    """Samples left in DDS filled the reader, which stops Cyclone's delivery to every reader of the domain."""
    stuck, to_stuck = line(pair, sinks, "rt/stuck", max_queued=100)
    free, to_free = line(pair, sinks, "rt/free")
    stuck.gate.clear()
    count = 2 * READER_MAX_SAMPLES
    write(to_stuck, range(count))
    to_free.write(payload(7), 1)
    eventually(lambda: free.samples)
    assert stuck.samples == []
    stuck.gate.set()
    eventually(lambda: stuck.payloads and stuck.payloads[-1] == payload(count - 1))
    assert len(stuck.samples) < 1000


def test_many_stuck_sinks_at_once_delay_nobody_and_lose_nothing(
    pair: DdsPair, sinks: list[RecordingSink]
) -> None:
    all_stuck = lines(pair, sinks, [f"rt/stuck{number}" for number in range(10)])
    free, to_free = line(pair, sinks, "rt/free")
    for sink, _ in all_stuck:
        sink.gate.clear()
    for sink, writer in all_stuck:
        write(writer, range(1))
        assert sink.inside.wait(30)
    for _, writer in all_stuck:
        write(writer, range(1, 200))
    write(to_free, range(10))
    eventually(lambda: free.payloads == expected(10))
    for sink, _ in all_stuck:
        sink.gate.set()
    eventually(lambda: all(len(sink.samples) >= 200 for sink, _ in all_stuck))
    assert all(sink.payloads == expected(200) for sink, _ in all_stuck)
    assert {sink.most_visitors for sink, _ in all_stuck} == {1}
    eventually(lambda: len(pump_of(pair)._threads) == 1)


def test_with_more_stuck_sinks_than_threads_the_pump_waits_and_then_loses_nothing(
    pair: DdsPair, sinks: list[RecordingSink]
) -> None:
    all_stuck = lines(pair, sinks, [f"rt/stuck{number}" for number in range(MAX_RELIEVED + 5)])
    for sink, _ in all_stuck:
        sink.gate.clear()
    for _, writer in all_stuck:
        write(writer, range(3))
    eventually(lambda: sum(sink.inside.is_set() for sink, _ in all_stuck) == MAX_RELIEVED + 1)
    assert len(pump_of(pair)._threads) == MAX_RELIEVED + 1
    for sink, _ in all_stuck:
        sink.gate.set()
    eventually(lambda: all(sink.payloads == expected(3) for sink, _ in all_stuck))


def test_a_healthy_sink_is_served_by_the_thread_that_waits(pair: DdsPair, sinks: list[RecordingSink]) -> None:
    sink, writer = line(pair, sinks, "rt/healthy")
    write(writer, range(1000))
    eventually(lambda: len(sink.samples) >= 1000)
    assert all(name.startswith("dds-pump-") for name in sink.threads)


def test_a_sink_that_fails_costs_nobody_else_and_gets_the_next_ones(
    pair: DdsPair, sinks: list[RecordingSink]
) -> None:
    faulty, to_faulty = line(pair, sinks, "rt/faulty")
    sound, to_sound = line(pair, sinks, "rt/sound")
    for relieved in (False, True):
        seen = len(faulty.samples)
        faulty.fault = RuntimeError("boom")
        if relieved:
            faulty.inside.clear()
            faulty.gate.clear()
            to_faulty.write(payload(1), 1)
            assert faulty.inside.wait(30)
            write(to_sound, range(1))
            eventually(lambda: sound.samples)
            faulty.gate.set()
        else:
            to_faulty.write(payload(1), 1)
        eventually(lambda: faulty.fault is None)
        eventually(lambda seen=seen: to_faulty.write(payload(2), 2) and len(faulty.samples) > seen + 1)
        write(to_sound, range(1))
    eventually(lambda: len(sound.samples) == 3)


def test_two_readers_of_one_sink_never_have_two_threads_inside(
    pair: DdsPair, sinks: list[RecordingSink]
) -> None:
    sink, writer = line(pair, sinks, "rt/both")
    second = open_reader(pair.left, sink, topic="rt/both")
    matched(writer, 2)
    numbers = itertools.count(100)
    eventually(lambda: write_one(writer, next(numbers)) and len(set(sink.payloads)) < len(sink.payloads))
    sink.gate.clear()
    sink.inside.clear()
    write(writer, range(1))
    assert sink.inside.wait(30)
    write(writer, range(1, 50))
    sink.gate.set()
    eventually(lambda: sink.payloads.count(payload(49)) == 2)
    assert sorted(one for one in sink.payloads if one in expected(50)) == sorted(expected(50) * 2)
    assert sink.most_visitors == 1
    second.close()
    write(writer, range(50, 51))
    eventually(lambda: payload(50) in sink.payloads)


def test_a_reader_closed_while_its_sink_is_stuck_and_opened_anew_gets_no_second_thread(
    pair: DdsPair, sinks: list[RecordingSink]
) -> None:
    sink = RecordingSink()
    sinks.append(sink)
    first = open_reader(pair.left, sink, topic="rt/again")
    writer = matched(open_writer(pair.right, topic="rt/again"))
    connect([(sink, writer)])
    sink.gate.clear()
    write(writer, range(1))
    assert sink.inside.wait(30)
    first.close()
    open_reader(pair.left, sink, topic="rt/again")
    eventually(lambda: writer.matched() == 1)
    write(writer, range(1, 20))
    assert writer.wait_acknowledged(30.0)
    sink.gate.set()
    eventually(lambda: payload(19) in sink.payloads)
    assert sink.payloads[0] == payload(0)
    assert sink.most_visitors == 1


def test_removal_tells_whether_somebody_is_still_inside(pair: DdsPair, sinks: list[RecordingSink]) -> None:
    assert isinstance(pair.left, CycloneSide)
    sink, writer = line(pair, sinks, "rt/x")
    pump = pump_of(pair)
    (index,) = pump._entries
    sink.gate.clear()
    write(writer, range(1))
    assert sink.inside.wait(30)
    assert not pump.remove(index, timeout_s=0.01)
    assert pump.remove(index)
    assert pump._entries == {}


def test_after_a_removal_nothing_is_handed_over_any_more(pair: DdsPair, sinks: list[RecordingSink]) -> None:
    sink = RecordingSink()
    sinks.append(sink)
    for number in range(20):
        reader = open_reader(pair.left, sink, topic="rt/race")
        writer = matched(open_writer(pair.right, topic="rt/race"))
        connect([(sink, writer)])
        flow = threading.Thread(target=write, args=(writer, range(200)))
        flow.start()
        eventually(lambda: sink.samples)
        reader.close()
        seen = len(sink.samples)
        flow.join()
        assert len(sink.samples) == seen, number
        writer.close()
        sink.samples.clear()


def test_close_ends_every_thread(sinks: list[RecordingSink], domain_id: int) -> None:
    before = set(threading.enumerate())
    side = cyclone_side(domain_id)
    side.start(lambda event: None)
    started = {thread.name for thread in set(threading.enumerate()) - before}
    assert {"dds-pump-0", "dds-pump-watchdog", "dds-discovery"} <= started
    side.close()
    assert set(threading.enumerate()) <= before
