"""A stock zenohd on the router.json5 that our own router runs with."""

from __future__ import annotations

from pathlib import Path

from bridge.security.authority import Role
from tests.integration.support.demo import crossed, demo_at
from tests.integration.support.fleet import fleet
from tests.integration.support.processes import scratch_folder
from tests.integration.test_access_control import arrived
from tests.interop.support.programs import ZENOHD


def on_zenohd(file: Path) -> list[str]:
    # Zenoh logs to standard output; nobody reads that.
    return ["/bin/sh", "-c", 'exec "$0" -c "$1" >&2', str(ZENOHD), str(file)]


def test_it_listens_and_keeps_the_access_control_of_the_file(tmp_path: Path) -> None:
    with fleet(tmp_path, on_zenohd) as router:
        with router.member("robot1") as robot, router.member("station", Role.STATION) as station:
            assert arrived(station, robot, "**", ["robot2/cmd_vel", "robot1/odom"]) == ["robot1/odom"]
        with router.member("") as local, router.member("observer", Role.OBSERVER) as observer:
            assert arrived(observer, local, "**", ["robot1/odom"]) == ["robot1/odom"]


def test_it_carries_the_demo_over_mutual_tls(tmp_path: Path) -> None:
    with fleet(tmp_path, on_zenohd) as router, scratch_folder() as folder:
        print(crossed(demo_at(router, folder)))
