"""The two networks of an agent as its configuration gives them: DDS for Cyclone, Zenoh for its session."""

from __future__ import annotations

from bridge.config_io import LoadedConfig
from bridge.dds.xmlconfig import DdsNetwork
from bridge.zenoh.options import ZenohNetwork


def dds_network(loaded: LoadedConfig) -> DdsNetwork:
    """The DDS side of a configuration, as Cyclone takes it."""
    ros = loaded.config.ros
    return DdsNetwork(
        discovery_range=ros.discovery_range,
        interfaces=ros.interfaces,
        static_peers=ros.static_peers,
        user_xml=ros.cyclonedds_uri,
    )


def zenoh_network(loaded: LoadedConfig) -> ZenohNetwork:
    """The Zenoh side of a configuration, as the session takes it."""
    zenoh = loaded.config.zenoh
    return ZenohNetwork(
        mode=zenoh.mode,
        listen=zenoh.listen,
        connect=zenoh.connect,
        zid=zenoh.id,
        ca=zenoh.tls.ca,
        certificate=zenoh.tls.certificate,
        private_key=zenoh.tls.private_key,
        mutual=zenoh.tls.mutual,
        lease_s=zenoh.lease_s,
        shared_memory=zenoh.shared_memory,
        query_timeout_s=zenoh.queries_timeout_s,
        link_mbit_s=zenoh.link_mbit_s,
        extra=zenoh.extra_options(),
    )
