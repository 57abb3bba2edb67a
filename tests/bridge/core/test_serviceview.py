"""Who is a server or a client: only a participant with every part; agents are neither."""

from __future__ import annotations

import pytest

from bridge.core.gid import VENDOR_CYCLONE, VENDOR_FASTDDS
from bridge.core.requests import ServiceForm
from bridge.core.serviceview import ServiceView, form_of
from bridge.core.tokens import TokenKind
from tests.builders import (
    ACTION,
    SERVICE,
    action_client,
    action_server,
    claimed,
    client,
    graph,
    joined,
    node,
    offered,
    server,
)


def counts(view: ServiceView) -> tuple[int, int]:
    return len(view.servers), len(view.clients)


def test_a_pair_of_endpoints_makes_a_server_or_a_client() -> None:
    assert counts(graph(*server(), *client()).service(SERVICE)) == (1, 1)


@pytest.mark.parametrize("half", [*server(), *client()])
def test_a_lone_half_makes_neither(half: object) -> None:
    assert counts(graph(half).service(SERVICE)) == (0, 0)


def test_halves_of_two_participants_make_neither() -> None:
    requests, replies = server()[0], server(participant=3)[1]
    assert counts(graph(requests, replies).service(SERVICE)) == (0, 0)


def test_one_participant_can_be_both() -> None:
    assert counts(graph(*server(1), *client(2, participant=1)).service(SERVICE)) == (1, 1)


def test_an_action_needs_all_its_parts() -> None:
    parts = action_server()
    assert counts(graph(*parts, *action_client()).action(ACTION)) == (1, 1)
    for missing in parts:
        rest = [part for part in parts if part is not missing]
        assert counts(graph(*rest).action(ACTION)) == (0, 0)


def test_parts_of_actions_are_no_services() -> None:
    known = graph(*action_server())
    assert counts(known.service(f"{ACTION}/_action/send_goal")) == (0, 0)
    assert known.names() == {ACTION}


@pytest.mark.parametrize("mark", [b"enclave=/;zenlink=e5;", b"enclave=/zenlink/e5;"])
def test_what_an_agent_offers_is_not_offered_by_a_node(mark: bytes) -> None:
    known = graph(*server(participant=5), joined(5, user_data=mark))
    assert counts(known.service(SERVICE)) == (0, 0)


def test_nodes_are_named_by_their_claims() -> None:
    pair = server()
    known = graph(*pair, claimed(1, node("/arm", *pair)))
    (party,) = known.service(SERVICE).servers
    assert party.nodes == ("/arm",)


def test_tokens_tell_of_remote_servers_and_clients() -> None:
    asked = offered("b", kind=TokenKind.SERVICE_CLIENT)
    known = graph(offered("a"), asked)
    view = known.service(SERVICE)
    assert ([token.zid for token in view.offered], [token.zid for token in view.asked]) == (["a"], ["b"])


def test_the_vendor_tells_the_form() -> None:
    assert form_of(VENDOR_CYCLONE) is ServiceForm.CYCLONE
    assert form_of(VENDOR_FASTDDS) is ServiceForm.RCLPY
    (party,) = graph(*server(vendor=VENDOR_FASTDDS)).service(SERVICE).servers
    assert party.form is ServiceForm.RCLPY
