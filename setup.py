"""For colcon's ament_python alone; pip builds with hatchling, from pyproject.toml.

Both install the same files for ROS, which a test compares. The setuptools of Ubuntu 22.04 (59) reads nothing
of pyproject.toml, that of 24.04 (68) refuses its licence, and colcon cannot evaluate what they make of it:
so it is kept out of this.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from setuptools import Distribution, find_packages, setup

ROOT = Path(__file__).parent
SHARE = "share/zenlink"
PACKAGE = ET.parse(ROOT / "package.xml").getroot()  # noqa: S314  # our own file


class WithoutPyproject(Distribution):
    """Reads setup.cfg alone."""

    def parse_config_files(self, filenames: list[str] | None = None, **options: Any) -> None:
        """Files that are named are the only ones."""
        super().parse_config_files(self.find_config_files() if filenames is None else filenames, **options)


def below(folder: str) -> list[tuple[str, list[str]]]:
    """Every file of a folder, for the place of the same name in share/zenlink."""
    files = sorted(path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file())
    return [(f"{SHARE}/{file.parent}", [str(file)]) for file in files if "__pycache__" not in file.parts]


setup(
    distclass=WithoutPyproject,
    name=PACKAGE.findtext("name"),
    version=PACKAGE.findtext("version"),
    description=PACKAGE.findtext("description"),
    license=PACKAGE.findtext("license"),
    packages=find_packages(include=["bridge*", "netopt*"]),
    package_data={"bridge": ["py.typed", "http/page/*", "ros/*.xml"], "netopt": ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/zenlink"]),
        (SHARE, ["package.xml"]),
        ("lib/zenlink", ["scripts/bridge_node"]),
        *below("configs"),
        *below("launch"),
        *below("systemd"),
    ],
    entry_points={
        "console_scripts": [
            "zenlink = bridge.cli.main:run",
            "zenlink_bridge_node = bridge.lifecycle.main:run",
        ]
    },
    zip_safe=False,
)
