"""Minutes of load on our pair, with subscribers that come and go: what grows?

``python -m bench --soak``. 30 MB/s of 64 KiB messages, 10 short-lived subscribers a second; both agents are
looked at every few seconds, and a straight line through what was seen after the first fifth says how fast
it grows.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.arms import Site, zenlink_pair
from bench.cells import first_message_ns, settled
from bench.processes import Node, Running

MINUTES = 10.0
SIZE_BYTES, RATE_HZ = 64 << 10, 480.0
VISITS_PER_S, VISITED_TOPICS, AT_A_TIME = 10, 20, 10
LIMIT_MIB_MIN = 1.0
"""Of RSS."""
_LOOK_S = 5.0
_SETTLED_SHARE = 0.2
"""Of the time, in which heaps and caches may fill."""
_BATCH_S = 10.0
_GROWTH = 0.05
"""Of what is counted: so much of its median in the whole time is no growth."""

Series = dict[str, list[float]]


@dataclass(slots=True)
class Soak:
    """What was seen."""

    at_min: list[float] = field(default_factory=list)
    seen: Series = field(default_factory=dict)
    sent: int = 0
    arrived: int = 0

    def add(self, at_min: float, seen: Mapping[str, float]) -> None:
        """One look."""
        self.at_min.append(at_min)
        for name, value in seen.items():
            self.seen.setdefault(name, []).append(value)

    def slopes(self) -> dict[str, float]:
        """Growth a minute of each, after the first fifth."""
        first = int(len(self.at_min) * _SETTLED_SHARE)
        return {name: slope(self.at_min[first:], values[first:]) for name, values in self.seen.items()}


def slope(at: Sequence[float], values: Sequence[float]) -> float:
    """Of the straight line with the least squares; 0 of fewer than two points."""
    if len(at) < 2:
        return 0.0
    middle, mean = sum(at) / len(at), sum(values) / len(values)
    return sum((x - middle) * (y - mean) for x, y in zip(at, values, strict=True)) / sum(
        (x - middle) ** 2 for x in at
    )


def soak(site: Site, minutes: float) -> Soak:
    """Load one pair and watch it.

    Raises:
        RuntimeError: nothing crosses.
    """
    arm, made = zenlink_pair(site, site.endpoint()), Soak()
    with Node(arm.far) as far, Node(arm.near) as near, Running(arm, site.folder) as between:
        first_message_ns(near, between, site.folder)
        near.ask(do="open", prefix="visited", count=VISITED_TOPICS)
        far.ask(do="visits", prefix="visited", count=VISITED_TOPICS, per_s=VISITS_PER_S, at_a_time=AT_A_TIME)
        began_s, over = time.monotonic(), threading.Event()
        watcher = threading.Thread(
            target=_watch, args=(made, site, between, began_s, over), name="bench-soak"
        )
        watcher.start()
        try:
            while time.monotonic() - began_s < minutes * 60:
                far.ask(do="reset")
                count = int(RATE_HZ * _BATCH_S)
                near.ask(do="load", size=SIZE_BYTES, count=count, rate_hz=RATE_HZ)
                made.sent += count
                made.arrived += settled(far, count)["count"]
        finally:
            over.set()
            watcher.join()
    return made


def _watch(made: Soak, site: Site, between: Running, began_s: float, over: threading.Event) -> None:
    while not over.wait(_LOOK_S):
        size = between.size()
        seen = {
            "RSS, MiB": size.rss_bytes / (1 << 20),
            "threads": float(size.threads),
            "descriptors": float(size.descriptors),
        }
        for domain, side in ((site.near_domain, "near"), (site.far_domain, "far")):
            seen[f"routes, {side}"] = float(_routes(f"{site.folder}/{domain}.sock"))
        made.add((time.monotonic() - began_s) / 60, seen)
        print(f"{made.at_min[-1]:.1f} min: {seen}", file=sys.stderr)


def _routes(socket: str) -> int:
    """Open routes of an agent: each has its DDS endpoints and its Zenoh end."""
    command = [sys.executable, "-m", "bridge", "routes", "--json", "--socket", socket]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    return len(json.loads(told.stdout))


def as_text(made: Soak) -> str:
    """What grows, and whether it may."""
    headline = (
        f"{made.at_min[-1]:.1f} minutes at {SIZE_BYTES * RATE_HZ / 1e6:.0f} MB/s beside {VISITS_PER_S} "
        f"short-lived subscribers a second; {made.arrived} of {made.sent} messages arrived"
    )
    lines = [headline]
    for name, growth in made.slopes().items():
        values = sorted(made.seen[name])
        limit = (
            LIMIT_MIB_MIN if name.startswith("RSS") else _GROWTH * values[len(values) // 2] / made.at_min[-1]
        )
        lines.append(
            f"{'met' if growth <= limit else 'missed'}: {name}: {growth:+.3f} a minute, at most {limit:.3f}; "
            f"{values[0]:.0f} to {values[-1]:.0f}"
        )
    return "\n".join(lines)
