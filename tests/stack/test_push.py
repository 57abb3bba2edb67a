"""`make push` to a real registry on loopback: what comes back by the digest it names is what was pushed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.demo.places import free_tcp_port
from tests.integration.support.waiting import eventually
from tests.stack.support.engine import PREFIX, ROOT, TAG, docker, run

pytestmark = pytest.mark.timeout(900)

_CONFIGURATION = """\
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """Its host and port; the engine needs no TLS on loopback."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("no docker-registry here; `make test-packages` installs it on Debian")
    port = free_tcp_port()
    file = tmp_path / "registry.yml"
    file.write_text(_CONFIGURATION.format(folder=tmp_path / "data", port=port))

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=5):
                return True
        except OSError:
            return False

    with subprocess.Popen(
        [program, "serve", file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            eventually(answers)
            yield f"127.0.0.1:{port}"
        finally:
            server.terminate()


def test_what_is_pushed_comes_back_by_its_digest(bridge_image: str, registry: str, tmp_path: Path) -> None:
    digests = tmp_path / "digests"
    settings = {
        "REGISTRY": f"{registry}/fleet",
        "IMAGE_PREFIX": PREFIX,
        "IMAGE_TAG": TAG,
        "DIGESTS": str(digests),
    }
    run(ROOT / "docker/images.sh", "push", env=os.environ | settings, timeout_s=300)
    lines = dict(line.split() for line in digests.read_text().splitlines())
    reference = lines["bridge"]
    assert re.fullmatch(rf"{registry}/fleet/bridge@sha256:[0-9a-f]{{64}}", reference)
    docker("image", "rm", *(f"{registry}/fleet/{name}:{TAG}" for name in lines))
    docker("pull", "--quiet", reference)
    assert docker("run", "--rm", reference, "--version").startswith("zenlink ")
    docker("image", "rm", reference)


def test_without_an_image_or_a_registry_it_says_so(engine: None, tmp_path: Path) -> None:
    settings = {"IMAGE_PREFIX": PREFIX, "IMAGE_TAG": "never-built", "DIGESTS": str(tmp_path / "digests")}
    script = ROOT / "docker/images.sh"
    assert (
        "nothing to push" in run(script, "push", env=os.environ | settings | {"REGISTRY": "r"}, code=3).stderr
    )
    assert "name the registry" in run(script, "push", env=os.environ | settings, code=None).stderr
