"""Zenoh's log in ours: each line once, repeats counted, standard output left alone."""

from __future__ import annotations

import logging
import subprocess
import sys

from bridge.zenoh.log import ZenohLog

HEAD = "2026-11-21T14:49:33.317923Z  WARN acc-0 ThreadId(05) zenoh_link_tls::unicast: "

PROGRAM = """
import logging, os, sys
logging.basicConfig(stream=sys.stderr, level="INFO", format="%(levelname)s %(name)s %(message)s")
from bridge.zenoh.log import captured_log
with captured_log() as taken:
    import zenoh
    os.write(1, b"2026-11-21T14:49:33.3Z  WARN acc-0 ThreadId(05) zenoh_link_tls::unicast: ")
    os.write(1, b"tls handshake eof\\n")
    os.write(1, b"from somewhere else")
    options = '{mode: "router", listen: {endpoints: []}, scouting: {multicast: {enabled: false}}}'
    zenoh.open(zenoh.Config.from_json5(options)).close()
print("back again", dict(taken.refused()))
"""


def test_a_refusal_is_counted_each_time_and_told_once_a_minute(caplog):
    taken = ZenohLog()
    with caplog.at_level(logging.INFO):
        for second in range(5):
            taken.take(f"{HEAD}tls handshake eof", now_s=float(second))
        taken.take(f"{HEAD}peer sent no certificates", now_s=5.0)
        taken.take(f"{HEAD}tls handshake eof", now_s=61.0)
    assert taken.refused() == (("no_certificate", 1), ("unfinished", 6))
    assert [record.getMessage() for record in caplog.records] == [
        "zenoh_link_tls::unicast: tls handshake eof",
        "zenoh_link_tls::unicast: peer sent no certificates",
        "zenoh_link_tls::unicast: tls handshake eof (4 more like it since the last)",
    ]
    assert {record.levelname for record in caplog.records} == {"WARNING"}


def test_a_flood_of_different_lines_does_not_fill_the_memory(caplog):
    taken = ZenohLog()
    with caplog.at_level(logging.CRITICAL):
        for number in range(2000):
            taken.take(HEAD + "".join(chr(97 + int(digit)) for digit in str(number)), now_s=0.0)
    assert len(taken._last_s) <= 256


def test_what_zenoh_prints_goes_to_the_log_and_standard_output_stays_ours():
    env_free = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(env_free, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "back again {'unfinished': 1}\n"
    assert "WARNING bridge.zenoh.log zenoh_link_tls::unicast: tls handshake eof" in done.stderr
    assert "from somewhere else" in done.stderr
