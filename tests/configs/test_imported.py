"""Each file of zenoh-bridge-ros2dds in imported/ comes to the YAML beside it, which means the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import zenoh

from bridge.cli.main import main
from bridge.config_io import FlagOverrides, load
from bridge.zenoh.options import ZenohNetwork, zenoh_options

IMPORTED = Path(__file__).parent / "imported"
FILES = sorted(IMPORTED.glob("*.json5"))
INSECURE = FlagOverrides(insecure=True)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_comes_to_the_yaml_beside_it(file, capsys, monkeypatch):
    monkeypatch.chdir(IMPORTED)
    assert main(["config", "import", file.name]) == 0
    assert capsys.readouterr().out == file.with_suffix(".yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_yaml_means_what_the_json5_means(file):
    as_it_is, made = load(file, INSECURE, {}), load(file.with_suffix(".yaml"), INSECURE, {})
    assert made.config == as_it_is.config
    assert made.policy == as_it_is.policy


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_zenoh_takes_what_comes_out(file):
    config = load(file, INSECURE, {}).config.zenoh
    network = ZenohNetwork(mode=config.mode, connect=config.connect, extra=config.extra_options())
    options = zenoh.Config.from_json5(json.dumps(zenoh_options(network)))
    assert options.get_json("mode") == f'"{config.mode}"'
