"""`zenlink doctor` on this host: healthy, and with faults planted in the world, not in its facts."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bridge.control import call
from bridge.demo.places import child_environment
from bridge.errors import AgentSilent
from tests.integration.support import Agent, agent, domains, eventually, ros_node
from tests.integration.support.certificates import Certificates
from tests.integration.support.processes import OTHER_ENVIRONMENT, ROOT

Found = dict[str, list[str]]


def doctor(
    folder: Path, *, domain: int, env: dict[str, str] | None = None, **sections: Any
) -> tuple[int, Found]:
    """The exit code, and what was seen of each hop that has a fault."""
    ros = {"domain_id": domain, "discovery_range": "localhost"} | sections.pop("ros", {})
    file = folder / "zenlink.yaml"
    file.write_text(json.dumps({"ros": ros, **sections}))
    environment = child_environment(os.environ, domain_id=domain, scratch=str(folder))
    for variable in OTHER_ENVIRONMENT:
        environment.pop(variable, None)
    done = subprocess.run(
        [sys.executable, "-m", "bridge", "doctor", "-c", str(file), "--json"],
        env=environment | {"XDG_RUNTIME_DIR": str(folder)} | (env or {}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode in (0, 1), done.stderr
    told = json.loads(done.stdout)
    assert told["healthy"] == (done.returncode == 0)
    faults: Found = {}
    for check in told["checks"]:
        if check["grade"] == "fault":
            assert check["remedy"], check
            faults.setdefault(check["hop"], []).append(check["seen"])
    return done.returncode, faults


def test_a_healthy_agent_with_its_nodes_has_no_fault(tmp_path: Path) -> None:
    made = Certificates(tmp_path)
    listening = {"zenoh": {"listen": ["tls/127.0.0.1:0"], "tls": made.tls("station")}}
    with (
        domains(2) as (here, there),
        agent(domain=there, settings=listening) as station,
        agent(domain=here) as own,
        ros_node("talker", domain=here, topic="/chatter"),
    ):
        assert _routes(own, "/chatter")
        zenoh = {"connect": [station.endpoint], "tls": made.tls("robot")}
        found = doctor(tmp_path, domain=here, zenoh=zenoh, control={"socket": str(own.socket)})
        assert found == (0, {})
        eventually(lambda: own.status()["findings"] == [])  # it left nothing behind, and disturbed nothing


def test_an_agent_that_hangs_is_not_called_none(tmp_path: Path) -> None:
    hanging = tmp_path / "s"
    with domains(1) as (here,), socket.socket(socket.AF_UNIX) as stopped:
        stopped.bind(str(hanging))
        stopped.listen()  # the kernel takes calls for it, as for a process that SIGSTOP got
        code, faults = doctor(tmp_path, domain=here, control={"socket": str(hanging)})
        with pytest.raises(AgentSilent, match="it hangs") as caught:
            call(hanging, "status")
    assert "zenlink run" not in str(caught.value)
    assert code == 1
    [said] = faults["agent"]
    assert said.startswith(f"agent_silent [{hanging}]: ")


def test_links_packages_and_certificates_that_are_wrong_are_named(tmp_path: Path) -> None:
    made, other = Certificates(tmp_path), Certificates(tmp_path, "other")
    listening = {"zenoh": {"listen": ["tls/127.0.0.1:0"], "tls": made.tls("station")}}
    with (
        domains(2) as (here, there),
        agent(domain=there, settings=listening) as station,
        ros_node("hostile", domain=here) as node,
        socket.create_server(("127.0.0.1", 0)) as unused,
    ):
        closed = unused.getsockname()[1]
        unused.close()
        node.call("announce", dds_topic="rq/askRequest", dds_type=_UNKNOWN, kind="reader")
        zenoh = {
            "listen": [],
            "connect": [station.endpoint, f"tcp/127.0.0.1:{closed}"],
            "tls": other.tls("robot", days=-1),
        }
        code, faults = doctor(tmp_path, domain=here, zenoh=zenoh)
    assert code == 1
    assert set(faults) == {"zenoh", "packages", "certificates"}, faults
    wrong_ca, port_closed = faults["zenoh"]
    assert station.endpoint in wrong_ca
    assert f"127.0.0.1:{closed}" in port_closed
    assert ["nowhere_msgs" in seen for seen in faults["packages"]] == [True]
    assert any("expired" in seen for seen in faults["certificates"])


_UNKNOWN = "nowhere_msgs::srv::dds_::Ask_Request_"


def test_a_wrong_domain_is_named_with_the_right_one(tmp_path: Path) -> None:
    with domains(2) as (here, there), ros_node("talker", domain=there, topic="/chatter"):
        code, faults = doctor(tmp_path, domain=here)
    assert (code, set(faults)) == (1, {"participants"})
    assert str(there) in faults["participants"][0].rpartition("domain")[2]


def test_an_interface_that_is_not_there_and_an_rmw_without_dds_are_named(tmp_path: Path) -> None:
    with domains(1) as (here,):
        code, faults = doctor(
            tmp_path,
            domain=here,
            env={"RMW_IMPLEMENTATION": "rmw_zenoh_cpp"},
            ros={"interfaces": ["nothing0"]},
        )
    assert (code, set(faults)) == (1, {"interfaces", "dds", "rmw"})
    assert "nothing0" in faults["interfaces"][0]


def test_a_bridge_of_somebody_else_is_named(tmp_path: Path) -> None:
    with domains(1) as (here,), ros_node("impostor", domain=here):
        code, faults = doctor(tmp_path, domain=here)
    assert (code, set(faults)) == (1, {"bridges"})
    assert "/elsewhere/zenoh_bridge_ros2dds" in faults["bridges"][0]


def _routes(one: Agent, name: str) -> bool:
    return bool(eventually(lambda: one.routes(name)))
