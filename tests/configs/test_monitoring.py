"""The shipped alerts fire on their fault alone, and no query names a metric that does not exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import chain, takewhile
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, ProcessCollector
from ruamel.yaml import YAML

from bridge.cli.main import main
from bridge.metrics import registry
from tests.bridge.facts import facts, route

ROOT = Path(__file__).parents[2]
RULES = ROOT / "configs" / "prometheus" / "zenlink.rules.yml"
RULES_TEST = Path(__file__).parent / "prometheus" / "rules_test.yml"
DASHBOARDS = sorted((ROOT / "configs" / "grafana").glob("*.json"))
RUNBOOK = ROOT / "docs" / "runbook.md"
OTHERS = {  # cAdvisor, node_exporter, dcgm-exporter, Prometheus itself
    "DCGM_FI_DEV_GPU_UTIL",
    "container_start_time_seconds",
    "node_disk_read_bytes_total",
    "node_disk_written_bytes_total",
    "up",
}
SUFFIXES = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_sum", "_count"),
    "info": ("_info",),
    "gauge": ("",),
}
NAME = re.compile(r"\b(?:zenlink|process|container|node|DCGM)_\w+|\bup(?=\{)")


def load(file: Path):
    return YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))


def rules() -> list[dict]:
    return [rule for group in load(RULES)["groups"] for rule in group["rules"]]


ALERTS = [rule for rule in rules() if "alert" in rule]


def exposed() -> set[str]:
    """Every name that a scrape can have."""
    made = registry(lambda: facts(route("/a")), refused=lambda: 0)
    process = CollectorRegistry()
    ProcessCollector(registry=process)
    families = chain(made.collect(), process.collect())
    return {f"{family.name}{suffix}" for family in families for suffix in SUFFIXES[family.type]} | OTHERS


def unknown(query: str) -> set[str]:
    without_values = re.sub(r'"[^"]*"', '""', query)
    return set(NAME.findall(without_values)) - exposed()


@pytest.mark.skipif(
    shutil.which("promtool") is None, reason="no promtool here; `make test-packages` installs it on Debian"
)
@pytest.mark.parametrize("arguments", [("check", "rules", RULES), ("test", "rules", RULES_TEST)])
def test_promtool_accepts(arguments):
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", ALERTS, ids=lambda rule: rule["alert"])
def test_each_alert_has_its_test_and_its_page(alert):
    assert alert["alert"] in RULES_TEST.read_text(encoding="utf-8")
    assert f"\n## {alert['alert']}\n" in RUNBOOK.read_text(encoding="utf-8")
    assert alert["annotations"]["runbook"] == f"docs/runbook.md#{alert['alert'].lower()}"
    assert alert["labels"]["severity"] in ("warning", "critical")


def test_each_command_of_the_runbook_exists_with_its_options(capsys):
    page = RUNBOOK.read_text(encoding="utf-8")
    named = re.findall(r"(?:`|^)zenlink ([^`#\n]+)", page, re.MULTILINE)
    assert len(named) > 15
    for line in named:
        words = line.split()
        command = takewhile(lambda word: word.isalpha() and word.islower(), words)
        assert main([*command, "--help"]) == 0, line
        known = capsys.readouterr().out.split()
        assert not {word for word in words if word.startswith("-")} - {one.rstrip(",") for one in known}, line


def test_each_metric_of_the_runbook_exists():
    assert unknown(RUNBOOK.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_names_metrics_that_exist(rule):
    assert NAME.search(rule["expr"])
    assert unknown(rule["expr"]) == set()


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.name)
def test_a_dashboard_names_metrics_that_exist(file):
    board = json.loads(file.read_text(encoding="utf-8"))
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    queries += [one["query"]["query"] for one in board["templating"]["list"] if one["type"] == "query"]
    assert len(queries) > 10
    assert {query: unknown(query) for query in queries if unknown(query)} == {}
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_a_name_that_nobody_exposes_is_noticed():
    assert unknown('rate(zenlink_route_mesages_total{name="zenlink_x"}[5m])') == {
        "zenlink_route_mesages_total"
    }
