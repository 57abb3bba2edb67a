"""The Zenoh id that an agent gives itself, since its DDS participant names it before there is a session."""

from __future__ import annotations

import threading

from bridge.agent_domain import random_zid
from bridge.core.tokens import check_zid
from bridge.zenoh.options import ZenohNetwork
from bridge.zenoh.session import ZenohSession


def test_ids_are_different_and_such_as_tokens_take() -> None:
    made = {random_zid() for _ in range(1000)}
    assert len(made) == 1000
    for zid in made:
        check_zid(zid)
        assert len(zid) == 32


def test_a_session_has_the_id_that_was_made_for_it() -> None:
    zid = random_zid()
    session = ZenohSession.open(ZenohNetwork(zid=zid, shared_memory=False), stop=threading.Event())
    try:
        assert session.zid == zid
    finally:
        session.close()
