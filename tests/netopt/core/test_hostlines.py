"""What to run elsewhere."""

from __future__ import annotations

import configparser
from dataclasses import replace

from ruamel.yaml import YAML

from netopt.core.hostlines import FORMS, host_keys, lines_for, namespace_keys, sysctl_file
from netopt.core.observed import Reading, SysctlFile
from netopt.core.plan import State, make_plan
from netopt.core.profile import profile_named
from netopt.core.sysctlfile import assignments
from tests.fakes.kernel import old_host

ROBOT = profile_named("robot")
PLAN = make_plan(old_host(initial_namespace=False), ROBOT, ROBOT.demand)


def test_host_and_namespace_are_told_apart():
    assert host_keys(PLAN).keys() == {
        "net.core.rmem_max",
        "net.core.rmem_default",
        "net.core.wmem_max",
        "net.core.default_qdisc",
    }
    assert "net.ipv4.tcp_notsent_lowat" in namespace_keys(PLAN)


def test_a_container_is_never_asked_to_set_what_only_the_host_can():
    """The runtime would refuse to start it."""
    docker = lines_for(PLAN, "docker")
    assert "--sysctl net.ipv4.ipfrag_time='3'" in docker
    assert "--sysctl net.core.rmem_max" not in docker
    assert "sysctl -w net.core.rmem_max='33554432'" in docker


def test_the_compose_lines_are_yaml():
    document = YAML(typ="safe").load(lines_for(PLAN, "compose").partition("# On the host")[0])
    assert document["services"]["SERVICE"]["sysctls"]["net.ipv4.ipfrag_time"] == "3"


def test_the_file_to_ship_has_every_open_sysctl():
    found = {line.key: line.value for line in assignments(SysctlFile(path="x", text=sysctl_file(PLAN)))}
    assert found == {**host_keys(PLAN), **namespace_keys(PLAN)}


def test_the_unit_is_an_ini_file_that_applies_this_very_plan():
    unit = configparser.ConfigParser(strict=True)
    unit.optionxform = str
    unit.read_string(lines_for(PLAN, "systemd"))
    assert "tune apply --profile robot --rate 100000000 --rtt 0.05s" in unit["Service"]["ExecStart"]


def test_a_host_that_needs_nothing_says_so():
    host = old_host()
    steps = make_plan(host, ROBOT, ROBOT.demand).having(State.CHANGE)
    after = {step.target: Reading(f"{step.new}\n") for step in steps}
    good = make_plan(replace(host, readings={**host.readings, **after}), ROBOT, ROBOT.demand)
    assert "# nothing to set" in lines_for(good, "docker")
    assert "# nothing to set" in lines_for(good, "compose")
    assert all(lines_for(good, form).endswith("\n") for form in FORMS)
