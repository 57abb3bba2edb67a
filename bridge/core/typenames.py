"""How a ROS type is spelled on DDS, and which service or action a DDS type belongs to.

``std_msgs/msg/String`` is ``std_msgs::msg::dds_::String_`` on DDS. Discovery maps one way, opening
a route the other. Must never import an adapter.
"""

from __future__ import annotations

import re

from bridge.errors import InvalidName

# Longest type name on DDS, characters. Source: Fast DDS, string_255 in its discovery data.
MAX_DDS_TYPE_CHARS = 255
_ADDED_CHARS = len("dds_::_")  # by the DDS form, besides one more for each "/"

_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"
_ROS_TYPE = re.compile(rf"{_IDENTIFIER}(?:/{_IDENTIFIER}){{2,}}")
_DDS_TYPE = re.compile(rf"((?:{_IDENTIFIER}::){{2,}})dds_::({_IDENTIFIER})_")
_SERVICE_SUFFIX = re.compile(r"_(?:Request|Response)$")
_ACTION_SUFFIX = re.compile(r"_(?:(?:SendGoal|GetResult)_(?:Request|Response)|FeedbackMessage)$")


def check_ros_type(text: str) -> None:
    """Accept a ROS type: package, one or more folders, name, separated by ``/``.

    Raises:
        InvalidName: ``text`` has another form, or is too long on DDS.
    """
    dds_chars = len(text) + text.count("/") + _ADDED_CHARS
    if dds_chars > MAX_DDS_TYPE_CHARS or not _ROS_TYPE.fullmatch(text):
        raise InvalidName(
            f"ROS type {text[:80]!r}: must read PACKAGE/msg/NAME (or srv, action), "
            f"of letters, digits and '_', at most {MAX_DDS_TYPE_CHARS} characters on DDS"
        )


def ros_type(dds_type: str) -> str:
    """ROS type of a topic: ``std_msgs::msg::dds_::String_`` gives ``std_msgs/msg/String``.

    Raises:
        InvalidName: ``dds_type`` was not made from a ROS type.

    Source: wire specification section 6.2.
    """
    match = _DDS_TYPE.fullmatch(dds_type) if len(dds_type) <= MAX_DDS_TYPE_CHARS else None
    if match is None:
        raise InvalidName(
            f"DDS type {dds_type[:80]!r}: not made by ROS, which writes PACKAGE::msg::dds_::NAME_"
        )
    folders, name = match.groups()
    return folders.replace("::", "/") + name


def service_type(dds_type: str) -> str:
    """ROS type of the service a request or response type belongs to.

    ``example_interfaces::srv::dds_::AddTwoInts_Request_`` gives ``example_interfaces/srv/AddTwoInts``, and
    ``pkg::action::dds_::Fib_SendGoal_Response_`` gives ``pkg/action/Fib_SendGoal``.

    Raises:
        InvalidName: not a ROS type, or not the request or response of a service.

    Source: wire specification section 3.1.
    """
    return _cut(dds_type, _SERVICE_SUFFIX, "a service's request or response")


def action_type(dds_type: str) -> str:
    """ROS type of the action a send_goal, get_result or feedback type belongs to.

    ``pkg::action::dds_::Fib_SendGoal_Request_`` gives ``pkg/action/Fib``. The types of cancel_goal and
    status are the same for all actions and tell nothing.

    Raises:
        InvalidName: not a ROS type, or not one of those three.

    Source: wire specification section 4.
    """
    return _cut(dds_type, _ACTION_SUFFIX, "an action's send_goal, get_result or feedback")


def dds_type(ros_type: str) -> str:
    """DDS type of a topic: ``std_msgs/msg/String`` gives ``std_msgs::msg::dds_::String_``.

    Raises:
        InvalidName: ``ros_type`` is not a ROS type.

    Source: wire specification section 6.2.
    """
    check_ros_type(ros_type)
    folders, _, name = ros_type.rpartition("/")
    return f"{folders.replace('/', '::')}::dds_::{name}_"


def request_dds_type(ros_type: str) -> str:
    """DDS type of a service's requests: ``…/srv/Add`` gives ``…::srv::dds_::Add_Request_``.

    Raises:
        InvalidName: ``ros_type`` is not a ROS type.
    """
    check_ros_type(ros_type)
    return dds_type(f"{ros_type}_Request")


def response_dds_type(ros_type: str) -> str:
    """DDS type of a service's responses: ``…/srv/Add`` gives ``…::srv::dds_::Add_Response_``.

    Raises:
        InvalidName: ``ros_type`` is not a ROS type.
    """
    check_ros_type(ros_type)
    return dds_type(f"{ros_type}_Response")


def _cut(dds_type: str, suffix: re.Pattern[str], meaning: str) -> str:
    whole = ros_type(dds_type)
    short, cuts = suffix.subn("", whole)
    if not cuts or short.endswith("/"):
        raise InvalidName(f"DDS type {dds_type[:80]!r}: not {meaning}")
    return short
