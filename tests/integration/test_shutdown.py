"""SIGTERM at full load: what was taken is delivered or counted, and nothing stays behind."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.integration.support.agents import Agent, agent
from tests.integration.support.domains import domains
from tests.integration.support.ros import ros_node
from tests.integration.support.waiting import eventually

_CLOSED = re.compile(r"closed (egress|ingress) (/\S+): passed on (\d+) messages, dropped (.*)")


def _totals(log: Path) -> dict[tuple[str, str], tuple[int, str]]:
    """(direction, name) → (messages passed on, what was dropped), from the lines an agent ends with."""
    return {
        (way, name): (int(count), dropped)
        for way, name, count, dropped in _CLOSED.findall(log.read_text(errors="replace"))
    }


def _stopped(one: Agent) -> float:
    """Seconds that SIGTERM took; the support checks for exit code 0."""
    began_s = time.monotonic()
    one.stop()
    return time.monotonic() - began_s


@pytest.mark.alone  # a full load
def test_a_stop_at_full_load_delivers_or_counts_everything_taken_within_five_seconds() -> None:
    names = ["load1", "load2", "load3"]
    with (
        domains(2) as (one, two),
        agent(domain=one) as left,
        agent(domain=two, connect=[left]) as right,
        ros_node("many", domain=one) as source,
        ros_node("many", domain=two) as sink,
    ):
        sink.call("subscribe", names=names)
        source.call("publish", group="load", names=names, rate_hz=1000.0)
        eventually(lambda: all(count[0] > 500 for count in sink.call("counts", names=names)))
        took_s = _stopped(left)
        sent = _totals(left.process.log)
        # What it passed on is on the wire: the other side gets it all, without help.
        eventually(
            lambda: all(
                (route := right.route(f"/{name}", "ingress"))
                and route["counters"]["messages"] == sent["egress", f"/{name}"][0]
                for name in names
            )
        )
        received = [count[0] + count[2] for count in sink.call("counts", names=names)]
        lost = [count[1] for count in sink.call("counts", names=names)]
        right_took_s = _stopped(right)
        logs = [one.process.log.read_text(errors="replace") for one in (left, right)]
    passed = [sent["egress", f"/{name}"] for name in names]
    print(f"stopped in {took_s:.2f} s and {right_took_s:.2f} s; passed on {passed}, received {received}")
    assert [dropped for _, dropped in passed] == ["nothing"] * 3
    assert received == [count for count, _ in passed]
    assert lost == [0, 0, 0]
    assert max(took_s, right_took_s) < 5.0
    assert all("every thread has ended" in log for log in logs)


def test_a_stopped_agent_leaves_the_dds_domain_at_once() -> None:
    with domains(1) as (domain,), agent(domain=domain) as watcher, ros_node("many", domain=domain) as source:
        source.call("publish", group="t", names=["t"], rate_hz=10.0)
        with agent(domain=domain) as leaver:
            prefix = leaver.status()["participant"][:24]
            # No Zenoh link between the two: only DDS tells the watcher that the other is there.
            eventually(lambda: prefix in str(watcher.status()["findings"]))
            took_s = _stopped(leaver)
            # By lease it would take 10 s.
            eventually(lambda: prefix not in str(watcher.status()["findings"]), timeout_s=5)
    print(f"stopped in {took_s:.2f} s")
