"""The stack as an operator runs it, from its first start to a restored backup; the tests are one story."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from tests.integration.support.domains import domains
from tests.integration.support.prometheus import Prometheus
from tests.integration.support.ros import RosNode, ros_node
from tests.integration.support.waiting import eventually
from tests.stack.support.engine import PREFIX, TAG, build_standin, docker, run
from tests.stack.support.stack import ROBOT, Stack

pytestmark = pytest.mark.timeout(900)

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def prometheus_image(standin: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Debian's Prometheus in an image of ours."""
    context = tmp_path_factory.mktemp("prometheus")
    for name in ("prometheus", "promtool"):
        program = shutil.which(name)
        if program is None:
            pytest.skip(f"no {name} here; `make test-packages` installs it on Debian")
        shutil.copy(program, context)
    return build_standin("prometheus", TAG, context=context)


@pytest.fixture(scope="module")
def stack(
    bridge_image: str, prometheus_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Everything up: router, the station's bridge and a robot's, probe, Prometheus."""
    if os.geteuid() != 0:
        pytest.skip("the robot's key must belong to the user of the image, which takes root")
    with domains(2) as (station, robot):
        made = Stack(tmp_path_factory.mktemp("stack"), domains=(station, robot))
        try:
            made.enrol_robot()
            yield made
        finally:
            made.destroy()


class Stream:
    """A publisher on the robot's domain, 100 messages a second, and its subscriber on the station's."""

    def __init__(self, topic: str, source: RosNode, sink: RosNode) -> None:
        self.topic, self._far, self._sink = topic, f"{ROBOT}/{topic}", sink
        sink.call("subscribe", names=[self._far])
        source.call("publish", group="numbers", names=[topic], rate_hz=100.0)

    def received(self) -> tuple[int, int, int]:
        """How many, how many are missing between the first and the last, how many came twice."""
        count, missing, doubled, _ = self._sink.call("counts", names=[self._far])[0]
        return count, missing, doubled

    def flows(self) -> bool:
        """Messages arrive now."""
        before = self.received()[0]
        eventually(lambda: self.received()[0] >= before + 50)
        return True


@pytest.fixture
def stream(stack: Stack) -> Iterator[Stream]:
    """On a topic of its own, so that its routes have counters of their own."""
    station, robot = stack.domains
    with ros_node("many", domain=robot) as source, ros_node("many", domain=station) as sink:
        yield Stream(f"numbers{next(_numbers)}", source, sink)


def test_all_services_are_healthy_within_thirty_seconds(stack: Stack) -> None:
    healthy_s = stack.up()
    assert set(healthy_s) == {"router", "bridge", "probe", "robot", "prometheus"}
    assert max(healthy_s.values()) <= 30
    assert stack.state("certs")["ExitCode"] == 0


def test_messages_cross_from_the_robot_to_the_station(stack: Stack, stream: Stream) -> None:
    assert stream.flows()
    assert stream.received()[1:] == (0, 0)


def test_every_link_to_the_router_is_mutual_tls(stack: Stack) -> None:
    links = eventually(lambda: len(found := stack.ask("router", "status")["links"]) >= 3 and found)
    assert all(link["src"].startswith("tls/") for link in links), links
    with pytest.raises((ssl.SSLError, ConnectionError)):
        stranger_reads("127.0.0.1", stack.router_port)


def stranger_reads(host: str, port: int) -> bytes:
    """What somebody without a certificate gets; TLS 1.3 refuses at the first read, not in the handshake."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((host, port), timeout=30) as plain,
        context.wrap_socket(plain) as secure,
    ):
        return secure.recv(1)


def test_a_renewed_certificate_is_served_after_the_next_start(stack: Stack) -> None:
    def served() -> list[str]:
        pem = ssl.get_server_certificate(("127.0.0.1", stack.router_port), timeout=30)
        names = x509.load_pem_x509_certificate(pem.encode()).extensions
        return names.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
            x509.DNSName
        )

    assert "fleet.example" not in served()
    stack.up(ROUTER_NAMES="localhost,127.0.0.1,fleet.example")
    assert "fleet.example" in served()
    before = stack.container("router"), stack.state("router")["StartedAt"]
    stack.up(ROUTER_NAMES="localhost,127.0.0.1,fleet.example")
    assert (stack.container("router"), stack.state("router")["StartedAt"]) == before, "no need to restart it"


def test_a_wrong_variable_stops_the_start_with_its_name(stack: Stack) -> None:
    done = stack.call("up", code=1, SERVICES="certs", CERT_DAYS="soon")
    assert b"CERT_DAYS=soon: should be days, 1 to 3650 (default: 90)" in done.stdout + done.stderr


def test_without_a_gpu_the_profile_sim_says_so(stack: Stack) -> None:
    if Path("/proc/driver/nvidia").exists():
        pytest.skip("this machine has an NVIDIA driver")
    done = stack.call("up", code=1, PROFILES="sim", SERVICES="isaac-sim", timeout_s=300)
    assert done.stderr.count(b"gpu: no NVIDIA driver or no GPU on this host") == 1


