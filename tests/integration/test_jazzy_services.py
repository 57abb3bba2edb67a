"""The rclpy form of services on the other ROS distribution: its own tests, run there."""

from __future__ import annotations

import os
import subprocess

from bridge.demo.places import child_environment
from tests.integration.support import JAZZY_PYTHON
from tests.integration.support.processes import OTHER_ENVIRONMENT, ROOT


def test_the_rclpy_form_works_on_jazzy(tmp_path) -> None:
    environment = child_environment(os.environ, domain_id=0, scratch=str(tmp_path))
    for variable in OTHER_ENVIRONMENT:
        environment.pop(variable, None)
    command = [str(JAZZY_PYTHON), "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/bridge/ros"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert " skipped" not in done.stdout
