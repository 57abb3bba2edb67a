"""Our settings as Zenoh's own options; a user's raw ones have the last word."""

from __future__ import annotations

import json
import re

import pytest
import zenoh

from bridge.core.jsonform import Json
from bridge.zenoh.options import ZenohNetwork, tls_options, zenoh_options


def option(key: str, **settings: object) -> Json:
    """One option by its path; None where it is not set."""
    found: Json = zenoh_options(ZenohNetwork(**settings))
    for part in key.split("/"):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def test_endpoints_and_mode_are_handed_on() -> None:
    settings = {"mode": "peer", "listen": ("tcp/[::1]:0",), "connect": ("tls/a:1", "tcp/b:2")}
    assert option("mode", **settings) == "peer"
    assert option("listen/endpoints", **settings) == ["tcp/[::1]:0"]
    assert option("connect/endpoints", **settings) == ["tls/a:1", "tcp/b:2"]


@pytest.mark.parametrize("mode", ["router", "peer", "client"])
def test_no_mode_looks_for_strangers(mode: str) -> None:
    assert option("scouting/multicast/enabled", mode=mode) is False
    assert option("scouting/gossip/enabled", mode=mode) is False


@pytest.mark.parametrize(("mode", "exits"), [("router", False), ("peer", False), ("client", True)])
def test_only_a_client_gives_up_without_its_router(mode: str, exits: bool) -> None:
    assert option("connect/exit_on_failure", mode=mode) is exits


def test_no_session_replaces_the_times_of_samples() -> None:
    assert option("timestamping/enabled") is False


@pytest.mark.parametrize("shared", [True, False])
def test_shared_memory_is_the_users_choice(shared: bool) -> None:
    assert option("transport/shared_memory/enabled", shared_memory=shared) is shared


def test_an_id_is_set_only_when_configured() -> None:
    assert option("id") is None
    assert option("id", zid="a1") == "a1"


TLS = {"ca": "/ca.pem", "certificate": "/c.pem", "private_key": "/k.pem"}


def test_a_certificate_is_shown_to_who_connects_and_to_others_only_when_mutual() -> None:
    base = "transport/link/tls"
    assert option(f"{base}/root_ca_certificate", **TLS) == "/ca.pem"
    assert option(f"{base}/listen_private_key", **TLS) == "/k.pem"
    assert option(f"{base}/connect_private_key", **TLS) is None
    assert option(f"{base}/enable_mtls", **TLS) is None
    assert option(f"{base}/connect_certificate", **TLS, mutual=True) == "/c.pem"
    assert option(f"{base}/enable_mtls", **TLS, mutual=True) is True


def test_without_tls_nothing_of_it_is_set() -> None:
    assert option("transport/link/tls") is None


def test_a_users_option_wins_over_ours_and_may_open_new_sections() -> None:
    extra = (("scouting/multicast/enabled", True), ("a/b/c", {"d": 1}), ("mode", "peer"))
    assert option("scouting/multicast/enabled", extra=extra) is True
    assert option("scouting/gossip/enabled", extra=extra) is False
    assert option("a/b/c/d", extra=extra) == 1
    assert option("mode", extra=extra) == "peer"


def test_a_section_may_replace_a_value() -> None:
    assert option("mode/x", extra=(("mode/x", 1),)) == 1


@pytest.mark.parametrize("mode", ["router", "peer", "client"])
@pytest.mark.parametrize("tls", [{}, TLS, TLS | {"mutual": True}])
def test_zenoh_knows_every_option(mode: str, tls: dict[str, object]) -> None:
    network = ZenohNetwork(mode=mode, listen=("tcp/127.0.0.1:0",), zid="a1", **tls)
    zenoh.Config.from_json5(json.dumps(zenoh_options(network)))


def test_a_link_ends_with_its_certificate():
    assert tls_options(ZenohNetwork(ca="ca.pem"))["close_link_on_expiration"] is True
    extra = (("transport/link/tls/close_link_on_expiration", False),)
    assert tls_options(ZenohNetwork(ca="ca.pem", extra=extra))["close_link_on_expiration"] is False
    assert tls_options(ZenohNetwork()) == {}


@pytest.mark.parametrize(
    ("endpoint", "first_ms"),
    [
        ("tcp/127.0.0.1:7447", 50),
        ("tls/10.0.0.5:7447", 50),
        ("tls/10.0.0.5:7447#a=b", 50),
        ("unixsock-stream//run/z", 50),
        ("tls/93.184.216.34:7447", None),
        ("tls/router.example:7447", None),
        ("tcp/127.0.0.1:1#retry_period_init_ms=7", 7),
    ],
)
def test_an_endpoint_near_by_is_tried_again_sooner(endpoint: str, first_ms: int | None) -> None:
    [text] = option("connect/endpoints", connect=(endpoint,))
    assert text.startswith(endpoint)
    said = re.findall("retry_period_init_ms=([0-9]+)", text)
    assert said == ([] if first_ms is None else [str(first_ms)])


def test_a_users_pace_of_retries_holds_for_every_endpoint() -> None:
    extra = (("connect/retry/period_max_ms", 9000),)
    assert option("connect/endpoints", connect=("tcp/127.0.0.1:1",), extra=extra) == ["tcp/127.0.0.1:1"]


def test_the_lease_is_told_to_the_other_side() -> None:
    assert option("transport/link/tx/lease") == 1500
    assert option("transport/link/tx/lease", lease_s=4.0) == 4000


@pytest.mark.parametrize(
    ("mbit_s", "batch_bytes"), [(None, None), (0.1, 4096), (100.0, 12_500), (10_000.0, 65_535)]
)
def test_a_link_of_a_known_rate_sends_a_millisecond_in_one_piece(
    mbit_s: float | None, batch_bytes: int | None
) -> None:
    assert option("transport/link/tx/batch_size", link_mbit_s=mbit_s) == batch_bytes
