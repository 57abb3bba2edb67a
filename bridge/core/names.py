"""What does a DDS topic name mean in ROS: a topic, half a service, a part of an action, or nothing?

Discovery asks it for every endpoint, the routes ask for the way back. Grammar of names and namespaces
is checked here and nowhere else. Must never import an adapter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from bridge.errors import InvalidName

# rmw/validate_full_topic_name.h: 255, the limit of DDS, less room for the longest prefix.
MAX_ROS_NAME_CHARS = 247
# rmw/validate_namespace.h: the topic limit less "/" and one letter of a node name.
MAX_NAMESPACE_CHARS = 245

_TOPIC_PREFIX = "rt/"
_REQUEST_PREFIX, _REQUEST_SUFFIX = "rq/", "Request"
_REPLY_PREFIX, _REPLY_SUFFIX = "rr/", "Reply"
_ACTION_TOPIC_PARTS = frozenset({"feedback", "status"})
_ACTION_SERVICE_PARTS = frozenset({"send_goal", "cancel_goal", "get_result"})

_ALLOWED = re.compile(r"[A-Za-z0-9_/]*")
_ROS_NAME = re.compile(r"(?:/[A-Za-z_][A-Za-z0-9_]*)+")
_ALLOWED_TEXT = "letters, digits, '_' and '/' are allowed"


class TopicKind(Enum):
    """What a DDS topic carries. Source: wire specification section 6.2."""

    TOPIC = auto()
    ACTION_FEEDBACK = auto()
    ACTION_STATUS = auto()
    SERVICE_REQUEST = auto()
    SERVICE_REPLY = auto()
    ACTION_REQUEST = auto()
    ACTION_REPLY = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class DdsTopic:
    """A DDS topic name, understood.

    ``ros_name`` is the name of the topic or service, for parts of an action with ``/_action/PART``
    (``/fib/_action/send_goal``); for ``OTHER`` it is the DDS name as it was.
    """

    kind: TopicKind
    ros_name: str

    @property
    def action(self) -> str:
        """Name of the action this is a part of (``/fib``); empty if it is none."""
        return self.ros_name.rsplit("/", 2)[0] if self.kind in _ACTION_KINDS else ""

    @property
    def action_part(self) -> str:
        """``send_goal``, ``cancel_goal``, ``get_result``, ``feedback`` or ``status``; empty if none."""
        return self.ros_name.rsplit("/", 1)[1] if self.kind in _ACTION_KINDS else ""


_ACTION_KINDS = frozenset(
    {TopicKind.ACTION_FEEDBACK, TopicKind.ACTION_STATUS, TopicKind.ACTION_REQUEST, TopicKind.ACTION_REPLY}
)


def classify(dds_topic: str) -> DdsTopic:
    """The meaning of any text as DDS topic name; what is no valid ROS name behind its prefix is ``OTHER``.

    A name classified as anything but ``OTHER`` passes :func:`check_ros_name`. ``_action`` counts as
    a whole part of the name only: ``/my_action/status`` is a topic like any other.

    Source: wire specification section 6.2.
    """
    prefix, rest = dds_topic[:3], dds_topic[2:]
    if prefix == _TOPIC_PREFIX:
        kind, ros_name = _topic_kind(rest), rest
    elif prefix == _REQUEST_PREFIX and rest.endswith(_REQUEST_SUFFIX):
        ros_name = rest[: -len(_REQUEST_SUFFIX)]
        kind = TopicKind.ACTION_REQUEST if _is_action_service(ros_name) else TopicKind.SERVICE_REQUEST
    elif prefix == _REPLY_PREFIX and rest.endswith(_REPLY_SUFFIX):
        ros_name = rest[: -len(_REPLY_SUFFIX)]
        kind = TopicKind.ACTION_REPLY if _is_action_service(ros_name) else TopicKind.SERVICE_REPLY
    else:
        return DdsTopic(kind=TopicKind.OTHER, ros_name=dds_topic)
    nameless_action = kind in _ACTION_KINDS and ros_name.startswith("/_action/") and ros_name.count("/") == 2
    if nameless_action or _name_problem(ros_name):
        return DdsTopic(kind=TopicKind.OTHER, ros_name=dds_topic)
    return DdsTopic(kind=kind, ros_name=ros_name)


def dds_topic(ros_name: str) -> str:
    """DDS topic of a ROS topic: ``/chatter`` gives ``rt/chatter``.

    Raises:
        InvalidName: ``ros_name`` is not a full ROS name.
    """
    check_ros_name(ros_name)
    return _TOPIC_PREFIX[:2] + ros_name


def request_topic(ros_name: str) -> str:
    """DDS topic of a service's requests: ``/add`` gives ``rq/addRequest``.

    Raises:
        InvalidName: ``ros_name`` is not a full ROS name.
    """
    check_ros_name(ros_name)
    return _REQUEST_PREFIX[:2] + ros_name + _REQUEST_SUFFIX


def reply_topic(ros_name: str) -> str:
    """DDS topic of a service's replies: ``/add`` gives ``rr/addReply``.

    Raises:
        InvalidName: ``ros_name`` is not a full ROS name.
    """
    check_ros_name(ros_name)
    return _REPLY_PREFIX[:2] + ros_name + _REPLY_SUFFIX


def check_ros_name(text: str) -> None:
    """Accept a full ROS name as every rmw does: ``/a/b``, parts of letters, digits and ``_``.

    Raises:
        InvalidName: says which character is at fault and what is allowed.

    Source: rmw, ``validate_full_topic_name.c``.
    """
    problem = _name_problem(text)
    if problem:
        raise InvalidName(f"ROS name {text[:80]!r}: {problem}")


def check_namespace(text: str) -> str:
    """A namespace as the bridge keeps it: ``/`` or ``/a/b``; one ``/`` at the end is dropped.

    Raises:
        InvalidName: says which character is at fault and what is allowed.

    Source: rmw, ``validate_namespace.c``.
    """
    if text == "/":
        return text
    namespace = text.removesuffix("/")
    problem = _name_problem(namespace)
    if not problem and len(namespace) > MAX_NAMESPACE_CHARS:
        problem = f"has {len(namespace)} characters, at most {MAX_NAMESPACE_CHARS} are allowed"
    if problem:
        raise InvalidName(f"namespace {text[:80]!r}: {problem}")
    return namespace


def action_of(ros_name: str) -> str:
    """The action that a name is a part of: ``/fib`` of ``/fib/_action/send_goal``; empty if of none."""
    head, _, part = ros_name.rpartition("/")
    if part not in _ACTION_TOPIC_PARTS and part not in _ACTION_SERVICE_PARTS:
        return ""
    return head.removesuffix("/_action") if head.endswith("/_action") else ""


def is_hidden(ros_name: str) -> bool:
    """Whether ROS tools hide the name: some part of it begins with ``_``."""
    return "/_" in ros_name or ros_name.startswith("_")


def _topic_kind(ros_name: str) -> TopicKind:
    head, _, part = ros_name.rpartition("/")
    if part not in _ACTION_TOPIC_PARTS or not head.endswith("/_action"):
        return TopicKind.TOPIC
    return TopicKind.ACTION_FEEDBACK if part == "feedback" else TopicKind.ACTION_STATUS


def _is_action_service(ros_name: str) -> bool:
    head, _, part = ros_name.rpartition("/")
    return part in _ACTION_SERVICE_PARTS and head.endswith("/_action")


def _name_problem(text: str) -> str:
    """What is wrong with a full ROS name, as a clause for a message; empty if nothing is."""
    if len(text) > MAX_ROS_NAME_CHARS:
        return f"has {len(text)} characters, at most {MAX_ROS_NAME_CHARS} are allowed"
    if _ROS_NAME.fullmatch(text):
        return ""
    if not text.startswith("/"):
        return "must begin with '/'"
    allowed = _ALLOWED.match(text)
    end = allowed.end() if allowed else 0
    if end < len(text):
        return f"character {text[end]!r} at position {end}; {_ALLOWED_TEXT}"
    if text.endswith("/"):
        return "must not end with '/'"
    if "//" in text:
        return f"empty part at position {text.index('//') + 1}; parts are separated by one '/'"
    digit = re.search(r"/[0-9]", text)
    position = digit.start() + 1 if digit else 0
    return f"digit {text[position]!r} at position {position}; a part begins with a letter or '_'"
