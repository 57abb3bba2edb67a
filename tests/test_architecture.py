"""Rules of the tree that neither ruff nor import-linter can see."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TESTS = ROOT / "tests"
CORE_MODULES = sorted(
    p
    for package in ("bridge", "netopt")
    for p in (ROOT / package / "core").rglob("*.py")
    if p.name != "__init__.py"
)
TEST_FILES = sorted(TESTS.rglob("*.py"))
OURS = ("bridge", "netopt")


def patched_targets(source: str) -> list[str]:
    """The dotted names of ours that ``source`` gives to ``patch``, ``patch.object`` or ``setattr``."""
    tree = ast.parse(source)
    imported = imported_names(tree)
    found = []
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        function = ast.unparse(call.func)
        if not re.search(r"(\bpatch|\bpatch\.(object|multiple)|\bmonkeypatch\.setattr)$", function):
            continue
        target = call.args[0]
        if isinstance(target, ast.Constant):
            name = str(target.value)
        else:
            head, _, rest = ast.unparse(target).partition(".")
            name = f"{imported.get(head, head)}.{rest}".rstrip(".")
        if name.split(".")[0] in OURS:
            found.append(name)
    return found


def imported_names(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for: ``from bridge import dds as d`` gives ``{"d": "bridge.dds"}``."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {a.asname: a.name for a in node.names if a.asname}
        elif isinstance(node, ast.ImportFrom):
            names |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return names


@pytest.mark.parametrize("module", CORE_MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_each_core_module_has_a_test_file_of_its_name(module: Path) -> None:
    mirror = TESTS / module.relative_to(ROOT).with_name(f"test_{module.name}")
    assert mirror.is_file(), f"{module.relative_to(ROOT)} has no {mirror.relative_to(ROOT)}"


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {p.parent for p in TEST_FILES}
    bare = sorted(str(f.relative_to(ROOT)) for f in folders if not (f / "__init__.py").is_file())
    assert not bare, f"with only some folders as packages, `import bridge` finds tests/bridge: {bare}"


def test_launch_folder_is_no_package() -> None:
    assert not (ROOT / "launch" / "__init__.py").exists(), "it would hide ROS's own launch package"


def test_ci_has_one_entry_point() -> None:
    assert not (ROOT / ".github").exists(), "CI is .ci/run, which calls make check; a second one would drift"


def test_typed_marker_ships_in_each_package() -> None:
    assert all((ROOT / package / "py.typed").is_file() for package in OURS)


def test_locks_name_no_server() -> None:
    for lock in sorted((ROOT / "requirements").glob("*.lock")):
        assert "://" not in lock.read_text(encoding="utf-8"), f"{lock.name} names a server"


@pytest.mark.parametrize("file", TEST_FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_our_own_code_is_never_patched(file: Path) -> None:
    targets = patched_targets(file.read_text(encoding="utf-8"))
    assert not targets, f"{file.relative_to(ROOT)} patches {targets}: pass a fake from tests/fakes instead"


@pytest.mark.parametrize(
    ("source", "targets"),
    [
        ("mock.patch('bridge.engine.Engine')", ["bridge.engine.Engine"]),
        ("from bridge import engine as e\npatch.object(e, 'x')", ["bridge.engine"]),
        ("import bridge.engine\nmonkeypatch.setattr(bridge.engine, 'x', 1)", ["bridge.engine"]),
        ("import sys\nmonkeypatch.setattr(sys, 'argv', [])", []),
        ("monkeypatch.setenv('A', 'B')", []),
    ],
)
def test_patch_detector_knows_the_ways_to_patch(source: str, targets: list[str]) -> None:
    assert patched_targets(source) == targets
