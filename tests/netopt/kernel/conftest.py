"""Network namespaces and copied trees."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fakes.kernel import copied_tree


def why_no_namespace() -> str:
    """Why no network namespace can be made here; empty when it can."""
    if shutil.which("unshare") is None:
        return "unshare (util-linux) is not installed"
    if os.geteuid() != 0:
        return "making a network namespace needs root"
    tried = subprocess.run(["unshare", "-n", "true"], capture_output=True, text=True, check=False)
    return tried.stderr.strip() if tried.returncode else ""


NO_NAMESPACE = why_no_namespace()
needs_namespace = pytest.mark.skipif(bool(NO_NAMESPACE), reason=f"no network namespace: {NO_NAMESPACE}")


@pytest.fixture
def proc_sys(tmp_path: Path) -> Path:
    """A copied /proc/sys with the values of an old kernel, so that there is something to do."""
    return copied_tree(tmp_path / "proc_sys")
