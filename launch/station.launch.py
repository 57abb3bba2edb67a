"""A station: robots connect to it over mutual TLS, and its nodes find each under the robot's name.

ros2 launch zenlink station.launch.py listen:=tls/0.0.0.0:7447
"""

from __future__ import annotations

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

ARGUMENTS = (
    DeclareLaunchArgument("station", default_value="station", description="Its name: of its key."),
    DeclareLaunchArgument(
        "listen",
        default_value="tls/0.0.0.0:7447",
        description="Endpoints for the robots, separated by spaces.",
    ),
    DeclareLaunchArgument(
        "tls",
        default_value="/etc/zenlink",
        description="Folder with ca.pem, STATION.pem and STATION.key, as `zenlink certs issue` makes them.",
    ),
    DeclareLaunchArgument(
        "config_file",
        default_value=PathJoinSubstitution([FindPackageShare("zenlink"), "configs", "bridge.station.yaml"]),
        description="Configuration file below these arguments.",
    ),
    DeclareLaunchArgument(
        "ros_domain_id", default_value="", description="DDS domain of the station. Empty: ROS_DOMAIN_ID."
    ),
)


def generate_launch_description() -> LaunchDescription:
    """What `ros2 launch` runs."""
    station, tls = LaunchConfiguration("station"), LaunchConfiguration("tls")
    bridge = PathJoinSubstitution([FindPackageShare("zenlink"), "launch", "bridge.launch.py"])
    return LaunchDescription(
        [
            *ARGUMENTS,
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(bridge),
                launch_arguments={
                    "config_file": LaunchConfiguration("config_file"),
                    "ros_domain_id": LaunchConfiguration("ros_domain_id"),
                    "zenoh_mode": "router",
                    "zenoh_listen": LaunchConfiguration("listen"),
                    "zenoh_tls_ca": [tls, "/ca.pem"],
                    "zenoh_tls_certificate": [tls, "/", station, ".pem"],
                    "zenoh_tls_private_key": [tls, "/", station, ".key"],
                    "tune_profile": "station",
                }.items(),
            ),
        ]
    )
