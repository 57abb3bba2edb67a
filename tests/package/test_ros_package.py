"""What `ros2 run` and `ros2 launch` look for is where they look, however zenlink was installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from tests.package.conftest import ROOT

LAUNCH_FILES = sorted(path.name for path in (ROOT / "launch").glob("*.launch.py"))
INDEX = """
import os
from ament_index_python import packages
prefix, share = packages.get_package_prefix("zenlink"), packages.get_package_share_directory("zenlink")
print(sorted(packages.get_packages_with_prefixes()))
print(prefix)
for root, _, files in os.walk(os.path.join(prefix, "lib", "zenlink")):
    print("run", *(name for name in files if os.access(os.path.join(root, name), os.X_OK)))
for root, _, files in os.walk(share):
    print("launch", *sorted(name for name in files if name.endswith("launch.py")))
"""
"""As ros2run (get_executable_paths) and ros2launch (get_share_file_path_from_package) walk it."""


def shared(prefix: Path) -> dict[str, bytes]:
    """Every file of ours below the prefix that is neither Python's nor colcon's own."""
    folders = [prefix / "share/zenlink", prefix / "share/ament_index", prefix / "lib/zenlink"]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return {
        str(file.relative_to(prefix)): file.read_bytes()
        for file in files
        if not {"hook", "__pycache__"} & set(file.parts)
        and not re.match(r"package\.(dsv|sh|bash|zsh|ps1)$", file.name)
    }


def test_the_ament_index_leads_to_the_node_and_the_launch_files(installed):
    found = subprocess.run(
        [sys.executable, "-c", INDEX], env=installed.environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert found[0] == "['zenlink']"
    assert Path(found[1]) == installed.prefix
    assert "run bridge_node" in found
    assert f"launch {' '.join(LAUNCH_FILES)}" in found


def test_both_install_the_same(by_pip, by_colcon):
    pip, colcon = shared(by_pip.prefix), shared(by_colcon.prefix)
    assert sorted(pip) == sorted(colcon)
    assert pip == colcon
    for name in ("configs/bridge.robot.yaml", "systemd/zenlink.service", "package.xml"):
        assert f"share/zenlink/{name}" in pip


def test_the_packages_are_whole(installed):
    own = next((installed.prefix / "lib").glob("python3*/site-packages"))
    for package in ("bridge", "netopt"):
        here = {
            str(file.relative_to(ROOT))
            for file in (ROOT / package).rglob("*")
            if file.is_file() and "__pycache__" not in file.parts
        }
        there = {str(file.relative_to(own)) for file in (own / package).rglob("*") if file.suffix != ".pyc"}
        assert here <= there


def test_the_node_starts_from_where_ros_looks(installed, tmp_path):
    """It ends at once, with the line that only the node itself can write."""
    command = [installed.prefix / "lib/zenlink/bridge_node", "--ros-args", "-p", "zenoh.lisen:=x"]
    environment = installed.environment | {
        "ROS_LOG_DIR": str(tmp_path),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=100)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("there is no such parameter; did you mean 'zenoh.listen'?\n")


def test_the_command_is_on_the_path(installed):
    done = subprocess.run(
        ["zenlink", "config", "check", str(installed.prefix / "share/zenlink/configs/bridge.simulator.yaml")],
        env=installed.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert os.access(installed.prefix / "bin/zenlink", os.X_OK)


def test_the_manifest_says_what_pyproject_says():
    manifest = ET.parse(ROOT / "package.xml").getroot()
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("\n[project]\n")[1].split("\n[")[0]
    assert manifest.get("format") == "3"
    for key in ("name", "version", "description", "license"):
        [value] = re.findall(rf'^{key} = "(.*)"$', project, re.MULTILINE)
        assert manifest.findtext(key) == value
    assert manifest.findtext("export/build_type") == "ament_python"


def test_the_commands_are_those_of_pyproject():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name, place in re.findall(r'^(zenlink\w*) = "(bridge\.[\w.:]+)"$', project, re.MULTILINE):
        assert f'"{name} = {place}"' in (ROOT / "setup.py").read_text(encoding="utf-8")


def test_every_ros_package_that_is_imported_is_a_dependency():
    manifest = ET.parse(ROOT / "package.xml").getroot()
    depends = {one.text for one in manifest.iter("exec_depend")}
    imported = set()
    for file in [*(ROOT / "bridge/lifecycle").glob("*.py"), *(ROOT / "launch").glob("*.py")]:
        imported |= set(re.findall(r"^(?:from|import) (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE))
    ros = {name for name in imported if name.endswith(("_msgs", "_srvs", "_interfaces")) or "launch" in name}
    assert ros | {"rclpy"} <= depends
