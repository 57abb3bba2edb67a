"""The scripts of docker/stack, which are no package: they run inside containers."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
STACK = ROOT / "docker" / "stack"


def script(name: str) -> ModuleType:
    """One of them, loaded as a module of its own."""
    spec = importlib.util.spec_from_file_location(f"zenlink_stack_{name}", STACK / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
