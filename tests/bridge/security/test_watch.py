"""What is wrong with links and certificates is a finding while it lasts, and told once."""

from __future__ import annotations

import logging
import re
import socket
import subprocess
import sys
import time

import pytest

from bridge.core.endpoint import parse_endpoint
from bridge.core.linkinfo import ConnectionInfo, ConnectionsInfo, LinkInfo
from bridge.security.tlsfiles import CertificateFiles
from bridge.security.watch import LinkWatch, linked
from tests.integration.support import eventually
from tests.integration.support.certificates import Certificates

NO_FILES = CertificateFiles()

WITHOUT_FILES = """
import sys
import bridge.agent
from bridge.config_io import check_files, load
from bridge.security.tlsfiles import CertificateFiles
from bridge.security.watch import LinkWatch
assert check_files(load(None, env={})) == ()
watch = LinkWatch(files=CertificateFiles(), connect=[], tls={})
watch.start()
watch.close()
assert "cryptography" not in sys.modules
"""


def link(dst: str) -> LinkInfo:
    return LinkInfo(zid="a1", whatami="router", src="tcp/127.0.0.1:7447", dst=dst)


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_an_agent_without_certificates_loads_nothing_that_reads_them():
    subprocess.run([sys.executable, "-c", WITHOUT_FILES], check=True, timeout=60)


def test_a_link_that_is_down_is_a_finding_until_it_is_up(closed_port, caplog):
    endpoint = f"tcp/127.0.0.1:{closed_port}"
    links: list[LinkInfo] = []
    watch = LinkWatch(files=NO_FILES, connect=[f"{endpoint}#password=s3cret"], tls={})
    watch.watch(lambda: tuple(links))
    with caplog.at_level(logging.INFO):
        watch.start()
        [finding] = eventually(watch.findings)
        assert (finding.code, finding.subject) == ("link_down", endpoint)
        assert finding.text.startswith("port closed: nobody listens at 127.0.0.1")
        links.append(link(endpoint))
        eventually(lambda: not watch.findings())
        watch.close()
        watch.close()
    lines = [record.getMessage() for record in caplog.records]
    assert [re.split(r" \[|: r", line)[0] for line in lines] == [
        "error link_down",
        "link up",
        "over: link_down",
    ]
    assert "s3cret" not in "".join(lines)


def test_an_answering_port_is_told_only_when_it_stays_without_a_link():
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"tcp/127.0.0.1:{server.getsockname()[1]}"
        watch = LinkWatch(files=NO_FILES, connect=[endpoint], tls={})
        watch.start()
        [finding] = eventually(watch.findings)
        watch.close()
    assert finding.text.startswith("no Zenoh link: the port answers")


def test_a_lost_link_is_told_at_once_and_its_return_counted():
    """Before anybody has looked: a look takes its time."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"tcp/127.0.0.1:{server.getsockname()[1]}"
        links = [link(endpoint)]
        watch = LinkWatch(files=NO_FILES, connect=[f"{endpoint}#password=s3cret"], tls={})
        watch.watch(lambda: tuple(links))
        watch.start()
        watch.changed(up=True)
        eventually(lambda: watch.connections().configured[0].up)
        gone = links.pop()
        watch.changed(up=False)
        [finding] = eventually(watch.findings, timeout_s=0.5)
        assert (finding.code, finding.subject) == ("link_down", endpoint)
        assert finding.text.startswith("link lost")
        links.append(gone)
        watch.changed(up=True)
        eventually(lambda: not watch.findings())
        watch.close()
    counted = ConnectionInfo(endpoint=endpoint, up=True, reconnects=1, dst=endpoint)
    assert watch.connections() == ConnectionsInfo(configured=(counted,), opened=2, ended=1)


def test_a_certificate_that_is_replaced_is_looked_at_again(tmp_path):
    made = Certificates(tmp_path)
    certificate, key = made.issue("robot1", days=-1)
    files = CertificateFiles(ca=made.ca, certificate=certificate, private_key=key)
    watch = LinkWatch(files=files, connect=[], tls={}, certificates_every_s=0.1)
    watch.start()
    assert [finding.code for finding in watch.findings()] == ["certificate_expired"], "at once"
    told = {one.use: one for one in watch.certificates()}
    assert {use: one.file for use, one in told.items()} == {
        "certificate": str(certificate),
        "ca": str(made.ca),
    }
    assert told["certificate"].not_after_s < time.time() < told["ca"].not_after_s
    made.issue("robot1")
    eventually(lambda: not watch.findings())
    assert watch.certificates()[0].not_after_s > time.time()
    watch.close()


def test_a_watch_that_was_never_started_is_closed():
    LinkWatch(files=NO_FILES, connect=[], tls={}).close()


@pytest.mark.parametrize(
    ("endpoint", "dst", "up"),
    [
        ("tcp/127.0.0.1:1", "tcp/127.0.0.1:1", True),
        ("tcp/127.0.0.1:1", "tcp/127.0.0.1:2", False),
        ("tls/127.0.0.1:1", "tcp/127.0.0.1:1", False),
        ("tls/localhost:1#x=1", "tls/127.0.0.1:1", True),
        ("tcp/127.0.0.1:1", "serial//dev/x", False),
        ("unixsock-stream//run/s", "unixsock-stream//run/s", True),
    ],
)
def test_links_are_known_by_their_address(endpoint, dst, up):
    assert linked(parse_endpoint(endpoint), [link(dst)]) == (dst if up else "")
