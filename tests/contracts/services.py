"""Two sides of :class:`bridge.serviceports.LocalServices` that meet on one domain, and messages for them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bridge.core.cdr import CdrReader, CdrWriter
from bridge.dds.participant import CycloneSide
from bridge.dds.services import CycloneServices
from bridge.serviceports import LocalServices
from tests.contracts.pairs import real_dds_pair
from tests.fakes.services import FakeServiceDomain
from tests.integration.support.domains import domains

MAX_OPEN = 30
"""Of the pairs, so that a test can exceed it."""
ROS_TYPE = "rcl_interfaces/srv/ListParameters"
"""Of every ROS environment, with text both ways."""


@dataclass(slots=True)
class ServicesPair:
    """Two sides of one form on one domain: the server is at the left, clients are at the right."""

    left: LocalServices
    right: LocalServices


def request(text: str) -> bytes:
    """``string[] prefixes, uint64 depth``."""
    writer = CdrWriter()
    writer.u32(1)
    writer.string(text)
    writer.align(8)
    writer.octets(bytes(8))
    return writer.payload


def response(text: str) -> bytes:
    """``string[] names, string[] prefixes``."""
    writer = CdrWriter()
    writer.u32(1)
    writer.string(text)
    writer.u32(0)
    return writer.payload


def text_of(payload: bytes) -> str:
    """The text in a request or response."""
    reader = CdrReader(payload)
    assert reader.u32() == 1
    return reader.string()


@contextlib.contextmanager
def fake_services() -> Iterator[ServicesPair]:
    """In memory."""
    domain = FakeServiceDomain()
    left, right = domain.side(max_open=MAX_OPEN), domain.side(max_open=MAX_OPEN)
    yield ServicesPair(left, right)
    left.close()
    right.close()


@contextlib.contextmanager
def cyclone_services() -> Iterator[ServicesPair]:
    """Two participants on loopback."""
    with real_dds_pair() as pair:
        pair.start()
        sides = [
            CycloneServices(side, max_open=MAX_OPEN)
            for side in (pair.left, pair.right)
            if isinstance(side, CycloneSide)
        ]
        try:
            yield ServicesPair(*sides)
        finally:
            for side in sides:
                side.close()


@contextlib.contextmanager
def rclpy_services() -> Iterator[ServicesPair]:
    """Two contexts of rclpy on loopback."""
    pytest.importorskip("rclpy", reason="ROS is not in this environment")
    from bridge.ros import environment
    from bridge.ros.services import RclpyServices

    told = environment.variables(
        discovery_range="localhost", loopback_only=True, static_peers=(), environment=os.environ
    )
    undo = environment.apply(told, os.environ)
    try:
        with domains(1) as (domain_id,):
            left, right = (
                RclpyServices(domain_id=domain_id, zid=zid, max_open=MAX_OPEN)
                for zid in ("a1b2c3d4", "b2c3d4e5")
            )
            try:
                yield ServicesPair(left, right)
            finally:
                left.close()
                right.close()
    finally:
        undo()
