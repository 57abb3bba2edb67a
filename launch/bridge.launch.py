"""One bridge: the managed node, started, made active and kept alive.

Every other launch file of zenlink includes this one. An argument that is empty leaves its key to the
configuration file, the environment and the defaults.
"""

from __future__ import annotations

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode

SIGTERM_TIMEOUT_S = "10"
"""How long launch waits after SIGINT before it insists: meanwhile the bridge passes on what it took, and a
second signal ends it at once."""
KEYS = {
    "ros_domain_id": "ros.domain_id",
    "zenoh_prefix": "ros.namespace",
    "ros_discovery_range": "ros.discovery_range",
    "zenoh_mode": "zenoh.mode",
    "zenoh_listen": "zenoh.listen",
    "zenoh_connect": "zenoh.connect",
    "zenoh_tls_ca": "zenoh.tls.ca",
    "zenoh_tls_certificate": "zenoh.tls.certificate",
    "zenoh_tls_private_key": "zenoh.tls.private_key",
    "zenoh_tls_mutual": "zenoh.tls.mutual",
    "rules": "rules",
    "http_listen": "http.listen",
    "tune_profile": "tune.profile",
}
"""Argument to key of the configuration, which is also the name of the parameter. ``ros_namespace`` is a word
of launch itself, by which it moves nodes."""
LISTS = ("zenoh_listen", "zenoh_connect")
"""Arguments with one or more items, separated by spaces."""
BOOLEANS = ("zenoh_tls_mutual",)
NOTHING = "none"
"""Of an argument whose key may be null: no such thing, in place of the default."""

ARGUMENTS = (
    DeclareLaunchArgument("name", default_value="zenlink_bridge", description="Name of the node."),
    DeclareLaunchArgument("namespace", default_value="", description="ROS namespace of the node itself."),
    DeclareLaunchArgument(
        "config_file",
        default_value="",
        description="Configuration file, YAML or JSON5 of zenoh-bridge-ros2dds.",
    ),
    DeclareLaunchArgument(
        "params_file",
        default_value="",
        description="ROS parameter file; what is given below stands above it.",
    ),
    DeclareLaunchArgument(
        "ros_domain_id", default_value="", description="DDS domain to bridge, 0 to 232. Empty: ROS_DOMAIN_ID."
    ),
    DeclareLaunchArgument(
        "zenoh_prefix", default_value="", description="Prefix on Zenoh for every ROS name, e.g. /robot1."
    ),
    DeclareLaunchArgument(
        "ros_discovery_range",
        default_value="",
        choices=["", "localhost", "subnet", "off"],
        description="How far DDS discovery reaches.",
    ),
    DeclareLaunchArgument(
        "zenoh_mode",
        default_value="",
        choices=["", "router", "peer", "client"],
        description="Role of the Zenoh session.",
    ),
    DeclareLaunchArgument(
        "zenoh_listen", default_value="", description="Endpoints to accept links on, separated by spaces."
    ),
    DeclareLaunchArgument(
        "zenoh_connect", default_value="", description="Endpoints to keep links to, separated by spaces."
    ),
    DeclareLaunchArgument("zenoh_tls_ca", default_value="", description="Certificate authority, a PEM file."),
    DeclareLaunchArgument(
        "zenoh_tls_certificate", default_value="", description="Our certificate, a PEM file."
    ),
    DeclareLaunchArgument(
        "zenoh_tls_private_key", default_value="", description="Its private key, a PEM file."
    ),
    DeclareLaunchArgument(
        "zenoh_tls_mutual",
        default_value="",
        choices=["", "true", "false"],
        description="Both sides show a certificate.",
    ),
    DeclareLaunchArgument("rules", default_value="", description="What may cross, and how, as YAML text."),
    DeclareLaunchArgument(
        "http_listen",
        default_value="",
        description="HOST:PORT of the status page and the metrics; none: no page.",
    ),
    DeclareLaunchArgument(
        "tune_profile",
        default_value="",
        choices=["", "robot", "station", "router", "simulator"],
        description="What this host does: what its kernel settings are held against.",
    ),
    DeclareLaunchArgument(
        "insecure",
        default_value="false",
        choices=["true", "false"],
        description="Accept links that are neither loopback nor encrypted.",
    ),
    DeclareLaunchArgument(
        "autostart",
        default_value="true",
        choices=["true", "false"],
        description="Configure and activate the node at its start.",
    ),
    DeclareLaunchArgument(
        "respawn", default_value="true", choices=["true", "false"], description="Start it again when it ends."
    ),
    DeclareLaunchArgument("respawn_delay", default_value="2.0", description="Seconds before that."),
    DeclareLaunchArgument(
        "log_level",
        default_value="info",
        choices=["debug", "info", "warn", "error", "fatal"],
        description="Least severe lines to log.",
    ),
)


def parameters_of(given: dict[str, str]) -> dict[str, object]:
    """The parameters of the node from the arguments that are not empty."""
    found: dict[str, object] = {}
    for argument, key in KEYS.items():
        text = given[argument].strip()
        if not text:
            continue
        if argument in LISTS:
            found[key] = text.split()
        elif argument in BOOLEANS:
            found[key] = text == "true"
        elif argument == "ros_domain_id":
            found[key] = int(text)
        else:
            found[key] = "" if text == NOTHING else text
    if given["config_file"]:
        found["config_file"] = given["config_file"]
    found["insecure"] = given["insecure"] == "true"
    found["autostart"] = given["autostart"] == "true"
    return found


def bridge(context: LaunchContext) -> list[LifecycleNode]:
    """The node, with the arguments as they are now."""
    given = {one.name: LaunchConfiguration(one.name).perform(context) for one in ARGUMENTS}
    domain = given["ros_domain_id"].strip()
    files = [given["params_file"]] if given["params_file"] else []
    return [
        LifecycleNode(
            package="zenlink",
            executable="bridge_node",
            name=given["name"],
            namespace=given["namespace"],
            parameters=[*files, parameters_of(given)],
            ros_arguments=["--log-level", given["log_level"]],
            # The node lives in the domain that it bridges.
            additional_env={"ROS_DOMAIN_ID": domain} if domain else {},
            respawn=given["respawn"] == "true",
            respawn_delay=float(given["respawn_delay"]),
            sigterm_timeout=SIGTERM_TIMEOUT_S,
            output="screen",
            emulate_tty=True,
        )
    ]


def generate_launch_description() -> LaunchDescription:
    """What `ros2 launch` runs."""
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=bridge)])
