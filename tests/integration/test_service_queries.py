"""Queries from anybody on Zenoh to a service of ours: what is no request reaches no node."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator

import pytest
import zenoh

from bridge.core.cdr import CdrWriter
from tests.integration.support import Agent, agent, domains, eventually, ros_node

SWITCH = "/switch"
KEY = "switch"
ON = b"\x00\x01\x00\x00\x01"
"""A request of std_srvs/SetBool: true."""
ATTACHMENT = b"rqh" + bytes(range(16)) + b"\x01"
BAD = {
    "nothing": None,
    "empty": b"",
    "a header alone": b"\x00\x01\x00\x00",
    "half a header": b"\x00\x01",
    "big endian": b"\x00\x00\x00\x00\x01",
    "no encapsulation": b"hello, is anybody there?",
}
WRONG_LENGTH = {"too short": b"\x00\x01\x00\x00\x01\x00\x00\x00", "too long": ON + bytes(3000)}


@contextlib.contextmanager
def stranger(of: Agent) -> Iterator[zenoh.Session]:
    """A client of plain Zenoh."""
    options = {
        "mode": "client",
        "connect": {"endpoints": [of.endpoint]},
        "scouting": {"multicast": {"enabled": False}, "gossip": {"enabled": False}},
        "transport": {"shared_memory": {"enabled": False}},
    }
    session = zenoh.open(zenoh.Config.from_json5(json.dumps(options)))
    try:
        yield session
    finally:
        session.close()


def asked(
    session: zenoh.Session, selector: str, payload: bytes | None, attachment: bytes | None = None
) -> list[zenoh.Reply]:
    return list(session.get(selector, payload=payload, attachment=attachment, timeout=5.0))


def label(session: zenoh.Session) -> bool:
    """Whether a native client is answered."""
    return any(reply.ok is not None for reply in asked(session, KEY, ON))


@pytest.mark.parametrize("form", ["services", "rmw_services"])
def test_hostile_queries_reach_no_node_and_stop_nothing(form: str) -> None:
    with (
        domains(1) as (domain,),
        agent(domain=domain) as side,
        ros_node(form, domain=domain, name="server", set_bool=[SWITCH], echo=["/echo"]) as server,
        stranger(side) as session,
    ):
        eventually(lambda: label(session))
        for name, payload in BAD.items():
            replies = asked(session, KEY, payload)
            assert [reply.ok for reply in replies] == [None], name
        for attachment in (b"", b"rqh", ATTACHMENT[:-1], ATTACHMENT + b"x", b"x" * 20, ATTACHMENT):
            replies = asked(session, KEY, ON, attachment)
            assert [reply.ok is not None for reply in replies] == [True], attachment
        assert all(reply.ok is None for reply in asked(session, "echo", ON)), "a request of another type"
        for selector in ("**", "*", "server/*"):
            assert all(reply.ok is None for reply in asked(session, selector, None)), selector
        flood(session, 10_000)
        eventually(lambda: label(session))
        assert server.call("executed", service="/echo")["calls"] == 0
        assert server.call("get_label", of="/server") == "none"


def flood(session: zenoh.Session, count: int) -> None:
    """That many at once, half of them good; each ends."""
    ended = threading.Semaphore(0)
    for number in range(count):
        session.get(
            KEY,
            zenoh.handlers.Callback(lambda reply: None, ended.release, indirect=False),
            payload=ON if number % 2 else None,
            timeout=30.0,
        )
    for _ in range(count):
        assert ended.acquire(timeout=60.0)


def test_a_native_client_calls_a_service_without_any_header() -> None:
    writer = CdrWriter()
    writer.u32(1)
    writer.string("label")
    with (
        domains(1) as (domain,),
        agent(domain=domain) as side,
        ros_node("services", domain=domain, name="server"),
        stranger(side) as session,
    ):
        eventually(
            lambda: any(r.ok is not None for r in asked(session, "server/get_parameters", writer.payload))
        )
        (reply,) = asked(session, "server/get_parameters", writer.payload)
        assert reply.ok is not None
        assert b"none\x00" in bytes(reply.ok.payload)
