"""Blocks of A B B A become one ratio, with how sure it is and what the machine does by itself beside it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from bench.overhead import LIMITS, Scrape, as_text, compared, interval
from bridge.demo.places import free_tcp_port

CPU, P99 = LIMITS


def made(a1: float, b1: float, b2: float, a2: float, blocks: int = 8) -> dict[str, list[dict[str, float]]]:
    turns = {"A1": a1, "B1": b1, "B2": b2, "A2": a2}
    return {name: [{CPU: value, P99: 1.0}] * blocks for name, value in turns.items()}


def test_medians_and_both_ratios() -> None:
    found = compared(made(100.0, 108.0, 110.0, 104.0))[CPU]
    assert (found["A"], found["B"]) == (102.0, 109.0)
    assert found["B/A"] == pytest.approx(218 / 204)
    assert found["A/A"] == pytest.approx(1.04)


def test_a_machine_that_gets_slower_all_the_time_changes_no_ratio() -> None:
    drifting: dict[str, list[dict[str, float]]] = {name: [] for name in ("A1", "B1", "B2", "A2")}
    for block in range(8):
        for place, name in enumerate(drifting):
            slowness = 100.0 + 10 * (4 * block + place)
            drifting[name].append({CPU: slowness, P99: slowness})
    found = compared(drifting)[CPU]
    assert (found["B/A low"], found["B/A high"]) == (pytest.approx(1.0), pytest.approx(1.0))
    assert found["A/A"] > 1.0


def test_the_interval_has_the_ranks_of_the_sign_test() -> None:
    # Source: tables of the sign test at 5 %, two-sided.
    assert interval(range(1, 7)) == (1, 6)
    assert interval(range(1, 10)) == (2, 8)
    assert interval(range(16, 0, -1)) == (4, 13)
    assert interval(range(1, 26)) == (8, 18)


def test_of_few_blocks_all_of_them_are_the_interval() -> None:
    assert interval([1.2]) == (1.2, 1.2)
    assert interval([1.2, 1.0, 1.1]) == (1.0, 1.2)


def word_of(blocks: dict[str, list[dict[str, float]]]) -> str:
    [line] = [line for line in as_text(compared(blocks), 8).splitlines() if f": {CPU}: " in line]
    return line.partition(":")[0]


def test_a_limit_is_met_or_missed_where_the_blocks_agree_and_else_nobody_can_tell() -> None:
    below, above = made(100.0, 105.0, 105.0, 100.0), made(100.0, 120.0, 120.0, 100.0)
    assert word_of(below) == "met"
    assert word_of(above) == "missed"
    assert word_of({name: below[name][:4] + above[name][:4] for name in below}) == "not decided"


def test_what_was_never_lost_has_no_ratio_to_divide_by_zero() -> None:
    found = compared({name: [{"messages lost": 0.0}] for name in ("A1", "B1", "B2", "A2")})["messages lost"]
    assert (found["A"], found["B"], found["B/A"], found["A/A"]) == (0.0, 0.0, 1.0, 1.0)


class Metrics(BaseHTTPRequestHandler):
    """As short as they can be."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"up 1\n")


def test_a_scrape_reads_every_agent() -> None:
    with HTTPServer(("127.0.0.1", 0), Metrics) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        scrape = Scrape([server.server_port, server.server_port], 0.0)
        scrape.start()
        scrape.finish()
        server.shutdown()
        serving.join()


def test_a_scrape_that_came_to_nothing_is_no_figure() -> None:
    scrape = Scrape([free_tcp_port()], 0.0)
    scrape.start()
    with pytest.raises(RuntimeError, match=r"never scraped: .*refused"):
        scrape.finish()
