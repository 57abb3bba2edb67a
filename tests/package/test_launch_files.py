"""Each launch file against the API that it uses, read from its source; and run, where launch is installed."""

from __future__ import annotations

import ast
import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.config_parameters import PARAMETERS, ParameterKind
from tests.integration.support import domains, eventually
from tests.package.conftest import ROOT

FILES = sorted((ROOT / "launch").glob("*.py"))
API = {
    "launch": {"LaunchContext": set(), "LaunchDescription": set()},
    "launch.actions": {
        "DeclareLaunchArgument": {"default_value", "description", "choices"},
        "GroupAction": {"scoped", "launch_configurations"},
        "IncludeLaunchDescription": {"launch_arguments"},
        "OpaqueFunction": {"function"},
        "SetEnvironmentVariable": {"name", "value"},
    },
    "launch.launch_description_sources": {"PythonLaunchDescriptionSource": set()},
    "launch.substitutions": {"LaunchConfiguration": {"default"}, "PathJoinSubstitution": set()},
    "launch_ros.actions": {
        "LifecycleNode": {
            *("package", "executable", "name", "namespace", "parameters", "remappings", "ros_arguments"),
            *("arguments", "additional_env", "env", "respawn", "respawn_delay", "sigterm_timeout"),
            *("sigkill_timeout", "output", "emulate_tty", "condition", "on_exit"),
        }
    },
    "launch_ros.substitutions": {"FindPackageShare": set()},
}
"""Module, name, keywords: what launch 1.0 (Humble) and 3.8 (Rolling) both have."""
RESERVED = {"ros_namespace", "ros_remaps", "global_params", "launch-prefix", "sigterm_timeout", "emulate_tty"}
"""Launch configurations by which launch itself talks to its actions."""
has_launch = pytest.mark.skipif(
    importlib.util.find_spec("launch_ros") is None,
    reason="launch and launch_ros are not on PyPI; they come with a ROS installation",
)


def name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def calls(file: Path, name: str) -> list[ast.Call]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and name_of(node) == name]


def arguments(file: Path) -> dict[str, dict[str, object]]:
    """Declared argument to its keywords; a default that is computed is None."""
    found = {}
    for call in calls(file, "DeclareLaunchArgument"):
        given = {}
        for keyword in call.keywords:
            try:
                given[keyword.arg] = ast.literal_eval(keyword.value)
            except ValueError:
                given[keyword.arg] = None
        found[ast.literal_eval(call.args[0])] = given
    return found


