"""The probe through the whole path: a participant, an agent, a link, an agent, a participant and back."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.integration.support import Agent, agent, domains, eventually
from tests.integration.support.processes import ROOT

QUICK = ("--rate", "50", "--count", "100", "--timeout", "20", "--json")


def environment(domain: int) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "ROS_DOMAIN_ID": str(domain),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    }


def ping(target: str, beside: Agent, *options: str) -> subprocess.CompletedProcess[str]:
    """`zenlink probe ping` in the domain of an agent."""
    command = [sys.executable, "-m", "bridge", "probe", "ping", target, "--socket", str(beside.socket)]
    return subprocess.run(
        [*command, *QUICK, *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=120,
        env=environment(beside.domain),
    )


def report(done: subprocess.CompletedProcess[str], code: int = 0) -> dict[str, Any]:
    """Its result; nothing was lost or answered twice."""
    assert done.returncode == code, done.stderr or done.stdout
    found = json.loads(done.stdout)
    summary = found["summary"]
    assert (summary["received"], summary["lost"], summary["duplicates"]) == (100, 0, 0)
    return found


def echoing(one: Agent) -> list[str]:
    """The topics of the probe that an agent carries."""
    return sorted(
        {
            route["spec"]["ros_name"]
            for route in one.ask("routes")
            if route["spec"]["ros_name"].startswith("/zenlink/probe/")
        }
    )


@contextlib.contextmanager
def serving(name: str, domain: int) -> Iterator[None]:
    """`zenlink probe serve --dds NAME`."""
    command = [sys.executable, "-m", "bridge", "probe", "serve", "--dds", name]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment(domain))
    try:
        assert f"dds:{name}" in process.stdout.readline()
        yield
        process.terminate()
        assert "answered 1" in process.communicate(timeout=60)[0]  # a hundred and more
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()


def test_the_only_other_agent_answers_while_asked_and_its_verdict_is_the_exit_code() -> None:
    with (
        domains(2) as (robot, station),
        agent(domain=station) as right,
        agent(domain=robot, connect=[right]) as left,
    ):
        assert echoing(left) == echoing(right) == []
        met = report(ping("dds", left, "--class", "60000"))
        zid = right.status()["zid"]
        assert met["transport"] == f"dds /zenlink/probe/to_{zid}/ping"
        assert met["summary"]["one_way"]["source"] == "same clock"
        missed = report(ping(f"dds:{zid}", left, "--class", "0.0001"), code=1)
        assert missed["verdict"]["answer"] == "missed"
        assert right.status()["probe"]["echo"]["answered"] >= 200
        eventually(lambda: echoing(left) == echoing(right) == [])
        with serving("rig", domain=station):
            report(ping("dds:rig", left, "--class", "60000"))


def test_of_three_agents_the_one_that_is_meant_answers_once() -> None:
    """Each is linked to each, so a message has more than one way to go round."""
    quiet = {"probe": {"watch": False}}
    with (
        domains(3) as (robot, station, office),
        agent(domain=station, settings=quiet) as right,
        agent(domain=office, connect=[right], settings=quiet) as other,
        agent(domain=robot, connect=[right, other], settings=quiet) as left,
    ):
        several = eventually(lambda: (done := ping("dds", left)).returncode == 2 and done)
        assert right.status()["zid"] in several.stderr
        zid = right.status()["zid"]
        with ThreadPoolExecutor(2) as both:
            from_left = both.submit(ping, f"dds:{zid}", left, "--class", "60000")
            from_other = both.submit(ping, f"dds:{zid}", other, "--class", "60000")
            report(from_left.result())
            report(from_other.result())
        assert right.status()["probe"]["echo"]["answered"] >= 200
        assert other.status()["probe"]["echo"]["answered"] == 0
        assert left.status()["probe"]["echo"]["answered"] == 0


def test_where_it_may_not_pass_it_is_unreachable_and_the_reason_is_told() -> None:
    deny = [{"match": {"name": "/zenlink/.*"}, "allow": False}]
    with (
        domains(3) as (robot, station, office),
        agent(domain=station, settings={"probe": {"serve": False}}) as silent,
        agent(domain=office, connect=[silent], rules=deny) as denying,
        agent(domain=robot, connect=[silent, denying]) as left,
    ):
        for far in (silent, denying):
            eventually(lambda far=far: far.status()["zid"] in left.status()["peers"])
        with ThreadPoolExecutor(3) as together:
            asked = [
                together.submit(ping, f"dds:{silent.status()['zid']}", left),
                together.submit(ping, f"dds:{denying.status()['zid']}", left),
                together.submit(ping, f"dds:{silent.status()['zid']}", denying),
            ]
            done = [one.result() for one in asked]
        assert [one.returncode for one in done] == [3, 3, 3]
        for one in done:
            assert one.stderr.count("\n") == 1
        assert "does not cross yet" in done[0].stderr
        assert "probe.serve" in done[0].stderr
        assert "does not cross yet" in done[1].stderr
        assert "denied by rules[0]" in done[2].stderr


def test_an_agent_is_asked_under_its_namespace() -> None:
    with (
        domains(2) as (robot, station),
        agent(domain=robot, settings={"ros": {"namespace": "/robot1"}}) as left,
        agent(domain=station, connect=[left]) as right,
    ):
        zid = left.status()["zid"]
        found = report(ping(f"dds:/robot1/{zid}", right, "--class", "60000"))
        assert found["transport"] == f"dds /robot1/zenlink/probe/to_{zid}/ping"
