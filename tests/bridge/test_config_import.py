"""A whole JSON5 file; tests/configs/imported has the golden pairs."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.config_import import import_document
from bridge.errors import ConfigError


def imported(text: str, **kwargs):
    return import_document(text, file="conf.json5", folder=Path("/start"), **kwargs)


TEXT = """{
  plugins: {
    ros2dds: {
      domain: 3,
      pub_max_frequencies: [
        "/a=1",
        "/b=2",
      ],
    },
    rest: { http_port: 8000 },
  },
  connect: { endpoints: { client: [
    "tls/a.example:1",
    "tls/b.example:2" ] } },
  transport: { link: {
    tls: { root_ca_certificate: "/ca.pem" },
    tx: {
      lease: 5 } } },
}"""


def test_everything_keeps_its_line():
    lines = imported(TEXT, mode="client").lines
    assert lines["ros", "domain_id"] == 4
    assert [lines["rules", index] for index in (0, 1)] == [6, 7]
    assert [lines["zenoh", "connect", index] for index in (0, 1)] == [13, 14]
    assert lines["zenoh", "tls", "ca"] == 16
    assert lines["zenoh", "extra", "transport", "link", "tx", "lease"] == 18
    assert lines["zenoh",] == 12


def test_other_plugins_are_noted():
    notes = {note.key: note for note in imported(TEXT, mode="client").notes}
    assert notes["plugins.rest"].line == 10
    assert "zenohd" in notes["plugins.rest"].text
    assert str(notes["plugins.rest"]).startswith("conf.json5:10: plugins.rest: no equal")


def test_notes_come_in_the_order_of_the_file():
    lines = [note.line for note in imported(TEXT).notes]
    assert lines == sorted(lines)


@pytest.mark.parametrize("text", ["{plugins: {ros2dds: {}}}", "{plugins: {ros2dds: null}}"])
def test_an_empty_section_comes_to_the_defaults(text):
    assert imported(text).data == {}


@pytest.mark.parametrize("text", ["{}", "{plugins: {}}", "{plugins: null}"])
def test_a_file_without_the_section_is_zenohds_and_that_is_noted(text):
    document = imported(text)
    assert document.data == {"ros": {"enabled": False}}
    assert document.lines["ros", "enabled"] == 1
    assert "without DDS" in {note.key: note.text for note in document.notes}["plugins.ros2dds"]


def test_a_file_that_says_it_is_a_router_needs_no_note():
    notes = imported("{mode: 'router'}").notes
    assert "plugins.ros2dds" not in [note.key for note in notes]


def test_plugins_of_zenohd_are_refused():
    with pytest.raises(ConfigError, match="loads no plugins") as caught:
        imported("{mode: 'router',\nplugins: {rest: {http_port: 8000}}}")
    assert (caught.value.line, caught.value.key) == (2, "plugins")


@pytest.mark.parametrize(
    ("text", "key"), [("{plugins: []}", "plugins"), ("{plugins: {ros2dds: 5}}", "plugins.ros2dds")]
)
def test_what_is_no_object_is_a_fault(text, key):
    with pytest.raises(ConfigError) as caught:
        imported(text)
    assert (caught.value.file, caught.value.line, caught.value.key) == ("conf.json5", 1, key)
