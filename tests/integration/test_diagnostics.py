"""/diagnostics of an agent as a node of the real rclpy gets it, on its own domain and across the bridge."""

from __future__ import annotations

from typing import Any

from tests.integration.support import RosNode, agent, domains, eventually, ros_node

ON = {"ros": {"diagnostics": True}}
OK, WARN, ERROR = 0, 1, 2
ENOUGH = 5
"""Arrays of each agent."""


def of(domain: int, monitor: RosNode) -> dict[str, dict[str, Any]]:
    """The statuses of the agent of a domain, by what is behind its name."""
    parts = ((name.partition(": "), status) for name, status in monitor.call("statuses").items())
    return {rest: status for (head, _, rest), status in parts if head.endswith(f" domain {domain}")}


def test_agent_links_and_findings_are_told_on_both_sides_once() -> None:
    with (
        domains(2) as (robot, station),
        agent(domain=robot, settings=ON) as left,
        agent(domain=station, settings=ON, connect=[left]) as right,
        ros_node("diagnostics", domain=robot) as here,
        ros_node("diagnostics", domain=station) as there,
    ):
        zids = {one.domain: one.status()["zid"] for one in (left, right)}
        for monitor in (here, there):
            for own, other in ((robot, station), (station, robot)):
                names = {"agent", "findings", f"link with {zids[other]}"}
                eventually(lambda: names <= set(of(own, monitor)))  # noqa: B023 - called at once
                told = of(own, monitor)
                assert told["agent"]["message"] == "active"
                assert told["agent"]["values"]["zid"] == zids[own]
                assert told["agent"]["level"] == OK
        eventually(lambda: of(station, there)[f"link to {left.endpoint}"]["level"] == OK)
        for monitor in (here, there):
            eventually(lambda: min(_counts(monitor, list(zids))) >= ENOUGH)  # noqa: B023
            arrays = [tuple(one) for one in monitor.call("arrays")]
            assert len(set(arrays)) == len(arrays), "one came twice"
            # The agent's node, and one that stands for the other side's.
            eventually(lambda: monitor.call("nodes").count("zenlink_diagnostics") == 2)  # noqa: B023
        assert left.crosses("/diagnostics")
        left.kill()
        eventually(lambda: of(station, there)[f"link to {left.endpoint}"]["level"] == ERROR)
        eventually(lambda: of(station, there)["findings"]["level"] != OK)
        assert "link_down" in of(station, there)["findings"]["message"]


def test_a_spare_agent_of_the_same_host_and_domain_has_names_of_its_own() -> None:
    with (
        domains(1) as (domain,),
        agent(domain=domain, settings=ON) as first,
        agent(domain=domain, settings=ON, connect=[first]) as spare,
        ros_node("diagnostics", domain=domain) as monitor,
    ):

        def agents() -> dict[str, str]:
            """Hardware id by zid."""
            told = monitor.call("statuses").items()
            return {
                status["values"]["zid"]: status["hardware_id"]
                for name, status in told
                if name == f"zenlink {status['hardware_id']} domain {domain}: agent"
            }

        zids = {one.status()["zid"] for one in (first, spare)}
        eventually(lambda: set(agents()) == zids)
        assert len(set(agents().values())) == len(zids)


def _counts(monitor: RosNode, of_domains: list[int]) -> list[int]:
    """Arrays of the agent of each domain."""
    names = [name for _, name in monitor.call("arrays")]
    return [sum(f" domain {domain}: " in name for name in names) for domain in of_domains]


def test_it_can_be_switched_off() -> None:
    # By its thread: on a host with containers, DDS may show publishers of somebody else's agents.
    with domains(1) as (domain,):
        for wanted in (False, True):
            with agent(domain=domain, settings={"ros": {"diagnostics": wanted}}) as one:
                threads = one.ask("support")["process"]["threads"]
                assert ("diagnostics" in threads) is wanted
                assert "engine" in threads
