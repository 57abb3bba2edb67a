"""Our configuration as zenoh-bridge-ros2dds would show its own, for tools that read its admin space.

The counterpart of :mod:`bridge.config_import_ros2dds`. What only that bridge has is null. Rules are an
ordered list, which its ``allow`` and ``deny`` cannot express: both are absent; rates and priorities by name
are there.

Source: wire specification sections 7.1 and 8.
"""

from __future__ import annotations

from bridge.config import Config
from bridge.core.jsonform import Json
from bridge.core.policy import Policy, Rule

NODE_NAME = "zenlink"
_RANGES = {"subnet": "Subnet", "localhost": "Localhost", "off": "Off"}
_WITHOUT_EQUAL = ("__path__", "__required__", "max_block_thread_num", "work_thread_num")


def ros2dds_config(config: Config, policy: Policy) -> Json:
    """The value of the key ``config``."""
    ros, zenoh = config.ros, config.zenoh
    rules = [rule for rule in policy.rules if rule.allow and rule.name is not None]
    return {
        **dict.fromkeys(_WITHOUT_EQUAL),
        "namespace": ros.namespace,
        "nodename": NODE_NAME,
        "domain": ros.domain_id,
        "ros_localhost_only": ros.discovery_range == "localhost",
        "ros_automatic_discovery_range": _RANGES[ros.discovery_range],
        "ros_static_peers": ";".join(ros.static_peers) or None,
        "pub_max_frequencies": [
            f"{rule.name}={rule.max_rate_hz:g}" for rule in rules if rule.max_rate_hz is not None
        ],
        "pub_priorities": [f"{rule.name}={_priority(rule)}" for rule in rules if rule.priority is not None],
        "reliable_routes_blocking": zenoh.reliable_blocking,
        "transient_local_cache_multiplier": zenoh.transient_local_cache_multiplier,
        "queries_timeout": {
            "default": zenoh.queries_timeout_s,
            "transient_local_subscribers": [],
            "services": [],
            "actions": {"send_goal": [], "cancel_goal": [], "get_result": []},
        },
    }


def _priority(rule: Rule) -> str:
    return f"{rule.priority}:express" if rule.express else f"{rule.priority}"
