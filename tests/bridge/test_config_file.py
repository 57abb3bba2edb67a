"""Which reader a file gets; tests/bridge/test_config_io.py has what cannot be read."""

from __future__ import annotations

import pytest

from bridge.config_file import import_file, read_file
from bridge.config_yaml import NO_DOCUMENT
from bridge.errors import ConfigError


@pytest.mark.parametrize("name", ["a.yaml", "a.yml", "a.json", "a"])
def test_every_other_name_is_yaml(tmp_path, name):
    file = tmp_path / name
    file.write_text("mode: x")
    assert read_file(file).data == {"mode": "x"}


def test_json5_is_the_other_program_s(tmp_path):
    file = tmp_path / "a.json5"
    file.write_text("{mode: 'peer'}")
    document = read_file(file)
    assert document.data["zenoh"]["mode"] == "peer"
    assert document.file == str(file)


def test_json5_under_another_name_is_read_where_it_is_asked_for(tmp_path):
    file = tmp_path / "a.conf"
    file.write_text("{mode: 'router'}")
    assert import_file(file).data == {"ros": {"enabled": False}, "zenoh": {"mode": "router"}}
    with pytest.raises(ConfigError):
        import_file(tmp_path / "none.json5")


def test_relative_certificates_start_at_the_working_directory(tmp_path, monkeypatch):
    file = tmp_path / "conf" / "a.json5"
    file.parent.mkdir()
    file.write_text("{transport: {link: {tls: {root_ca_certificate: 'ca.pem'}}}}")
    monkeypatch.chdir(tmp_path)
    assert read_file(file).data["zenoh"]["tls"] == {"ca": str(tmp_path / "ca.pem")}


def test_no_file_is_no_content():
    assert read_file(None) is NO_DOCUMENT
