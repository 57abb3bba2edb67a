"""Links that are made anew with other certificates: two real sessions over mutual TLS."""

from __future__ import annotations

import shutil
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.agent_probe import LinkProbe
from bridge.agent_renewal import Renewal
from bridge.config_probe import ProbeConfig
from bridge.core.events import TokenAnnounced
from bridge.core.tokens import Token, TokenKind
from bridge.errors import CannotRun
from bridge.security.tlsfiles import CertificateFiles
from bridge.security.watch import LinkWatch
from bridge.zenoh.options import ZenohNetwork
from bridge.zenoh.session import ZenohSession
from tests.contracts.pairs import Heard
from tests.integration.support import eventually
from tests.integration.support.certificates import Certificates

pytestmark = pytest.mark.alone  # as tests/bridge/zenoh/test_renewal.py


class Side:
    """One end: its session, and what an agent has around it."""

    def __init__(self, network: ZenohNetwork) -> None:
        self.heard = Heard()
        self.session = ZenohSession.open(network, stop=threading.Event())
        self.session.start(self.heard)
        token = Token(zid=self.session.zid, kind=TokenKind.BRIDGE)
        self.announced = TokenAnnounced(token=token)
        self._announced = self.session.announce(str(token))
        self.probe = LinkProbe(ProbeConfig(), self.session)
        self.renewed = Renewal(
            self.session,
            network,
            probe=self.probe,
            watch=LinkWatch(files=CertificateFiles(), connect=network.connect, tls={}),
            on_engine=lambda do: do(),
            stop=threading.Event(),
        )

    def close(self) -> None:
        self.probe.close()
        self.session.close()


class Link:
    """A robot that connects to a station."""

    def __init__(self, folder: Path) -> None:
        self.made = Certificates(folder)
        self.trusted_by_robot = Path(shutil.copy(self.made.ca, folder / "robot-ca.pem"))
        self.station = Side(self._network("station", self.made.ca, listen=("tls/127.0.0.1:0",)))
        (self.endpoint,) = self.station.session.listening()
        self.robot = Side(self._network("robot", self.trusted_by_robot, connect=(self.endpoint,)))
        eventually(self.up)

    def _network(self, name: str, ca: Path, **ends: tuple[str, ...]) -> ZenohNetwork:
        certificate, key = self.made.issue(name)
        return ZenohNetwork(
            ca=str(ca), certificate=str(certificate), private_key=str(key), mutual=True, **ends
        )

    def up(self) -> bool:
        """Whether each knows the other, over the link."""
        one, other = self.robot.session, self.station.session
        tokens = {str(side.announced.token) for side in (self.robot, self.station)}
        return (
            [link.zid for link in one.links()] == [other.zid]
            and [link.zid for link in other.links()] == [one.zid]
            and one.bridges() == other.bridges() == tokens
        )

    def shown(self) -> str:
        """The certificate that the station shows."""
        return ssl.get_server_certificate(("127.0.0.1", int(self.endpoint.rpartition(":")[2])))


@pytest.fixture
def link(tmp_path: Path) -> Iterator[Link]:
    link = Link(tmp_path)
    yield link
    link.robot.close()
    link.station.close()


def test_who_connects_is_never_gone_for_the_other_side(link: Link) -> None:
    before, zid = link.robot.session.raw, link.robot.session.zid
    link.made.issue("robot")
    link.robot.renewed()
    eventually(link.up)
    assert link.robot.session.raw is not before
    assert link.robot.session.zid == zid
    assert link.station.heard.events == [link.robot.announced]


def test_who_listens_shows_the_new_certificate_on_the_same_port(link: Link) -> None:
    before = link.shown()
    link.made.issue("station")
    link.station.renewed()
    eventually(link.up)
    assert link.shown() != before
    assert link.station.session.listening() == (link.endpoint,)


def test_a_certificate_that_the_other_side_refuses_leaves_all_as_it_is(link: Link, tmp_path: Path) -> None:
    (tmp_path / "stranger").mkdir()
    stranger = Certificates(tmp_path / "stranger")
    stranger.issue("robot")
    for name, own in (("ca.pem", "robot-ca.pem"), ("robot.pem", "robot.pem"), ("robot.key", "robot.key")):
        shutil.copy(stranger.folder / name, tmp_path / own)
    before = link.robot.session.raw
    with pytest.raises(CannotRun, match="no link with the new certificates"):
        link.robot.renewed()
    assert link.robot.session.raw is before
    assert link.up()


def test_while_no_link_is_up_new_certificates_are_taken_at_once(link: Link) -> None:
    link.station.close()
    eventually(lambda: not link.robot.session.links())
    before = link.robot.session.raw
    link.made.issue("robot")
    link.robot.renewed()
    assert link.robot.session.raw is not before
