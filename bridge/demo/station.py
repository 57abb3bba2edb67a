"""The station of the demo, a process of its own: ``python -m bridge.demo.station rclpy|cyclonedds``.

Joins late, checks every message, calls the robot, and reports its counts twice a second and at the end.
"""

from __future__ import annotations

import sys
import threading
import time

from bridge.demo.caller import Caller
from bridge.demo.lines import CallReport, NodeFlavour, Ready, Report
from bridge.demo.messages import TOPICS, Contents, Payload, Topic
from bridge.demo.nodes import open_station
from bridge.demo.orders import Orders, tell
from bridge.demo.tally import Tally

_REPORT_S = 0.5
_JOIN_S = 5.0


class Station:
    """Counts what a node receives. Thread: any."""

    def __init__(self) -> None:
        self._contents = {topic.name: Contents(topic) for topic in TOPICS}
        self._tallies = {topic.name: Tally(topic.name) for topic in TOPICS}
        self._lock = threading.Lock()

    def receive(self, topic: Topic, payload: Payload | None, garble: str) -> None:
        """Check and count one message; `payload` is ``None`` for a garbled one."""
        now_ns = time.time_ns()
        flaw = garble if payload is None else self._contents[topic.name].flaw(payload)
        with self._lock:
            if payload is None or flaw:
                self._tallies[topic.name].spoil(flaw)
            else:
                self._tallies[topic.name].take(payload, now_ns=now_ns)

    def report(self, calls: tuple[CallReport, ...]) -> Report:
        """All counts as they stand."""
        with self._lock:
            topics = tuple(tally.report() for tally in self._tallies.values())
        return Report(at_ns=time.time_ns(), topics=topics, calls=calls)


def _report_until(stop: threading.Event, station: Station, caller: Caller) -> None:
    while not stop.wait(_REPORT_S):
        tell(station.report(caller.report()))


def main() -> int:
    """Run until told to stop; the exit code."""
    orders = Orders()
    flavour = NodeFlavour(sys.argv[1])
    station = Station()
    node = open_station(flavour)
    tell(Ready(flavour=flavour, details=node.details, types=node.types))
    caller = Caller(node.calls, orders.quiet, orders.stop)
    reporter = threading.Thread(target=_report_until, args=(orders.stop, station, caller), name="demo-report")
    reporter.start()
    caller.start()
    try:
        node.run(station.receive, orders.stop)
    finally:
        orders.stop.set()
        reporter.join(_JOIN_S)
        tell(station.report(caller.report()))
        caller.join()
        node.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
