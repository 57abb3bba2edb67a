"""What measuring costs: metrics that are scraped, passive latency and the probe, together, at a steady load.

``python -m bench --overhead``. Two pairs of agents take turns, A B B A: one measures nothing, the other all
of it, /diagnostics too, and is scraped twice as often as the documentation proposes. The A that comes
first and the one that comes last differ by nothing but the machine; how much is told beside the figures.
"""

from __future__ import annotations

import json
import statistics
import sys
import threading
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import Self

from bench.arms import Arm, Site
from bench.cells import settled
from bench.processes import Node, Running
from bridge.demo.places import free_tcp_port

RATE_HZ, SECONDS, SIZE_BYTES = 10_000.0, 20, 64
TURNS = ("A1", "B1", "B2", "A2")
LIMITS = {"CPU, s per million messages": 1.10, "one way p99, ms": 1.05}
"""Of B to A: 10 % of CPU and 5 % of p99."""
_SCRAPE_S = 7.5
_TIMEOUT_S = 20.0
_WARM_MESSAGES = 20_000

Figures = dict[str, float]


class Scraper:
    """Reads ``/metrics`` again and again, as Prometheus does. Use as a context manager."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._urls = [f"http://127.0.0.1:{port}/metrics" for port in ports]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bench-scrape", daemon=True)
        self.scrapes = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_SCRAPE_S):
            for url in self._urls:
                with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - loopback, see above
                    answer.read()
                self.scrapes += 1


def measured_pair(site: Site, *, everything: bool) -> tuple[Arm, list[int]]:
    """Two agents on two domains, and the ports of their metrics."""
    endpoint, ports = site.endpoint(), [free_tcp_port(), free_tcp_port()] if everything else []
    commands = []
    for index, (domain, option) in enumerate(
        ((site.near_domain, "--listen"), (site.far_domain, "--connect"))
    ):
        config: dict[str, Any] = {
            "ros": {"discovery_range": "localhost", "diagnostics": everything},
            "zenoh": {"shared_memory": False},
            "http": {"listen": f"127.0.0.1:{ports[index]}" if ports else None},
            "probe": {"serve": everything, "watch": everything},
            "tune": {"action": "off"},
        }
        file = site.folder / f"overhead-{domain}-{everything}.yaml"
        file.write_text(json.dumps(config))  # JSON is YAML
        module = "bridge" if everything else "bench.unmeasured"
        base = [sys.executable, "-m", module, "run", "-c", str(file), "--log-level", "warning"]
        ends = ["--domain", str(domain), option, endpoint]
        commands.append([*base, *ends, "--socket", f"{site.folder}/{domain}.sock"])
    return Arm("overhead", site.near, site.far, commands), ports


def turn(site: Site, *, everything: bool) -> Figures:
    """One pair under load.

    Raises:
        RuntimeError: nothing crosses, or a message was lost.
    """
    arm, ports = measured_pair(site, everything=everything)
    with Node(arm.far) as far, Node(arm.near) as near, Running(arm, site.folder) as between:
        if not near.ask(do="first", timeout_s=_TIMEOUT_S)["answered"]:
            raise RuntimeError(f"nothing crosses; the logs are in {site.folder}")
        near.ask(do="load", size=SIZE_BYTES, count=_WARM_MESSAGES, rate_hz=RATE_HZ)
        settled(far, _WARM_MESSAGES)  # a late one would hide the first of what is measured
        far.ask(do="reset")
        count = int(RATE_HZ * SECONDS)
        with Scraper(ports) as scraper:
            before = between.usage()
            near.ask(do="load", size=SIZE_BYTES, count=count, rate_hz=RATE_HZ)
            spent_s = (between.usage() - before).cpu_s
        settled(far, count)
        found = far.ask(do="latency")
    if ports and not scraper.scrapes:
        raise RuntimeError("the metrics were never scraped")
    return {
        "CPU, s per million messages": spent_s / count * 1e6,
        "one way p50, ms": found["p50_ms"],
        "one way p99, ms": found["p99_ms"],
        "messages lost": count - found["count"],
    }


def measure_overhead(site: Site, rounds: int) -> dict[str, list[Figures]]:
    """Every turn's figures, by turn."""
    made: dict[str, list[Figures]] = {name: [] for name in TURNS}
    for number in range(rounds):
        for name in TURNS:
            print(f"round {number + 1}: {name}", file=sys.stderr)
            made[name].append(turn(site, everything=name.startswith("B")))
    return made


def compared(made: Mapping[str, Sequence[Figures]]) -> dict[str, Figures]:
    """For each figure the medians of A and B, their ratio, and that of the two A."""
    found = {}
    for figure in made["A1"][0]:
        a1, b1, b2, a2 = ([one[figure] for one in made[name]] for name in TURNS)
        a, b = statistics.median([*a1, *a2]), statistics.median([*b1, *b2])
        first, last = statistics.median(a1), statistics.median(a2)
        found[figure] = {
            "A": a,
            "B": b,
            "B/A": b / a if a else float(b == a),
            "A/A": max(first, last) / min(first, last) if min(first, last) else float(first == last),
        }
    return found


def as_text(found: Mapping[str, Figures], rounds: int) -> str:
    """The table, and each limit met or missed."""
    lines = [
        f"{rounds} rounds of A B B A: {RATE_HZ:g} messages of {SIZE_BYTES} B a second for {SECONDS} s",
        f"the metrics of both agents scraped every {_SCRAPE_S:g} s",
        f"{'':<30}{'A: nothing':>12}{'B: all':>12}{'B/A':>8}{'A/A':>8}",
    ]
    for figure, values in found.items():
        shown = "".join(
            f"{values[column]:>{width}.{places}f}"
            for column, width, places in (("A", 12, 2), ("B", 12, 2), ("B/A", 8, 3), ("A/A", 8, 3))
        )
        lines.append(f"{figure:<30}{shown}")
    for figure, limit in LIMITS.items():
        ratio, spread = found[figure]["B/A"], found[figure]["A/A"]
        # Where two equal arms differ by more than the limit allows, a ratio beyond it says nothing.
        word = "met" if ratio <= limit else "missed" if ratio > spread else "not decided"
        lines.append(f"{word}: {figure}: B is {ratio:.3f} of A, the limit {limit:.2f}; A/A {spread:.3f}")
    return "\n".join(lines)
