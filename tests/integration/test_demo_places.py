"""Where the demo runs is really free."""

from __future__ import annotations

import socket

from bridge.demo.places import claimed_domains, free_domains, free_tcp_port, tcp_port_taken


def test_a_claimed_domain_is_not_given_away_again() -> None:
    with claimed_domains(40) as first, claimed_domains(40) as second:
        assert len({*first, *second}) == 80
        assert not {*first, *second} & {*free_domains(10)}


def test_a_domain_with_a_participant_is_not_free() -> None:
    (domain_id,) = free_domains(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as participant:
        participant.bind(("127.0.0.1", 7400 + 250 * domain_id + 10))
        assert all(domain_id not in free_domains(60) for _ in range(5))


def test_a_taken_port_is_seen() -> None:
    port = free_tcp_port()
    assert not tcp_port_taken(port)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", port))
        listener.listen()
        assert tcp_port_taken(port)
