"""A running stack: docker/compose.yaml with settings of a test, by docker/stack.sh as an operator does it."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from bridge.demo.places import free_tcp_port
from tests.stack.support.engine import CALL_S, PREFIX, ROOT, TAG, docker, inspect, run

SERVICES = "tune router bridge probe robot prometheus"
ROBOT = "robot1"
"""Its name in the access control of configs/zenoh/router.json5, and its namespace."""
OUR_USER = 10001
UP_S = 300.0
DATA = ("authority", "certs-router", "certs-bridge", "certs-probe", "scrape", "prometheus-data")
_ROBOT = f"""\
ros: {{namespace: /{ROBOT}}}
zenoh: {{tls: {{ca: ca.pem, certificate: {ROBOT}.pem, private_key: {ROBOT}.key, mutual: true}}}}
http: {{listen: null}}
"""
_HEALTHY = re.compile(r"^stack: (\S+) healthy after (\d+) s$", re.MULTILINE)


class Stack:
    """One project of Compose, with networks, ports, domains and volumes that nobody else has.

    Args:
        folder: For settings, archives and the robot's identity; its name makes the project's.
        domains: DDS domains of the station and of the robot.
    """

    def __init__(self, folder: Path, *, domains: tuple[int, int]) -> None:
        self.folder, self.domains = folder, domains
        self.project = f"zenlink-test-{os.getpid()}"
        self.router_address = f"10.213.{os.getpid() % 200}.10"
        self.prometheus_port, self.router_port = free_tcp_port(), free_tcp_port()
        self.archives = folder / "archives"
        self._robot = folder / "robot"
        for made in (self.archives, self._robot):
            made.mkdir()
        self._file = folder / "env"
        self._file.write_text("".join(f"{name}={value}\n" for name, value in self._settings().items()))

    def _settings(self) -> dict[str, str]:
        net, image = self.router_address.rpartition(".")[0], f"{PREFIX}/bridge:{TAG}"
        return {
            "COMPOSE_PROJECT_NAME": self.project,
            "ZENLINK_IMAGE": image,
            "ROUTER_IMAGE": image,
            "ISAAC_IMAGE": image,  # never started: there is no GPU
            "PROMETHEUS_IMAGE": f"{PREFIX}/prometheus:{TAG}",
            "ROUTER_BIND": "127.0.0.1",
            "ROUTER_PORT": str(self.router_port),
            "ROUTER_NAMES": "localhost,127.0.0.1",
            "EDGE_SUBNET": f"{net}.0/25",
            "EDGE_GATEWAY": f"{net}.1",
            "ROUTER_ADDRESS": self.router_address,
            "MONITORING_SUBNET": f"{net}.128/25",
            "ROS_DOMAIN_ID": str(self.domains[0]),
            "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
            "PROMETHEUS_PORT": str(self.prometheus_port),
            "BACKUP_DIR": str(self.archives),
            "ROBOT_DOMAIN": str(self.domains[1]),
            "ROBOT_FOLDER": str(self._robot),
        }

    def call(
        self, *arguments: str, code: int | None = 0, timeout_s: float = CALL_S, **settings: str
    ) -> subprocess.CompletedProcess[bytes]:
        """``docker/stack.sh ARGUMENTS``; its words are shown where it fails."""
        env = os.environ | {
            "ENV_FILE": str(self._file),
            "EXTRA_FILES": str(ROOT / "tests/stack/compose.tests.yaml"),
            **settings,
        }
        command = [ROOT / "docker/stack.sh", *arguments]
        done = subprocess.run(command, capture_output=True, env=env, check=False, timeout=timeout_s)
        words = (done.stdout + done.stderr).decode(errors="replace")
        assert code is None or done.returncode == code, f"{arguments}: exit {done.returncode}\n{words}"
        return done

    def enrol_robot(self) -> None:
        """Take an identity for the robot out of the stack's authority, as an operator would."""
        archive = self.call("identity", ROBOT).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(self._robot)
        (self._robot / "robot.yaml").write_text(_ROBOT)
        for file in (self._robot, *self._robot.iterdir()):
            os.chown(file, OUR_USER, OUR_USER)

    def up(self, **settings: str) -> dict[str, int]:
        """Start everything; seconds until each service was healthy."""
        done = self.call("up", timeout_s=UP_S, SERVICES=SERVICES, **settings)
        words = done.stdout.decode()
        print(words)
        return {name: int(after_s) for name, after_s in _HEALTHY.findall(words)}

    def down(self) -> None:
        """Stop and remove the containers; volumes stay."""
        self.call("down", timeout_s=UP_S)

    def destroy(self) -> None:
        """As `down`, volumes included."""
        self.call("down", "--volumes", "--timeout", "20", timeout_s=UP_S)

    def container(self, service: str) -> str:
        """The id of its container."""
        return self.call("compose", "ps", "--quiet", service).stdout.decode().strip()

    def state(self, service: str) -> dict[str, Any]:
        """As the engine has it."""
        return inspect(self.container(service))["State"]

    def log(self, service: str) -> str:
        """All it has said."""
        done = run("docker", "logs", self.container(service))
        return done.stdout + done.stderr

    def ask(self, service: str, *command: str) -> Any:
        """The JSON that ``zenlink COMMAND --json`` prints in a container."""
        domain = {"bridge": self.domains[0], "robot": self.domains[1]}.get(service, 0)
        words = docker(
            "exec", self.container(service), "zenlink", *command, "--json", "--domain", str(domain)
        )
        return json.loads(words)

    def checksums(self) -> str:
        """Of every file in the volumes that a backup has."""
        mounts = [word for name in DATA for word in ("--volume", f"{self.project}_{name}:/data/{name}:ro")]
        script = "cd /data && find . -type f | sort | xargs sha256sum"
        return docker(
            "run", "--rm", "--user=0", "--network=none", "--entrypoint=sh", *mounts,
            f"{PREFIX}/bridge:{TAG}", "-c", script,
        )  # fmt: skip
