"""Payloads of services as rclpy's messages, and back. They are checked before rclpy decodes them."""

from __future__ import annotations

from typing import Any

from bridge.core.cdr import HEADER_BYTES
from bridge.errors import WireError


def decoded(payload: bytes, message: type) -> Any:
    """A message of that type.

    Raises:
        WireError: rclpy cannot decode it.
    """
    from rclpy.serialization import deserialize_message  # noqa: PLC0415 - without ROS nobody comes here

    # A message without members is a byte without meaning, which plain CDR of other makers leaves out.
    full = payload if len(payload) > HEADER_BYTES else payload + b"\x00"
    try:
        return deserialize_message(full, message)
    except Exception as error:
        raise WireError(
            "service_payload", offset=HEADER_BYTES, expected=f"a {message.__name__}", found=str(error)
        ) from error


def encoded(value: Any) -> bytes:
    """A message with its encapsulation header."""
    from rclpy.serialization import serialize_message  # noqa: PLC0415 - without ROS nobody comes here

    return bytes(serialize_message(value))
