"""What a reload tells of services and actions."""

from __future__ import annotations

from bridge.core.plan import plan_changes
from bridge.core.policy import Policy, Rule
from tests.bridge.core.test_serviceplanner import actions, services
from tests.builders import action_server, server

DENIED = Policy(rules=(Rule(label="rules[0]", name="/add|/fib", allow=False),))


def test_a_rule_that_denies_a_service_changes_its_status() -> None:
    before, after = ({one.spec: one for one in services(*server(), policy=p)} for p in (Policy(), DENIED))
    assert plan_changes(before, after) == ("~ egress service /add: status routed -> not_allowed",)


def test_a_rule_that_denies_an_action_changes_all_its_parts() -> None:
    before, after = ({o.spec: o for o in actions(*action_server(), policy=p)} for p in (Policy(), DENIED))
    changes = plan_changes(before, after)
    assert len(changes) == 6
    assert "~ egress action /fib: status routed -> not_allowed" in changes
