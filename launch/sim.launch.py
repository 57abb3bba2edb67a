"""A simulator's side: the bridge beside Isaac Sim or another, which may run in a container of its own.

    ros2 launch zenlink sim.launch.py connect:=tls/10.0.0.5:7447

Fast DDS is kept to UDP, here and for whatever is started with it: shared memory crosses neither the
border of a container nor that between users, and nodes that find each other by it hear nothing.
"""

from __future__ import annotations

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, SetEnvironmentVariable
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

ARGUMENTS = (
    DeclareLaunchArgument(
        "connect", default_value="", description="Endpoints to keep links to, separated by spaces."
    ),
    DeclareLaunchArgument(
        "listen",
        default_value="tcp/127.0.0.1:7447",
        description="Endpoints to accept links on, separated by spaces.",
    ),
    DeclareLaunchArgument(
        "config_file",
        default_value=PathJoinSubstitution([FindPackageShare("zenlink"), "configs", "bridge.simulator.yaml"]),
        description="Configuration file below these arguments.",
    ),
    DeclareLaunchArgument(
        "ros_domain_id", default_value="", description="DDS domain of the simulator. Empty: ROS_DOMAIN_ID."
    ),
    DeclareLaunchArgument(
        "zenoh_prefix", default_value="", description="Prefix on Zenoh for every ROS name, e.g. /sim."
    ),
    DeclareLaunchArgument(
        "transports",
        default_value="UDPv4",
        choices=["UDPv4", "DEFAULT", "LARGE_DATA"],
        description="Transports of Fast DDS (FASTDDS_BUILTIN_TRANSPORTS).",
    ),
)


def generate_launch_description() -> LaunchDescription:
    """What `ros2 launch` runs."""
    bridge = PathJoinSubstitution([FindPackageShare("zenlink"), "launch", "bridge.launch.py"])
    return LaunchDescription(
        [
            *ARGUMENTS,
            SetEnvironmentVariable("FASTDDS_BUILTIN_TRANSPORTS", LaunchConfiguration("transports")),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(bridge),
                launch_arguments={
                    "config_file": LaunchConfiguration("config_file"),
                    "ros_domain_id": LaunchConfiguration("ros_domain_id"),
                    "zenoh_prefix": LaunchConfiguration("zenoh_prefix"),
                    "zenoh_connect": LaunchConfiguration("connect"),
                    "zenoh_listen": LaunchConfiguration("listen"),
                    "tune_profile": "simulator",
                }.items(),
            ),
        ]
    )
