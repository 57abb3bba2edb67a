"""Our router on the shipped router.json5, with the demo across it; tests/interop does it with a zenohd."""

from __future__ import annotations

from pathlib import Path

from tests.integration.support.demo import crossed, demo_at
from tests.integration.support.fleet import fleet
from tests.integration.support.processes import scratch_folder


def test_it_carries_the_demo_over_mutual_tls(tmp_path: Path) -> None:
    with fleet(tmp_path) as router, scratch_folder() as folder:
        print(crossed(demo_at(router, folder)))
