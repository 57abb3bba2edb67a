"""hadolint and shellcheck have nothing to say about our Dockerfiles and scripts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
"""hadolint and shellcheck are Python packages here: requirements/test.lock."""
DOCKERFILES = sorted(
    file for folder in ("docker", "tests/stack") for file in (ROOT / folder).rglob("*Dockerfile")
)
SCRIPTS = sorted(
    file
    for folder in (".ci", "docker", "tests")
    for file in (ROOT / folder).rglob("*")
    if file.is_file()
    and file.read_bytes()[:64].startswith((b"#!/bin/sh", b"#!/usr/bin/env bash", b"#!/bin/bash"))
)


def complaints(tool: str, *arguments: str | Path) -> str:
    done = subprocess.run(
        [TOOLS / tool, *arguments], capture_output=True, text=True, check=False, timeout=60, cwd=ROOT
    )
    return done.stdout + done.stderr


def test_there_is_something_to_lint() -> None:
    assert ROOT / "docker/bridge.Dockerfile" in DOCKERFILES
    assert {ROOT / "docker/images.sh", ROOT / ".ci/run"} <= set(SCRIPTS)


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_hadolint_is_content(file: Path) -> None:
    assert complaints("hadolint", file) == ""


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_shellcheck_is_content(file: Path) -> None:
    assert complaints("shellcheck", "--external-sources", file) == ""
