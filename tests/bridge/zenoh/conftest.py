"""One session of ours and a stranger's, linked over loopback; the stranger speaks plain Zenoh."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import zenoh

from bridge.zenoh.session import ZenohSession
from tests.contracts.pairs import zenoh_session
from tests.fakes.relay import Relay
from tests.integration.support.waiting import eventually


@pytest.fixture
def ours() -> Iterator[ZenohSession]:
    """A router of ours on a free port of loopback."""
    session = zenoh_session(listen=("tcp/127.0.0.1:0",))
    yield session
    session.close()


@pytest.fixture
def stalling(ours: ZenohSession) -> Iterator[tuple[ZenohSession, Relay]]:
    """Another session of ours, and the relay between it and the first, which can stall their link."""
    port = int(ours.listening()[0].rpartition(":")[2])
    with Relay(port) as relay:
        session = zenoh_session(connect=(relay.endpoint,))
        eventually(session.links)
        yield session, relay
        relay.resume()
        session.close()


@pytest.fixture
def stranger(ours: ZenohSession) -> Iterator[zenoh.Session]:
    """A peer that is linked with us."""
    options = {
        "mode": "peer",
        "connect": {"endpoints": list(ours.listening())},
        "listen": {"endpoints": []},
        "scouting": {"delay": 0, "multicast": {"enabled": False}, "gossip": {"enabled": False}},
        "transport": {"shared_memory": {"enabled": False}},
        "timestamping": {"enabled": False},
    }
    session = zenoh.open(zenoh.Config.from_json5(json.dumps(options)))
    eventually(ours.links)
    yield session
    session.close()
