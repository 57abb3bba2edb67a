"""What the interop tests add to `tests.integration.support`: the peers as processes, a plain Zenoh session.

::

    with (
        domains(2) as (robot, station),
        agent(domain=station) as ours,
        rust_bridge(domain=robot, connect=[ours]) as theirs,
        ros_node("talker", domain=robot, topic="/chatter") as talker,
        plain_session(ours.endpoint) as session,
    ):
        ...
"""

from __future__ import annotations

from tests.interop.support.programs import RustBridge, Zenohd, rust_bridge, zenohd
from tests.interop.support.traffic import RATE_HZ, carried, carried_between, increasing, numbers
from tests.interop.support.watching import plain_session, token_watch

__all__ = [
    "RATE_HZ",
    "RustBridge",
    "Zenohd",
    "carried",
    "carried_between",
    "increasing",
    "numbers",
    "plain_session",
    "rust_bridge",
    "token_watch",
    "zenohd",
]
