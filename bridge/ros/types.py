"""Service types by name: which Python class, which shape on the wire, or what to install."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from bridge.core.cdrshape import PayloadCheck
from bridge.core.typenames import check_ros_type
from bridge.errors import DdsError, InvalidName
from bridge.ros.shapes import shape_of

_ACTION_PARTS = {"_SendGoal": "SendGoalService", "_GetResult": "GetResultService"}
"""Ending of the service's name, and where rclpy keeps its class within ``Action.Impl``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceType:
    """One service type, ready to use."""

    service: Any
    """The class that rclpy's clients and servers are made from."""
    request: type
    response: type
    requests: PayloadCheck
    responses: PayloadCheck


@lru_cache(maxsize=1024)
def service_type(ros_type: str) -> ServiceType:
    """The type of a service, or of one of the two services that belong to an action type.

    ``std_srvs/srv/SetBool``, ``test_msgs/action/Fibonacci_SendGoal``, ``…_GetResult``.

    Raises:
        DdsError: the package or the type is not installed; says what to do.
    """
    from rclpy.type_support import check_for_type_support  # noqa: PLC0415 - without ROS nobody comes here

    service = _service_class(ros_type)
    try:
        check_for_type_support(service)
    except Exception as error:
        raise DdsError(f"type {ros_type} cannot be loaded: {error}; reinstall its package") from error
    return ServiceType(
        service=service,
        request=service.Request,
        response=service.Response,
        requests=PayloadCheck(shape_of(service.Request)),
        responses=PayloadCheck(shape_of(service.Response)),
    )


def _service_class(ros_type: str) -> Any:
    try:
        check_ros_type(ros_type)
        package, folder, name = ros_type.split("/")
    except (InvalidName, ValueError) as error:
        raise DdsError(f"type {ros_type[:80]!r} is no PACKAGE/srv/NAME") from error
    module = _interfaces(package, folder, ros_type)
    for ending, part in _ACTION_PARTS.items() if folder == "action" else ():
        action = getattr(module, name.removesuffix(ending), None) if name.endswith(ending) else None
        if action is not None:
            return getattr(action.Impl, part)
    service = getattr(module, name, None)
    if folder != "srv" or not hasattr(service, "Request"):
        raise DdsError(
            f"type {ros_type}: the installed package {package} has no such service; "
            "install the version that the nodes use"
        )
    return service


def _interfaces(package: str, folder: str, ros_type: str) -> ModuleType:
    """The module with a package's classes; nothing is imported that is no package of interfaces.

    Names come from the network: importing whatever has that name would run it.
    """
    importlib.invalidate_caches()
    spec = find_spec(package)
    places = (spec.submodule_search_locations or ()) if spec is not None else ()
    if folder in ("srv", "action") and any((Path(p) / folder / "__init__.py").is_file() for p in places):
        try:
            return importlib.import_module(f"{package}.{folder}")
        except ImportError as error:
            raise DdsError(f"type {ros_type} cannot be loaded: {error}; reinstall {package}") from error
    debian = f"ros-{os.environ.get('ROS_DISTRO', 'DISTRO')}-{package.replace('_', '-')}"
    raise DdsError(
        f"type {ros_type}: package {package} is not in the agent's ROS environment; "
        f"install {debian}, or source the workspace that has it and restart the agent"
    )
