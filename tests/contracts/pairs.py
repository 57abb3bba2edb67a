"""Two sides of a port that meet: fakes in memory, or the real adapters over loopback."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from bridge.core.events import Event
from bridge.dds.participant import CycloneSide
from bridge.dds.xmlconfig import DdsNetwork
from bridge.ports import DdsSide, RawWriter, ZenohSide
from bridge.zenoh.options import ZenohNetwork
from bridge.zenoh.session import ZenohSession
from tests.fakes.dds import FakeDomain, FakeWriter
from tests.fakes.zenoh import FakeNetwork
from tests.integration.support.domains import domains

_SAME_DOMAIN = (
    '<CycloneDDS><Domain Id="any"><Discovery>'
    "<ExternalDomainId>{}</ExternalDomainId>"
    "</Discovery></Domain></CycloneDDS>"
)
"""One process cannot create a domain twice, but two that are one on the network."""


@dataclass(slots=True)
class Heard:
    """What one side was told."""

    events: list[Event] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[Event]) -> list[Event]:
        """The events of one kind."""
        return [event for event in list(self.events) if isinstance(event, kind)]


@dataclass(slots=True)
class DdsPair:
    """Two participants of one domain."""

    left: DdsSide
    right: DdsSide
    heard_left: Heard = field(default_factory=Heard)
    heard_right: Heard = field(default_factory=Heard)

    def start(self) -> DdsPair:
        """Start both; each hears of the other."""
        self.left.start(self.heard_left)
        self.right.start(self.heard_right)
        return self

    @staticmethod
    def limit(writer: RawWriter) -> None:
        """A fake takes anything until it is told otherwise."""
        if isinstance(writer, FakeWriter):
            writer.room = 10

    @staticmethod
    def relieve(writer: RawWriter) -> None:
        """And has room again when it is told."""
        if isinstance(writer, FakeWriter):
            writer.room = None


@dataclass(slots=True)
class ZenohPair:
    """Two sessions with a link."""

    left: ZenohSide
    right: ZenohSide
    heard_left: Heard = field(default_factory=Heard)
    heard_right: Heard = field(default_factory=Heard)

    def start(self) -> ZenohPair:
        """Start both; each hears of the other's tokens."""
        self.left.start(self.heard_left)
        self.right.start(self.heard_right)
        return self


@contextlib.contextmanager
def fake_dds_pair() -> Iterator[DdsPair]:
    """In memory."""
    domain = FakeDomain()
    left = domain.side(user_data=b"enclave=/;zenlink=a1;")
    right = domain.side(user_data=b"enclave=/;zenlink=b2;")
    try:
        yield DdsPair(left, right)
    finally:
        left.close()
        right.close()


@contextlib.contextmanager
def real_dds_pair() -> Iterator[DdsPair]:
    """Two Cyclone participants that talk over the loopback interface."""
    with domains(2) as (domain_id, alias), contextlib.ExitStack() as closing:
        left = cyclone_side(domain_id, zid="a1")
        closing.callback(left.close)
        right = cyclone_side(alias, zid="b2", same_as=domain_id)
        closing.callback(right.close)
        yield DdsPair(left, right)


def cyclone_side(
    domain_id: int, *, zid: str = "a1", same_as: int | None = None, namespace: str = "/"
) -> CycloneSide:
    """The real adapter, on loopback alone."""
    return CycloneSide(domain_id=domain_id, network=loopback(same_as), zid=zid, namespace=namespace)


def loopback(same_as: int | None = None) -> DdsNetwork:
    """Nothing leaves this host; under another domain's number, since a process joins each but once."""
    xml = "" if same_as is None else _SAME_DOMAIN.format(same_as)
    return DdsNetwork(discovery_range="localhost", user_xml=xml)


@contextlib.contextmanager
def fake_zenoh_pair() -> Iterator[ZenohPair]:
    """In memory."""
    network = FakeNetwork()
    left, right = network.session("a1"), network.session("b2")
    try:
        yield ZenohPair(left, right)
    finally:
        left.close()
        right.close()


@contextlib.contextmanager
def real_zenoh_pair() -> Iterator[ZenohPair]:
    """Two sessions with one TCP link on loopback."""
    with contextlib.ExitStack() as closing:
        left = zenoh_session(listen=("tcp/127.0.0.1:0",))
        closing.callback(left.close)
        right = zenoh_session(connect=left.listening())
        closing.callback(right.close)
        yield ZenohPair(left, right)


def zenoh_session(*, listen: tuple[str, ...] = (), connect: tuple[str, ...] = ()) -> ZenohSession:
    """The real adapter; shared memory is off, or large payloads would pass by the link."""
    network = ZenohNetwork(listen=listen, connect=connect, shared_memory=False)
    return ZenohSession.open(network, stop=threading.Event())
