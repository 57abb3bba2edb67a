"""Known secrets and private keys leave every text, and nothing else does."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.scrub import HIDDEN, Scrubber

KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIB\nabc==\n-----END EC PRIVATE KEY-----"


def test_a_secret_leaves_every_text_of_a_value():
    told = {"log": ["user robot, password hunter2!", "ok"], "count": 2, "on": True}
    assert Scrubber(["hunter2!"]).json(told) == {
        "log": [f"user robot, password {HIDDEN}", "ok"],
        "count": 2,
        "on": True,
    }


@pytest.mark.parametrize("text", [KEY, json.dumps(KEY), f"a {KEY} b", KEY[:40], KEY.replace("EC ", "")])
def test_a_private_key_needs_not_be_known(text):
    assert "MHcC" not in Scrubber([]).text(text)


def test_a_certificate_stays():
    text = "-----BEGIN CERTIFICATE-----\nMHcC\n-----END CERTIFICATE-----"
    assert Scrubber([]).text(text) == text


def test_a_short_secret_is_hidden_as_a_word_only():
    assert Scrubber(["ab"]).text("ab, cab, password=ab") == f"{HIDDEN}, cab, password={HIDDEN}"


def test_one_secret_may_begin_another():
    assert Scrubber(["secret1", "secret12"]).text("secret12 secret1") == f"{HIDDEN} {HIDDEN}"


@given(
    st.text(min_size=6).filter(lambda text: len(text.strip()) >= 6 and text.strip() not in HIDDEN),
    st.text(),
    st.text(),
)
def test_in_any_spelling(secret, before, after):
    scrub = Scrubber([secret]).text
    for spelt in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1]):
        assert secret.strip() not in scrub(f"{before}{spelt}{after}").replace(HIDDEN, "\0")
