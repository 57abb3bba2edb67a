"""What measuring costs: metrics that are scraped, passive latency and the probe, together, at a steady load.

``python -m bench --overhead``. Two pairs of agents take turns of some seconds, A B B A: one measures nothing,
the other all of it, /diagnostics too, and each of its agents is scraped once a block, twice as often as the
documentation proposes. A pair whose turn it is not is stopped (SIGSTOP), so it takes nothing from the other;
both live for the whole run, so no turn pays for a start.

A ratio is taken within a block, where a drift of the machine meets both arms alike, and many blocks tell how
sure their median is. The A that comes first and the one that comes last differ by nothing but the machine.
"""

from __future__ import annotations

import http.client
import json
import math
import statistics
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from bench.arms import Arm, Site
from bench.cells import first_message_ns, settled
from bench.processes import Node, Running
from bridge.demo.places import claimed_domains, free_tcp_port

RATE_HZ, SECONDS, SIZE_BYTES = 10_000.0, 3.5, 64
TURNS = ("A1", "B1", "B2", "A2")
LIMITS = {"CPU, s per million messages": 1.10, "one way p99, ms": 1.05}
"""Of B to A: 10 % of CPU and 5 % of p99."""
CONFIDENCE = 0.95
_SCRAPED_TURN = "B1"
"""Both agents, once: every 7 s of their load."""
_TIMEOUT_S = 20.0
_WARM_MESSAGES = 5_000
"""Of each turn: caches are cold after a stop."""
_AWAKE_S = 0.3
"""Between turns all are: links would be given up after 10 s."""

Figures = dict[str, float]


@dataclass(frozen=True)
class Pair:
    """Two agents and the nodes on either side of them."""

    near: Node
    far: Node
    agents: Running
    ports: Sequence[int]
    """Of their metrics; none: they measure nothing."""


def arm_of(site: Site, *, everything: bool) -> tuple[Arm, list[int]]:
    """Two agents on two domains, and the ports of their metrics."""
    name = "everything" if everything else "nothing"
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
        file = site.folder / f"{name}-{domain}.yaml"
        file.write_text(json.dumps(config))  # JSON is YAML
        module = "bridge" if everything else "bench.unmeasured"
        base = [sys.executable, "-m", module, "run", "-c", str(file), "--log-level", "warning"]
        ends = ["--domain", str(domain), option, endpoint]
        commands.append([*base, *ends, "--socket", f"{site.folder}/{domain}.sock"])
    return Arm(name, site.near, site.far, commands), ports


@contextmanager
def both_pairs(site: Site) -> Iterator[dict[str, Pair]]:
    """By the first letter of their turns, each on domains of its own.

    Raises:
        RuntimeError: nothing crosses.
    """
    with ExitStack() as stack:
        near, far = stack.enter_context(claimed_domains(2))
        found = {}
        for name, place in (("A", site), ("B", Site(site.folder, near, far))):
            arm, ports = arm_of(place, everything=name == "B")
            far_node, near_node = stack.enter_context(Node(arm.far)), stack.enter_context(Node(arm.near))
            agents = stack.enter_context(Running(arm, site.folder))
            first_message_ns(near_node, agents, site.folder)
            found[name] = Pair(near_node, far_node, agents, ports)
        for pair in found.values():
            load(pair, 4 * _WARM_MESSAGES)  # discovery is over, and code is warm
        yield found


def load(pair: Pair, count: int) -> None:
    """Messages at the steady rate, until all are there or no more come."""
    pair.far.ask(do="reset")
    pair.near.ask(do="load", size=SIZE_BYTES, count=count, rate_hz=RATE_HZ)
    settled(pair.far, count)


class Scrape:
    """Reads the metrics of agents once, some time after its start, as Prometheus does.

    Args:
        ports: of their metrics; none: nobody is asked.
        after_s: the start.
    """

    def __init__(self, ports: Sequence[int], after_s: float) -> None:
        self._ports = ports
        self._read = 0
        self._refusal = ""
        self._timer = threading.Timer(after_s, self._scrape)

    def start(self) -> None:
        """Begin to wait for its time."""
        self._timer.start()

    def finish(self) -> None:
        """Wait for it.

        Raises:
            RuntimeError: an agent was not scraped, so the turn says nothing of what that costs.
        """
        self._timer.join()
        if self._read < len(self._ports):
            raise RuntimeError(f"the metrics were never scraped: {self._refusal}")

    def _scrape(self) -> None:
        """Thread: its own."""
        try:
            for port in self._ports:
                url = f"http://127.0.0.1:{port}/metrics"
                with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
                    self._read += bool(answer.read())
        except (OSError, http.client.HTTPException) as error:
            self._refusal = str(error)