def test_prometheus_scrapes_router_probe_and_bridge_with_the_token(stack: Stack, stream: Stream) -> None:
    assert stream.flows()
    server = Prometheus(f"http://127.0.0.1:{stack.prometheus_port}", AlwaysThere())
    up = 'up{job="zenlink"}'
    eventually(lambda: sorted(server.query(up).values()) == [1.0, 1.0, 1.0])
    counter = f'zenlink_route_messages_total{{name="/{ROBOT}/{stream.topic}", direction="ingress"}}'
    eventually(lambda: max(server.query(counter).values(), default=0.0) > 0)
    # The probe has figures of its link to the router.
    eventually(lambda: max(server.query("zenlink_probe_sent_total").values(), default=0.0) > 0)
    page = f"http://{stack.router_address}:9469/metrics"
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(page, timeout=10)


class AlwaysThere:
    """Stands for the process of a server that Compose watches."""

    def check(self) -> None:
        """Compose restarts it."""


def test_traffic_comes_back_after_the_router_is_killed(stack: Stack, stream: Stream) -> None:
    assert stream.flows()
    os.kill(stack.state("router")["Pid"], signal.SIGKILL)
    killed_s = time.monotonic()
    eventually(lambda: stack.state("router")["Pid"] == 0 or stack.ask("router", "status") is not None)
    eventually(lambda: stack.state("router")["Health"]["Status"] == "healthy")
    assert stream.flows()
    print(f"flows again {time.monotonic() - killed_s:.1f} s after the router was killed")
    assert stream.received()[2] == 0


def test_a_robots_container_stops_within_five_seconds_and_delivers_what_it_took(
    stack: Stack, stream: Stream
) -> None:
    assert stream.flows()
    robot = stack.container("robot")
    began_s = time.monotonic()
    docker("stop", "--time", "30", robot)
    took_s = time.monotonic() - began_s
    assert stack.state("robot")["ExitCode"] == 0
    closed = re.search(
        rf"closed egress /{stream.topic}: passed on (\d+) messages, dropped (.*)", stack.log("robot")
    )
    assert closed is not None
    eventually(lambda: stream.received()[0] == int(closed[1]))
    print(f"stopped in {took_s:.2f} s: {closed[1]} passed on, dropped {closed[2]}, all received")
    assert (closed[2], stream.received()[1:]) == ("nothing", (0, 0))
    assert took_s < 5.0
    docker("start", robot)


def test_the_tune_container_changes_its_namespace_and_takes_it_back(stack: Stack) -> None:
    # One container for all: its namespace lives as long as it does.
    key = "/host/proc/sys/net/ipv4/ipfrag_time"
    script = (
        f"cat {key}; /bin/sh /opt/zenlink/libexec/tune.sh apply >&2; cat {key};"
        f" /bin/sh /opt/zenlink/libexec/tune.sh rollback >&2; cat {key}"
    )
    done = stack.call(
        "compose", "run", "--rm", "-T", "--no-deps", "--entrypoint", "/bin/sh", "tune", "-c", script
    )
    assert done.stdout.split() == [b"30", b"3", b"30"]
    assert stack.state("tune")["ExitCode"] == 0
    assert Path("/proc/sys/net/ipv4/ipfrag_time").read_text().strip() == "30", "the host's own is untouched"


def test_the_tune_container_refuses_in_one_line_where_it_may_not(stack: Stack) -> None:
    image = f"{PREFIX}/bridge:{TAG}"
    tune = (
        "--user=0",
        "--cap-drop=ALL",
        "--network=none",
        "--entrypoint=/bin/sh",
        image,
        "/opt/zenlink/libexec/tune.sh",
    )
    bare = run("docker", "run", "--rm", *tune, code=3)
    assert bare.stderr.count("\n") == 1
    assert "/proc/sys/net is not mounted" in bare.stderr
    mount = ("--volume=/proc/sys/net:/host/proc/sys/net:ro", "--tmpfs=/var/lib/zenlink/tune")
    sealed = run("docker", "run", "--rm", *mount, *tune, code=3)
    assert sealed.stderr.count("\n") == 1
    assert "cannot apply the plan, and nothing was changed" in sealed.stderr


def test_a_backup_survives_the_loss_of_every_volume(stack: Stack) -> None:
    stack.call("backup")
    assert stack.state("prometheus")["Paused"] is False
    running = stack.call("restore", code=3).stderr.decode()
    assert "stop it first" in running
    stack.down()
    time.sleep(1.1)  # the name of an archive has whole seconds
    stack.call("backup")
    assert len(list(stack.archives.glob("*.tar.gz"))) == 2
    before = stack.checksums()
    refused = stack.call("restore", code=1)
    assert b"RESTORE_OVERWRITE=yes" in refused.stdout + refused.stderr
    stack.destroy()
    stack.call("restore")
    after = stack.checksums()
    print(f"{len(before.splitlines())} files, the same checksums after the restore")
    assert len(before.splitlines()) > 10
    assert after == before


def test_the_restored_stack_knows_its_robot(stack: Stack) -> None:
    stack.up()
    station, robot = stack.domains
    with ros_node("many", domain=robot) as source, ros_node("many", domain=station) as sink:
        assert Stream("numbers", source, sink).flows()
