"""The part of the agent that joins its DDS domain, before anything else of it is there.

An agent listens for half a second who else is on the domain before it bridges anything. That time begins
here, and passes while the rest of the program is loaded and Zenoh is opened; so this imports little.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bridge.agent_networks import dds_network
from bridge.config_io import LoadedConfig
from bridge.dds.participant import CycloneSide
from bridge.ros import environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A domain that was joined, and as whom."""

    dds: CycloneSide
    zid: str
    """The Zenoh id that our participant names; the session is to have it."""
    joined_s: float
    """Monotonic."""


@contextmanager
def joined_domain(loaded: LoadedConfig) -> Iterator[Domain | None]:
    """Join the domain of a configuration, and leave it in the end; None without a DDS side.

    Raises:
        CannotRun: no such interface, no permission, or the domain's ports are taken.
        ConfigError: Cyclone DDS does not accept an option.
        DdsError: an unknown version of cyclonedds.

    Thread: main, while there is no other.
    """
    config = loaded.config
    if not config.ros.enabled:
        yield None
        return
    with ExitStack() as closing:
        # Now, before there are threads that could read the environment meanwhile.
        closing.callback(environment.apply(_rmw_variables(loaded), os.environ))
        zid = config.zenoh.id or random_zid()
        dds = CycloneSide(
            domain_id=config.ros.domain_id,
            network=dds_network(loaded),
            zid=zid,
            namespace=config.ros.namespace,
        )
        closing.callback(dds.close)
        dds.listen()
        yield Domain(dds=dds, zid=zid, joined_s=time.monotonic())


def random_zid() -> str:
    """A Zenoh id as Zenoh writes it: hex digits, the first of them not 0."""
    return f"{secrets.randbelow(15 << 124) + (1 << 124):x}"


def _rmw_variables(loaded: LoadedConfig) -> Mapping[str, str | None]:
    network = dds_network(loaded)
    return environment.variables(
        discovery_range=network.discovery_range,
        loopback_only=network.loopback_only,
        static_peers=network.static_peers,
        environment=os.environ,
    )