def turn(pair: Pair, *, scraped: bool) -> Figures:
    """One pair under load, the other one stopped.

    Raises:
        RuntimeError: it was to be scraped, and was not.
    """
    load(pair, _WARM_MESSAGES)
    pair.far.ask(do="reset")
    count = int(RATE_HZ * SECONDS)
    scraping = Scrape(pair.ports if scraped else (), SECONDS / 2)
    before = pair.agents.usage()
    scraping.start()
    pair.near.ask(do="load", size=SIZE_BYTES, count=count, rate_hz=RATE_HZ)
    scraping.finish()
    spent_s = (pair.agents.usage() - before).cpu_s
    settled(pair.far, count)
    found = pair.far.ask(do="latency")
    return {
        "CPU, s per million messages": spent_s / count * 1e6,
        "one way p50, ms": found["p50_ms"],
        "one way p99, ms": found["p99_ms"],
        "messages lost": count - found["count"],
    }


def measure_overhead(site: Site, rounds: int) -> dict[str, list[Figures]]:
    """Every turn's figures, by turn."""
    made: dict[str, list[Figures]] = {name: [] for name in TURNS}
    with both_pairs(site) as pairs:
        for number in range(rounds):
            print(f"block {number + 1} of {rounds}", file=sys.stderr)
            for name in TURNS:
                idle = pairs["A" if name.startswith("B") else "B"].agents
                time.sleep(_AWAKE_S)
                idle.pause()
                try:
                    made[name].append(turn(pairs[name[0]], scraped=name == _SCRAPED_TURN))
                finally:
                    idle.resume()
    return made


def compared(made: Mapping[str, Sequence[Figures]]) -> dict[str, Figures]:
    """For each figure the medians of A and B, and of the blocks' ratios, with how sure those are."""
    found = {}
    for figure in made["A1"][0]:
        a1, b1, b2, a2 = ([one[figure] for one in made[name]] for name in TURNS)
        of_b = [_ratio(b + bb, a + aa) for a, b, bb, aa in zip(a1, b1, b2, a2, strict=True)]
        of_a = [_ratio(last, first) for last, first in zip(a2, a1, strict=True)]
        found[figure] = {
            "A": statistics.median([*a1, *a2]),
            "B": statistics.median([*b1, *b2]),
            **_spread("B/A", of_b),
            **_spread("A/A", of_a),
        }
    return found


def _ratio(one: float, other: float) -> float:
    return one / other if other else float(one == other) or math.inf


def _spread(name: str, ratios: Sequence[float]) -> Figures:
    low, high = interval(ratios)
    return {name: statistics.median(ratios), f"{name} low": low, f"{name} high": high}


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Where the true median lies, with :data:`CONFIDENCE`: by ranks, however the values are distributed.

    Of fewer than six values: all of them, which says less.
    """
    ranked, count = sorted(values), len(values)
    outside, skipped = 0.0, 0
    while skipped < count // 2:
        outside += math.comb(count, skipped) / 2**count
        if 2 * outside > 1 - CONFIDENCE:
            break
        skipped += 1
    skipped = max(0, skipped - 1)
    return ranked[skipped], ranked[count - 1 - skipped]


def verdict(figure: str, values: Figures) -> str:
    """A limit is met or missed where the whole interval is on one side of it."""
    limit, low, high = LIMITS[figure], values["B/A low"], values["B/A high"]
    word = "met" if high <= limit else "missed" if low > limit else "not decided"
    return (
        f"{word}: {figure}: B is {values['B/A']:.3f} of A ({low:.3f} to {high:.3f}), the limit {limit:.2f}; "
        f"A/A {values['A/A']:.3f} ({values['A/A low']:.3f} to {values['A/A high']:.3f})"
    )


def as_text(found: Mapping[str, Figures], rounds: int) -> str:
    """The table, and each limit met or missed."""
    lines = [
        f"{rounds} blocks of A B B A: {RATE_HZ:g} messages of {SIZE_BYTES} B a second, {SECONDS:g} s a turn",
        f"both agents of B scraped every {2 * SECONDS:g} s; median ratio of blocks ({CONFIDENCE:.0%} sure)",
        f"{'':<30}{'A: nothing':>12}{'B: all':>12}{'B/A':>24}{'A/A':>24}",
    ]
    for figure, values in found.items():
        ratios = (
            f"{values[name]:.3f} ({values[f'{name} low']:.3f}-{values[f'{name} high']:.3f})"
            for name in ("B/A", "A/A")
        )
        shown = "".join(f"{one:>24}" for one in ratios)
        lines.append(f"{figure:<30}{values['A']:>12.2f}{values['B']:>12.2f}{shown}")
    return "\n".join([*lines, *(verdict(figure, found[figure]) for figure in LIMITS)])
