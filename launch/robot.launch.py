"""A robot: its ROS domain goes to a station over mutual TLS, under the robot's name.

ros2 launch zenlink robot.launch.py robot:=robot7 station:=tls/10.0.0.5:7447
"""

from __future__ import annotations

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

ARGUMENTS = (
    DeclareLaunchArgument(
        "robot", default_value="robot1", description="Its name: prefix on Zenoh, and of its key."
    ),
    DeclareLaunchArgument(
        "station",
        default_value="tls/station.example:7447",
        description="Endpoints of the station, separated by spaces.",
    ),
    DeclareLaunchArgument(
        "tls",
        default_value="/etc/zenlink",
        description="Folder with ca.pem, ROBOT.pem and ROBOT.key, as `zenlink certs issue` makes them.",
    ),
    DeclareLaunchArgument(
        "config_file",
        default_value=PathJoinSubstitution([FindPackageShare("zenlink"), "configs", "bridge.robot.yaml"]),
        description="Configuration file below these arguments.",
    ),
    DeclareLaunchArgument(
        "ros_discovery_range",
        default_value="localhost",
        choices=["localhost", "subnet", "off"],
        description="How far DDS discovery reaches.",
    ),
)


def generate_launch_description() -> LaunchDescription:
    """What `ros2 launch` runs."""
    robot, tls = LaunchConfiguration("robot"), LaunchConfiguration("tls")
    bridge = PathJoinSubstitution([FindPackageShare("zenlink"), "launch", "bridge.launch.py"])
    return LaunchDescription(
        [
            *ARGUMENTS,
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(bridge),
                launch_arguments={
                    "config_file": LaunchConfiguration("config_file"),
                    "zenoh_prefix": ["/", robot],
                    "ros_discovery_range": LaunchConfiguration("ros_discovery_range"),
                    "zenoh_connect": LaunchConfiguration("station"),
                    "zenoh_tls_ca": [tls, "/ca.pem"],
                    "zenoh_tls_certificate": [tls, "/", robot, ".pem"],
                    "zenoh_tls_private_key": [tls, "/", robot, ".key"],
                    "tune_profile": "robot",
                }.items(),
            ),
        ]
    )
