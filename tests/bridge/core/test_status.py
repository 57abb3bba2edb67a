"""What the agent tells about itself."""

from __future__ import annotations

from bridge.core.status import Finding, Severity

FINDING = Finding(
    code="route_failed",
    severity=Severity.ERROR,
    subject="egress /chatter",
    text="no such type",
    remedy="install it",
)


def test_a_finding_is_one_line_with_its_remedy() -> None:
    assert str(FINDING) == "error route_failed [egress /chatter]: no such type; install it"
