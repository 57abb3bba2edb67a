"""The ring needs a Docker engine, and mmdebstrap for stand-in bases; without them it skips and says why."""

from __future__ import annotations

import os
import sys

import pytest

from tests.stack.support.engine import (
    PREFIX,
    ROOT,
    STANDIN,
    STANDINS,
    TAG,
    build_standin,
    run,
    why_no_engine,
)

BUILD_S = 600.0


@pytest.fixture(scope="session")
def engine() -> None:
    """A Docker engine that answers."""
    if reason := why_no_engine():
        pytest.skip(reason)


@pytest.fixture(scope="session")
def standin(engine: None) -> str:
    """The stand-in for the base of our images."""
    run(STANDINS / "base.sh", STANDIN, timeout_s=BUILD_S)
    return STANDIN


@pytest.fixture(scope="session")
def bridge_image(standin: str) -> str:
    """Our image, built on the stand-in the way `make images` builds it."""
    return build_image("bridge", BASE_IMAGE=standin)


@pytest.fixture(scope="session")
def ros_base(standin: str) -> str:
    """The stand-in for a ROS 2 base."""
    return build_standin("ros", "jazzy")


@pytest.fixture(scope="session")
def isaac_image(standin: str, ros_base: str) -> str:
    """docker/isaac-sim.Dockerfile, every stage of it, on stand-ins."""
    return build_image("isaac-sim", BASE_IMAGE=build_standin("isaac", "6.0.1"), ROS_BASE_IMAGE=ros_base)


@pytest.fixture(scope="session")
def ros_bridge_image(ros_base: str) -> str:
    """docker/ros-bridge.Dockerfile on a stand-in."""
    return build_image("ros-bridge", BASE_IMAGE=ros_base)


def build_image(name: str, **bases: str) -> str:
    """One of ours, the way `make images` builds it."""
    settings = {"IMAGE_PREFIX": PREFIX, "IMAGE_TAG": TAG, "PYTHON": sys.executable}
    run(ROOT / "docker/images.sh", name, timeout_s=BUILD_S, env=os.environ | settings | bases)
    return f"{PREFIX}/{name}:{TAG}"
