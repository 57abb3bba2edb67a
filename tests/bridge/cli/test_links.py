"""`zenlink links`: what is linked, how well, and what ought to be and is not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bridge.cli.links import certificate_state, link_rows
from bridge.cli.main import main
from bridge.core.jsonform import to_json
from bridge.core.linkinfo import CertificateInfo, ConnectionInfo, ConnectionsInfo, LinkInfo
from bridge.core.status import Finding, Severity
from tests.bridge.cli.conftest import agent_info
from tests.bridge.facts import probe

NOW_S = 1_800_000_000.0
DAY_S = 86_400.0
OURS = "tls/10.0.0.1:7447"
CONFIGURED = (
    ConnectionInfo(endpoint="tls/cloud:7447", up=True, reconnects=4, dst=OURS),
    ConnectionInfo(endpoint="tcp/127.0.0.1:9", up=False, reconnects=2),
)
INFO = agent_info(
    links=(
        LinkInfo(zid="c3d4", whatami="router", src="tls/10.0.0.2:5", dst=OURS),
        LinkInfo(zid="e5f6", whatami="peer", src="tcp/127.0.0.1:7447", dst="tcp/127.0.0.1:51000"),
    ),
    connections=ConnectionsInfo(configured=CONFIGURED),
    certificates=(
        CertificateInfo(use="certificate", file="/etc/r.pem", not_after_s=NOW_S + 30.5 * DAY_S),
        CertificateInfo(use="ca", file="/etc/ca.pem", not_after_s=NOW_S + 400 * DAY_S),
    ),
    probe=probe(),
)


def test_links_are_a_table_those_that_are_down_first(serve, capsys, monkeypatch):
    monkeypatch.setattr("time.time", lambda: NOW_S)
    assert main(["links", "--socket", str(serve(INFO))]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "STATE  TO                   NEIGHBOUR    RTT P50 ms  P99 ms  ONE-WAY LIMIT ms  RECONNECTS  CERTIFICATE",  # noqa: E501 - as it is printed
        "down   tcp/127.0.0.1:9                                                                  2",
        "met    tls/10.0.0.1:7447    router c3d4         8.0    20.0             100.0           4  30 days left",  # noqa: E501 - as it is printed
        "up     tcp/127.0.0.1:51000  peer e5f6",
    ]


def test_links_as_json(serve, capsys):
    assert main(["links", "--json", "--socket", str(serve(INFO))]) == 0
    down, up, other = json.loads(capsys.readouterr().out)
    assert (down["state"], down["protocol"], down["reconnects"], down["certificate"]) == (
        "down",
        "tcp",
        2,
        "",
    )
    assert (up["zid"], up["rtt_p99_ms"], up["limit_ms"], up["reconnects"]) == ("c3d4", 20.0, 100.0, 4)
    assert (other["rtt_p50_ms"], other["reconnects"]) == (None, None)


def test_no_links_is_said_in_words(serve, capsys):
    assert main(["links", "--socket", str(serve(agent_info(links=())))]) == 0
    assert capsys.readouterr().out.startswith("no links")


def test_what_is_wrong_with_our_certificate_stands_at_every_encrypted_link():
    findings = tuple(
        Finding(code=code, severity=Severity.ERROR, subject="x", text="", remedy="")
        for code in ("certificate_expired", "link_down", "key_open", "key_open")
    )
    rows = link_rows(to_json(replace(INFO, findings=findings)), now_s=NOW_S)
    assert [row.certificate for row in rows] == ["", "certificate_expired, key_open", ""]


def test_where_there_is_no_certificate_none_is_told():
    assert certificate_state(to_json(agent_info()), now_s=NOW_S) == "none"


@pytest.mark.parametrize(
    "answer", [None, {}, [], 5, {"links": [None, 5, {}], "connections": {"configured": [4]}}]
)
def test_an_answer_of_another_version_never_fails(answer):
    link_rows(answer, now_s=NOW_S)
