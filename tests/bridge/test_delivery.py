"""Between two agents: what one side takes from DDS and the other never writes is known, with its cause."""

from __future__ import annotations

from contextlib import contextmanager

from bridge.core.routespec import Direction
from tests.bridge.engine_stage import WAIT_S, Place, listener, place, running, talker
from tests.builders import payload
from tests.fakes.dds import FakeWriter
from tests.fakes.zenoh import FakeNetwork
from tests.integration.support.waiting import eventually

START_NS = 1_700_000_000_000_000_000


def lost(at: Place, direction: Direction) -> dict[str, int]:
    routes = [one for one in at.observer.routes() if one.spec.direction is direction]
    return dict(routes[0].counters.lost) if routes else {}


class Writer:
    """A talker that numbers what it writes."""

    def __init__(self, writer: FakeWriter) -> None:
        self.writer = writer
        self.count = 0

    def write(self, times: int) -> None:
        for _ in range(times):
            self.count += 1
            self.writer.write(payload(self.count), START_NS + self.count)


@contextmanager
def crossing(stations: int = 1):
    """A robot that talks to stations, after the first message and the first record."""
    network = FakeNetwork()
    robot = place(network=network, zid="a1")
    ends = [place(network=network, zid=f"b{number}") for number in range(stations)]
    with running(robot, *ends):
        node = robot.node()
        heard = [listener(end.node()) for end in ends]
        writer = Writer(talker(node))
        eventually(lambda: writer.writer.matched() == 1, WAIT_S)
        writer.write(1)
        eventually(lambda: all(len(sink.payloads) == 1 for _, sink in heard), WAIT_S)
        for one in (robot, *ends):
            one.pass_time(1.1)
        yield network, robot, ends, heard, writer


def test_a_whole_stream_has_nothing_lost():
    with crossing() as (_, robot, [station], [(_, sink)], writer):
        for _ in range(5):
            writer.write(10)
            robot.pass_time(1.1)
        eventually(lambda: len(sink.payloads) == 51, WAIT_S)
        assert lost(robot, Direction.EGRESS) == lost(station, Direction.INGRESS) == {}


def test_what_is_taken_while_the_only_link_is_cut_is_lost_by_the_link():
    with crossing() as (network, robot, [station], [(_, sink)], writer):
        network.cut(robot.zenoh, station.zenoh)
        eventually(robot.engine.intake.retirements.away, WAIT_S)
        writer.write(7)
        network.mend(robot.zenoh, station.zenoh)
        eventually(lambda: lost(robot, Direction.EGRESS) == {"link": 7}, WAIT_S)
        writer.write(3)
        eventually(lambda: len(sink.payloads) == 4, WAIT_S)
        for one in (robot, station):
            one.pass_time(1.1)
        assert lost(robot, Direction.EGRESS) == {"link": 7}
        assert lost(station, Direction.INGRESS) == {}


def test_what_one_of_two_does_not_get_is_lost_there_alone():
    """Its tail, too: nothing follows that would tell."""
    with crossing(stations=2) as (network, robot, [near, far], _, writer):
        network.cut(robot.zenoh, far.zenoh)
        eventually(far.engine.intake.retirements.away, WAIT_S)
        writer.write(5)
        network.mend(robot.zenoh, far.zenoh)
        eventually(lambda: not far.engine.intake.retirements.away(), WAIT_S)
        robot.until(lambda: lost(far, Direction.INGRESS) == {"link": 5})
        assert lost(near, Direction.INGRESS) == lost(robot, Direction.EGRESS) == {}


def test_what_nobody_wants_is_not_lost():
    with crossing() as (_, robot, [station], [(reader, _)], writer):
        reader.close()
        station.until(lambda: not [one for one in station.observer.routes() if one.active])
        writer.write(5)
        robot.until(lambda: not [one for one in robot.observer.routes() if one.active])
        assert lost(robot, Direction.EGRESS) == {}


def test_a_topic_is_read_on_while_its_subscriber_is_waited_for():
    with crossing() as (network, robot, [station], _, writer):
        network.cut(robot.zenoh, station.zenoh)
        robot.pass_time(5.0)
        assert writer.writer.matched() == 1
        robot.until(lambda: writer.writer.matched() == 0)
        writer.write(1)
        assert lost(robot, Direction.EGRESS) == {}
