"""docker/isaac-sim.Dockerfile on a stand-in base: pre-flight and start, for real but for the nvidia-smi."""

from __future__ import annotations

import subprocess

import pytest

from tests.stack.support.engine import docker, inspect, run

pytestmark = pytest.mark.timeout(900)

GOOD = ("--env=ACCEPT_EULA=Y", "--env=FAKE_GPUS=NVIDIA L4, 580.65.06, 8.9")


def start(image: str, *options: str, code: int | None = None) -> subprocess.CompletedProcess[str]:
    return run("docker", "run", "--rm", "--cap-drop=ALL", *options, image, code=code)


def test_with_all_that_it_needs_it_starts_with_the_ros_libraries_of_its_distribution(
    isaac_image: str,
) -> None:
    done = start(isaac_image, *GOOD, code=0)
    assert done.stdout.splitlines()[0] == "isaac-sim: GPU NVIDIA L4, driver 580.65.06"
    assert done.stdout.splitlines()[1].split() == [
        "started:",
        "/isaac-sim/exts/isaacsim.ros2.core/jazzy/lib",
        "rmw_fastrtps_cpp",
        "/opt/zenlink/share/fastdds-udp.xml",
        "workspace",
    ]
    humble = start(isaac_image, *GOOD, "--env=ROS_DISTRO=humble", code=0)
    assert "/isaac-sim/exts/isaacsim.ros2.core/humble/lib" in humble.stdout


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--env=ACCEPT_EULA=",), 10, "NVIDIA's licence is not accepted"),
        (("--env=FAKE_GPUS=",), 11, "no GPU is visible: nvidia-smi says"),
        (("--env=FAKE_GPUS=none",), 11, "no GPU is visible: nvidia-smi lists none"),
        (("--env=FAKE_GPUS=NVIDIA H100 80GB HBM3, 580.65.06, 9.0",), 12, "no GPU here has RT cores"),
        (("--env=FAKE_GPUS=NVIDIA A100-SXM4-40GB, 580.65.06, 8.0",), 12, "no GPU here has RT cores"),
        (("--env=FAKE_GPUS=NVIDIA GeForce GTX 1660, 580.65.06, 7.5",), 12, "no GPU here has RT cores"),
        (("--env=FAKE_GPUS=NVIDIA L4, 535.247.01, 8.9",), 13, "the driver 535.247.01 is older than 570.169"),
        (("--tmpfs=/simulation-data:uid=0,mode=0700",), 14, "/simulation-data is not writable by user 1234"),
        (
            ("--tmpfs=/isaac-sim/.cache:uid=0,mode=0700",),
            14,
            "/isaac-sim/.cache is not writable by user 1234",
        ),
        (("--env=ROS_DISTRO=iron",), 16, "Isaac Sim has no ROS 2 libraries for ROS_DISTRO=iron"),
    ],
)
def test_each_thing_that_is_missing_has_its_line_and_its_code(
    isaac_image: str, options: tuple[str, ...], code: int, told: str
) -> None:
    done = start(isaac_image, *GOOD, *options, code=code)
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"isaac-sim: {told}")
    assert "started" not in done.stdout


def test_one_good_card_among_others_is_enough(isaac_image: str) -> None:
    cards = "NVIDIA H100 PCIe, 580.65.06, 9.0\nNVIDIA RTX PRO 6000, 580.65.06, 12.0"
    assert "GPU NVIDIA RTX PRO 6000" in start(isaac_image, GOOD[0], f"--env=FAKE_GPUS={cards}", code=0).stdout


@pytest.mark.parametrize(("kind", "port"), [("tcp", "49100"), ("udp", "47998")])
def test_a_port_that_is_taken_is_told_before_the_simulator_starts(
    isaac_image: str, kind: str, port: str
) -> None:
    holder = {
        "tcp": "s = socket.create_server(('0.0.0.0', {port}))",
        "udp": "s = socket.socket(type=socket.SOCK_DGRAM); s.bind(('0.0.0.0', {port}))",
    }[kind].format(port=port)
    check = "raise SystemExit(subprocess.call(['/opt/zenlink/libexec/preflight.sh']))"
    script = f"import socket, subprocess; {holder}; {check}"
    done = run("docker", "run", "--rm", *GOOD, "--entrypoint=python3", isaac_image, "-c", script, code=15)
    assert f"isaac-sim: {kind} port {port} is taken by another program" in done.stderr


def test_the_licence_is_accepted_by_nobody_but_the_user(isaac_image: str) -> None:
    settings = inspect(isaac_image)["Config"]
    assert not [one for one in settings["Env"] if "EULA" in one or "PRIVACY" in one]
    assert settings["User"] == "1234:1234"
    assert settings["Entrypoint"] == ["/opt/zenlink/libexec/entrypoint.sh"]
    assert "isaac-health.sh" in " ".join(settings["Healthcheck"]["Test"])


def test_new_volumes_belong_to_the_simulators_user(isaac_image: str) -> None:
    folders = ("/isaac-sim/.cache", "/isaac-sim/.nvidia-omniverse/logs", "/simulation-data", "/var/cache/hub")
    mounts = [f"--volume={folder}" for folder in folders]
    found = docker("run", "--rm", *mounts, "--entrypoint=stat", isaac_image, "-c", "%u:%g", *folders)
    assert found.split() == ["1234:1234"] * len(folders)


def test_the_agent_with_ros_runs_in_its_environment_or_says_that_there_is_none(ros_bridge_image: str) -> None:
    assert docker("run", "--rm", "--read-only", "--cap-drop=ALL", ros_bridge_image, "--version").startswith(
        "zenlink "
    )
    done = run("docker", "run", "--rm", "--env=ROS_DISTRO=rolling", ros_bridge_image, "--version", code=3)
    assert done.stderr.startswith("zenlink: no ROS 2 at /opt/ros/rolling/setup.bash")
