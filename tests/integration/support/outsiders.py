"""A Zenoh client that is no agent, and says what it likes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import zenoh

from bridge.core.qos import History, HistoryKind, Qos, Reliability
from bridge.core.tokens import Token, TokenKind
from tests.integration.support.agents import Agent

STRING = "std_msgs/msg/String"
RELIABLE = Qos(reliability=Reliability.RELIABLE, history=History(kind=HistoryKind.KEEP_LAST, depth=100))


@contextmanager
def outsider(of: Agent) -> Iterator[zenoh.Session]:
    """A plain client of an agent."""
    config = zenoh.Config()
    options = {
        "mode": "client",
        "connect/endpoints": [of.endpoint],
        "scouting/multicast/enabled": False,
    }
    for key, value in options.items():
        config.insert_json5(key, json.dumps(value))
    with zenoh.open(config) as session:
        yield session


def publisher_token(session: zenoh.Session, key_expr: str, qos: Qos = RELIABLE) -> str:
    """The key that announces a publisher of strings."""
    zid = str(session.zid())
    return str(Token(zid=zid, kind=TokenKind.PUBLISHER, key_expr=key_expr, ros_type=STRING, qos=qos))
