"""Two bridges on this machine, between two DDS domains, to try things with.

    ros2 launch zenlink demo.launch.py
    ROS_DOMAIN_ID=11 ros2 topic pub /chatter std_msgs/msg/String '{data: hello}'
    ROS_DOMAIN_ID=12 ros2 topic echo /chatter

`zenlink demo` measures and judges such a pair, over mutual TLS, without launch.
"""

from __future__ import annotations

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

ARGUMENTS = (
    DeclareLaunchArgument("robot_domain_id", default_value="11", description="DDS domain of the one side."),
    DeclareLaunchArgument("station_domain_id", default_value="12", description="DDS domain of the other."),
    DeclareLaunchArgument("port", default_value="7449", description="TCP port of the link, on loopback."),
)


def side(name: str, **arguments: object) -> GroupAction:
    """One bridge; in a group, so that its arguments are no defaults of the other."""
    bridge = PathJoinSubstitution([FindPackageShare("zenlink"), "launch", "bridge.launch.py"])
    given = {
        "name": f"zenlink_{name}",
        "ros_discovery_range": "localhost",
        "http_listen": "none",
        **arguments,
    }
    return GroupAction(
        [IncludeLaunchDescription(PythonLaunchDescriptionSource(bridge), launch_arguments=given.items())]
    )


def generate_launch_description() -> LaunchDescription:
    """What `ros2 launch` runs."""
    link = ["tcp/127.0.0.1:", LaunchConfiguration("port")]
    return LaunchDescription(
        [
            *ARGUMENTS,
            side("station", ros_domain_id=LaunchConfiguration("station_domain_id"), zenoh_listen=link),
            side(
                "robot",
                ros_domain_id=LaunchConfiguration("robot_domain_id"),
                zenoh_listen="tcp/127.0.0.1:0",
                zenoh_connect=link,
            ),
        ]
    )
