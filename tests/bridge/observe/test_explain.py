"""Why a name crosses or not, of engines on fakes."""

from __future__ import annotations

from bridge.core.policy import Policy, Rule
from bridge.core.status import Severity
from tests.bridge.engine_stage import WAIT_S, crossing, place, running, talker
from tests.builders import NAME
from tests.fakes.zenoh import FakeNetwork
from tests.integration.support.waiting import eventually


def test_explain_names_the_rule_that_denies():
    robot = place(policy=Policy(rules=(Rule(label="rules[0] (bridge.yaml:3)", name=NAME, allow=False),)))
    with running(robot):
        talker(robot.node())
        eventually(robot.observer.routes, WAIT_S)
        told = robot.observer.explain(NAME)
    assert not told.crossing
    assert "denied by rules[0] (bridge.yaml:3)" in told.verdict
    assert "rule" in told.remedy


def test_explain_says_that_nobody_listens_yet():
    robot = place()
    with running(robot):
        talker(robot.node())
        eventually(robot.observer.routes, WAIT_S)
        told = robot.observer.explain(NAME)
    assert not told.crossing
    assert "does not cross yet" in told.verdict
    assert "1 local publisher" in told.facts


def test_explain_of_a_name_nobody_has():
    robot = place()
    with running(robot):
        assert "nobody here or on Zenoh has it" in robot.observer.explain("/nothing").verdict


def test_explain_of_what_is_no_name():
    robot = place()
    with running(robot):
        told = robot.observer.explain("chatter")
    assert told.verdict == "chatter is not a ROS name"
    assert "must begin with '/'" in told.facts[0]


def test_explain_while_standing_by():
    network = FakeNetwork()
    first = place(network=network, zid="a1")
    second = place(network=network, zid="b2", domain=first.domain)
    with running(first), running(second):
        talker(first.node())
        told = second.observer.explain(NAME)
        [finding] = second.observer.status().findings
        [spare] = eventually(lambda: first.observer.status().findings, WAIT_S)
    assert "standby" in told.verdict
    assert (finding.code, finding.severity) == ("standing_by", Severity.WARNING)
    assert (spare.code, spare.subject) == ("spare_agent", "b2")


def test_the_bridge_that_has_the_other_half_and_is_away_is_named():
    with crossing() as (network, robot, station):
        assert robot.observer.explain(NAME).crossing
        network.cut(robot.zenoh, station.zenoh)
        told = robot.until(lambda: not (found := robot.observer.explain(NAME)).crossing and found)
    assert "bridge b2 is out of reach: it ended, or a link on the way broke" in told.facts
    assert "zenlink links" in told.remedy
