"""docker/bridge.Dockerfile: built without a network, small, without privilege, and quick to stop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stack.support.engine import ROOT, Container, docker, inspect, run

pytestmark = pytest.mark.timeout(900)

HARDENED = (
    "--read-only",
    "--tmpfs=/tmp",
    "--tmpfs=/run/zenlink:uid=10001,gid=10001,mode=0700",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--pids-limit=200",
    "--memory=512m",
)


@pytest.fixture
def agent(bridge_image: str) -> Iterator[Container]:
    container = Container(*HARDENED, image=bridge_image, command=["run", "--domain", "7"])
    try:
        yield container
    finally:
        container.remove()


def test_the_agent_is_healthy_with_a_read_only_root_and_no_capability(agent: Container) -> None:
    agent.await_health("healthy")
    status = agent.execute("cat", "/proc/1/status")
    assert "CapEff:\t0000000000000000" in status
    assert "Uid:\t10001\t10001\t10001\t10001" in status
    assert agent.execute("zenlink", "status", "--ready", "--domain", "7") == "ready (active)\n"


def test_it_stops_within_five_seconds_of_sigterm_and_drains(agent: Container) -> None:
    agent.await_health("healthy")
    took_s, code = agent.stop()
    log = agent.log()
    print(f"stopped in {took_s:.2f} s")
    assert code == 0
    assert took_s < 5.0
    assert "stopped; every thread has ended" in log


def test_an_agent_that_does_not_answer_is_unhealthy_until_it_does(bridge_image: str) -> None:
    check = ("--health-interval=1s", "--health-timeout=5s", "--health-start-period=1s", "--health-retries=1")
    container = Container(*HARDENED, *check, image=bridge_image)
    try:
        container.await_health("healthy")
        docker("kill", "--signal", "STOP", container.id)
        container.await_health("unhealthy")
        docker("kill", "--signal", "CONT", container.id)
        container.await_health("healthy")
    finally:
        container.remove()


def test_a_container_without_an_agent_is_not_ready(bridge_image: str) -> None:
    check = ("-I", "-S", "/opt/zenlink/libexec/healthcheck.py")
    done = run("docker", "run", "--rm", *HARDENED, "--entrypoint", "python", bridge_image, *check, code=1)
    assert done.stdout == "no agent: no socket in /run/zenlink\n"


def test_nothing_of_python_s_own_library_is_compiled_at_a_start(standin: str) -> None:
    """The official base has no byte code of it (and the stand-in, of Debian, does): the image makes it."""
    dockerfile = (ROOT / "docker/bridge.Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    [compiling] = [line[4:] for line in dockerfile.splitlines() if "-m compileall" in line]
    without = "find /usr/lib/python3* -name '*.pyc' -delete"
    some = "import asyncio, ctypes.util, email.message, http.server, logging.config, ssl, unittest, zoneinfo"
    shown = f"python3 -B -v -c '{some}' 2>&1 | grep '^# code object from'"
    inside = ("docker", "run", "--rm", "--network", "none", standin, "sh", "-c")
    before = run(*inside, f"{without}; {shown}").stdout
    after = run(*inside, f"{without}; {compiling}; {shown}").stdout
    assert ".pyc" not in before
    assert "asyncio/__pycache__/base_events" in after
    assert [line for line in after.splitlines() if not line.endswith(".pyc'")] == []


def test_our_layers_stay_under_120_megabytes(bridge_image: str, standin: str) -> None:
    added = inspect(bridge_image)["Size"] - inspect(standin)["Size"]
    print(f"our layers: {added / 1e6:.0f} MB")
    assert added < 120e6


def test_it_has_no_compiler_and_no_installer(bridge_image: str) -> None:
    tools = ("cc", "gcc", "c++", "ld", "make", "pip", "pip3")
    script = "; ".join(f"command -v {tool} && echo found" for tool in tools)
    inside = docker("run", "--rm", *HARDENED, "--entrypoint", "sh", bridge_image, "-c", f"{script}; true")
    assert inside == ""


def test_the_image_says_what_it_is_and_how_it_is_run(bridge_image: str, standin: str) -> None:
    settings = inspect(bridge_image)["Config"]
    labels = settings["Labels"]
    version = docker("run", "--rm", *HARDENED, bridge_image, "--version").split()[1]
    assert settings["User"] == "10001:10001"
    assert settings["StopSignal"] == "SIGTERM"
    assert settings["Entrypoint"] == ["zenlink"]
    assert "healthcheck.py" in " ".join(settings["Healthcheck"]["Test"])
    assert labels["org.opencontainers.image.version"] == version
    assert labels["org.opencontainers.image.base.name"] == standin
    assert labels["org.opencontainers.image.revision"] not in ("", "unknown")
