"""What the RMW is told by environment variables, the only way it listens to: RMW and reach of its discovery.

They are set for the whole process, once at its start: to change them later, while threads of C libraries may
be reading, is a race that crashes. Nothing else in the agent reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Literal

DEFAULT_RMW = "rmw_fastrtps_cpp"
"""What every ROS distribution installs."""
_USELESS = ("rmw_cyclonedds", "rmw_zenoh")
"""RMWs by their beginnings that give us nothing: the nodes of the first are served by plain DDS, those of the
second are not on DDS. Nodes on Fast DDS beside them still need theirs."""
PROFILES = Path(__file__).with_name("fastdds_profiles.xml")
"""Keeps Fast DDS 3 from asking other nodes for their types: where it opens an endpoint of a type while such a
question is on its way, it takes the answer for inconsistent ("Inconsistent TypeObject"), and never matches
the endpoint that it asked about. A service is then not found, or its client never answered.

And it speaks UDP alone. Fast DDS takes shared memory between all processes of a host, and a container with
the host's network looks like one; where user or ``/dev/shm`` differ, one finds a service and hears nothing.
"""
LOCALHOST = Path(__file__).with_name("fastdds_localhost.xml")
"""The same for the range LOCALHOST, for which rmw_fastrtps puts a shared memory of its own before all others;
so it is told to leave the profile's discovery alone (SYSTEM_DEFAULT), which is that of LOCALHOST."""
_PROFILES = ("FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE")


def variables(
    *,
    discovery_range: Literal["localhost", "subnet", "off"],
    loopback_only: bool,
    static_peers: Sequence[str],
    environment: Mapping[str, str],
) -> dict[str, str | None]:
    """The variables for the RMW; None: unset.

    Args:
        discovery_range: of the configuration, where it goes by ROS's own names.
        loopback_only: whether no packet may leave the host, whatever the range.
        static_peers: hosts to look for by unicast as well.
        environment: as it is.
    """
    reach = "localhost" if loopback_only and discovery_range == "subnet" else discovery_range
    found: dict[str, str | None] = {
        "ROS_AUTOMATIC_DISCOVERY_RANGE": reach.upper(),
        "ROS_STATIC_PEERS": ";".join(static_peers) or None,
        # Before Iron the only one; since then deprecated, and stronger than the two above where it is set.
        "ROS_LOCALHOST_ONLY": None,
    }
    if environment.get("ROS_DISTRO") == "humble":
        found["ROS_LOCALHOST_ONLY"] = "1" if reach == "localhost" else "0"
    if environment.get("RMW_IMPLEMENTATION", "").startswith(_USELESS):
        found["RMW_IMPLEMENTATION"] = DEFAULT_RMW
    if any(environment.get(name) for name in _PROFILES):  # profiles of the user's own stand
        return found
    found[_PROFILES[0]] = str(PROFILES)
    # Humble knows no SYSTEM_DEFAULT, and that takes no static peers.
    if reach == "localhost" and not static_peers and environment.get("ROS_DISTRO") != "humble":
        found |= {_PROFILES[0]: str(LOCALHOST), "ROS_AUTOMATIC_DISCOVERY_RANGE": "SYSTEM_DEFAULT"}
    return found


def apply(changes: Mapping[str, str | None], environment: MutableMapping[str, str]) -> Callable[[], None]:
    """Set them; the function that is returned puts the former values back. Thread: main, before others."""
    before = {name: environment.get(name) for name in changes}
    _set(changes, environment)
    return lambda: _set(before, environment)


def _set(changes: Mapping[str, str | None], environment: MutableMapping[str, str]) -> None:
    for name, value in changes.items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value