def faults(source: str) -> list[str]:
    """Names and keywords that launch does not have."""
    found, known = [], {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            for alias in node.names:
                if alias.name in API.get(node.module or "", {}):
                    known[alias.name] = API[node.module or ""][alias.name]
                else:
                    found.append(f"{node.module}.{alias.name}")
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and name_of(node) in known:
            found += [
                f"{name_of(node)}({one.arg}=)" for one in node.keywords if one.arg not in known[name_of(node)]
            ]
            if name_of(node) == "PathJoinSubstitution" and len(node.args) == 1:
                parts = node.args[0].elts if isinstance(node.args[0], ast.List) else []
                found += ["a list in PathJoinSubstitution" for part in parts if isinstance(part, ast.List)]
    return found


def test_the_launch_files_are_these():
    names = [file.name.removesuffix(".launch.py") for file in FILES]
    assert names == ["bridge", "demo", "robot", "sim", "station"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_only_names_and_keywords_of_launch_are_used(file):
    source = file.read_text(encoding="utf-8")
    assert faults(source) == []
    assert "\ndef generate_launch_description() -> LaunchDescription:\n" in source


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("from launch.actions import Declare", "launch.actions.Declare"),
        ("import launch_ros", "launch_ros"),
        ("from launch_ros.actions import LifecycleNode\nLifecycleNode(pkg='x')", "LifecycleNode(pkg=)"),
        (
            "from launch.substitutions import PathJoinSubstitution\nPathJoinSubstitution(['a', ['b', 'c']])",
            "a list in PathJoinSubstitution",
        ),
    ],
)
def test_the_check_sees_what_launch_does_not_have(source, fault):
    assert faults(source) == [fault]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_argument_has_a_default_a_description_and_a_name_of_its_own(file):
    declared = arguments(file)
    assert declared
    for name, given in declared.items():
        assert {"default_value", "description"} <= set(given), name
        assert str(given["description"]).endswith("."), name
        assert name not in RESERVED, name
        if "choices" in given:
            assert given["default_value"] in given["choices"], name
        assert given["default_value"] not in ("true", "false") or given.get("choices") == ["true", "false"], (
            name
        )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_only_declared_arguments_are_asked_for(file):
    asked = [call.args[0] for call in calls(file, "LaunchConfiguration")]
    names = {node.value for node in asked if isinstance(node, ast.Constant)}
    assert names <= set(arguments(file))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_is_included_is_there_and_takes_what_it_is_given(file):
    bridge = arguments(ROOT / "launch/bridge.launch.py")
    source = file.read_text(encoding="utf-8")
    if file.name == "bridge.launch.py":
        assert "IncludeLaunchDescription" not in source
        return
    assert '[FindPackageShare("zenlink"), "launch", "bridge.launch.py"]' in source
    for call in calls(file, "PathJoinSubstitution"):
        parts = [part.value for part in call.args[0].elts if isinstance(part, ast.Constant)]
        assert (ROOT.joinpath(*parts)).is_file(), parts
    tree = ast.parse(source)
    given = {
        key.value: value
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant)
    }
    given |= {one.arg: one.value for call in calls(file, "side") for one in call.keywords}
    assert given
    assert set(given) <= set(bridge)
    for name, value in given.items():
        if isinstance(value, ast.Constant) and "choices" in bridge[name]:
            assert value.value in bridge[name]["choices"]


def test_the_arguments_of_the_bridge_are_parameters_of_the_node():
    file = ROOT / "launch/bridge.launch.py"
    values = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Tuple | ast.Call)
    }
    specs, declared = {spec.name: spec for spec in PARAMETERS}, arguments(file)
    lists = [name for name, key in values["KEYS"].items() if specs[key].kind is ParameterKind.STRINGS]
    assert sorted(lists) == ["zenoh_connect", "zenoh_listen"]
    for name, key in values["KEYS"].items():
        if specs[key].choices:
            assert declared[name]["choices"] == ["", *specs[key].choices]
    (node,) = calls(file, "LifecycleNode")
    given = {one.arg: one.value for one in node.keywords}
    assert (ROOT / "scripts" / ast.literal_eval(given["executable"])).is_file()
    assert ast.literal_eval(given["package"]) == "zenlink"


LAUNCH = """
import os, sys
from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
file = os.path.join(get_package_share_directory("zenlink"), "launch", sys.argv[1])
given = [one.split(":=", 1) for one in sys.argv[2:]]
service = LaunchService()
included = IncludeLaunchDescription(PythonLaunchDescriptionSource(file), launch_arguments=given)
service.include_launch_description(LaunchDescription([included]))
sys.exit(service.run())
"""
"""`ros2 launch zenlink FILE NAME:=VALUE...` without ros2cli."""


@has_launch
def test_the_bridge_is_launched_bridges_and_ends_with_ctrl_c(by_pip, tmp_path):
    log = tmp_path / "log"
    with domains(1) as (domain,), log.open("wb") as output:
        given = [f"ros_domain_id:={domain}", "ros_discovery_range:=localhost", "http_listen:=none"]
        process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, "bridge.launch.py", *given, "zenoh_listen:=tcp/127.0.0.1:0"],
            env=by_pip.environment | {"ROS_LOG_DIR": str(tmp_path)},
            cwd=tmp_path,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            eventually(lambda: "routing domain side /" in log.read_text())
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to launch and to what it started
            assert process.wait(60) == 0, log.read_text()
        finally:
            process.kill()
            process.wait()
    assert "stopped; every thread has ended" in log.read_text()
    assert "process has finished cleanly" in log.read_text()
