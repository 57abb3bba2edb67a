"""Every file in configs/ loads, and the reference file is the models in YAML."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from bridge.cli.main import main
from bridge.config import Config
from bridge.config_checks import cross_faults
from bridge.config_faults import is_section
from bridge.config_io import load
from bridge.config_rules import PRIORITIES, MatchConfig, QosConfig, RuleConfig

CONFIGS = Path(__file__).parents[2] / "configs"
REFERENCE = CONFIGS / "bridge.reference.yaml"
SHIPPED = sorted(CONFIGS.glob("bridge.*.yaml"))


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_a_shipped_file_loads(file):
    assert load(file, env={}).file == file


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_the_command_line_calls_it_good(file, capsys):
    assert main(["config", "check", "--no-files", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}: good\n"


@pytest.mark.parametrize("name", ["bridge.robot.yaml", "bridge.station.yaml", "bridge.observer.yaml"])
def test_ten_lines_are_enough(name):
    assert len((CONFIGS / name).read_text(encoding="utf-8").splitlines()) <= 10


@pytest.mark.parametrize("name", ["bridge.robot.yaml", "bridge.station.yaml", "bridge.observer.yaml"])
def test_shipped_links_are_mutual_tls(name):
    zenoh = load(CONFIGS / name, env={}).config.zenoh
    assert zenoh.tls.mutual
    assert all(endpoint.startswith("tls/") for endpoint in (*zenoh.listen, *zenoh.connect))


def test_the_reference_has_every_key_with_its_default():
    written = YAML(typ="safe", pure=True).load(REFERENCE.read_text(encoding="utf-8"))
    assert written == Config().model_dump(mode="json")


def keys_of(model: type[BaseModel]) -> list[str]:
    """Every key below a model, in its order."""
    found = []
    for name, field in model.model_fields.items():
        found.append(name)
        if is_section(field.annotation):
            found += keys_of(field.annotation)
    return found


def test_the_reference_has_the_order_of_the_models():
    lines = REFERENCE.read_text(encoding="utf-8").splitlines()
    written = [
        line.split(":")[0].strip() for line in lines if ":" in line and not line.lstrip().startswith("#")
    ]
    assert written == keys_of(Config)


def test_every_key_of_the_reference_is_explained():
    """Above each key stands a comment; a section's is its headline."""
    lines = REFERENCE.read_text(encoding="utf-8").splitlines()
    bare = [
        line.strip()
        for before, line in pairwise(lines)
        if line.strip() and not line.lstrip().startswith("#") and not before.lstrip().startswith("#")
    ]
    assert bare == []


def test_the_reference_explains_every_key_of_a_rule():
    lines = [line.lstrip("# ") for line in REFERENCE.read_text(encoding="utf-8").splitlines()]
    for model in (RuleConfig, MatchConfig):
        for key in model.model_fields.keys() - {"match"}:
            assert any(line.startswith(f"{key}  ") for line in lines), key
    for word in (*PRIORITIES, *keys_of(QosConfig)):
        assert any(word in line for line in lines), word


def test_the_examples_of_the_reference_are_rules():
    """The lines that begin with `#   - {`, taken over as they stand."""
    lines = REFERENCE.read_text(encoding="utf-8").splitlines()
    examples = "".join(f"{line[1:]}\n" for line in lines if line.startswith("#   - {"))
    config = Config.model_validate(YAML(typ="safe").load(f"rules:\n{examples}"))
    assert len(config.rules) >= 5
    assert list(cross_faults(config, insecure=False)) == []


def test_the_reference_names_the_environment_that_overrides_a_key():
    text = REFERENCE.read_text(encoding="utf-8")
    for variable in (
        "ROS_DOMAIN_ID",
        "ROS_AUTOMATIC_DISCOVERY_RANGE",
        "ROS_LOCALHOST_ONLY",
        "ROS_STATIC_PEERS",
        "CYCLONEDDS_URI",
    ):
        assert variable in text
