"""Lines of Zenoh's log as eclipse-zenoh 1.10.2 wrote them; each refusal is known by its cause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.zenohlog import MAX_MESSAGE_CHARS, LogLine, Refusal, parse_log_line, refusal, without_secrets

HEAD = "2026-11-21T14:49:33.317923Z  WARN acc-0 ThreadId(05) zenoh_link_tls::unicast: "
HINT = ". Hint: increase the system open file limit."
REFUSALS = {
    "peer sent no certificates": Refusal.NO_CERTIFICATE,
    "invalid peer certificate: UnknownIssuer": Refusal.WRONG_CA,
    "invalid peer certificate: certificate expired: verification time 1795272574 (UNIX), but certificate is "
    "not valid after 1795186172 (86402 seconds ago)": Refusal.EXPIRED,
    "invalid peer certificate: certificate does not allow extended key usage for client authentication, "
    "allows server authentication": Refusal.WRONG_USAGE,
    "received fatal alert: UnknownCA": Refusal.PEER_REFUSED_CA,
    "received fatal alert: DecryptError": Refusal.PEER_REFUSED_CA,
    "received fatal alert: BadCertificate": Refusal.PEER_REFUSED_NAME,
    "received fatal alert: CertificateExpired": Refusal.PEER_REFUSED_EXPIRED,
    "received fatal alert: UnsupportedCertificate": Refusal.PEER_REFUSED_USAGE,
    "received corrupt message of type InvalidContentType": Refusal.NOT_TLS,
    "tls handshake eof": Refusal.UNFINISHED,
    "invalid peer certificate: Other": Refusal.OTHER,
}


@pytest.mark.parametrize(("message", "cause"), REFUSALS.items())
def test_a_refused_handshake_is_known_by_its_cause(message, cause):
    line = parse_log_line(f"{HEAD}{message}{HINT}")
    assert refusal(line) is cause
    assert "Hint" not in line.message, "it is misleading"


def test_a_line_in_colour_is_read():
    text = (
        "\x1b[2m2026-11-21T14:49:32.510172Z\x1b[0m \x1b[32m INFO\x1b[0m ThreadId(01) "
        "\x1b[2mzenoh::net::runtime::orchestrator\x1b[0m\x1b[2m:\x1b[0m "
        "Zenoh can be reached at: tls/127.0.0.1:1"
    )
    expected = LogLine(
        level="INFO",
        target="zenoh::net::runtime::orchestrator",
        message="Zenoh can be reached at: tls/127.0.0.1:1",
    )
    assert parse_log_line(text) == expected
    assert refusal(expected) is None


def test_places_in_somebodys_source_code_are_left_out():
    line = parse_log_line(f"{HEAD}it broke at /root/.cargo/git/zenoh/x.rs:226.")
    assert line.message == "it broke"


@pytest.mark.parametrize("text", ["", "thread panicked", "2026 WARN", "hello: world"])
def test_what_zenoh_did_not_write_is_no_line(text):
    assert parse_log_line(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "password: s3cret,",
        'password: Some("s3cret")',
        "tls/h:1#listen_private_key_base64=s3cret;x=1",
        '"connect_private_key_base64":"s3cret"',
        "private_key_raw=s3cret",
    ],
)
def test_secrets_are_hidden(text):
    assert "s3cret" not in without_secrets(text)
    assert "s3cret" not in parse_log_line(HEAD + text).message


@given(st.text())
def test_any_text_is_read_or_not_and_never_long(text):
    line = parse_log_line(HEAD + text)
    assert line is None or len(line.message) <= MAX_MESSAGE_CHARS
    if line is not None:
        refusal(line)
