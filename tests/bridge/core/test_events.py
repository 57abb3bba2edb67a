"""The vocabulary of what can happen is closed: values, each handled by the graph or the engine."""

from __future__ import annotations

import dataclasses
import typing

import pytest

from bridge.core import events
from bridge.core.events import EndpointLost, Event, TokenAnnounced
from bridge.core.gid import Gid
from tests.builders import publisher

KINDS = typing.get_args(Event)


def test_every_class_of_an_event_is_in_the_union() -> None:
    values = {events.Endpoint, events.EndpointKind}
    declared = {
        one for one in vars(events).values() if isinstance(one, type) and one.__module__ == events.__name__
    }
    assert declared - values == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_events_are_frozen_and_in_the_past_tense(kind: type[Event]) -> None:
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen
    assert kind.__name__.endswith(("ed", "Lost"))


def test_equal_events_are_equal_values() -> None:
    gid = Gid(bytes(16))
    assert {EndpointLost(gid=gid), EndpointLost(gid=gid)} == {EndpointLost(gid=gid)}
    assert TokenAnnounced(token=publisher()) == TokenAnnounced(token=publisher())
    with pytest.raises(dataclasses.FrozenInstanceError):
        EndpointLost(gid=gid).gid = gid  # type: ignore[misc]
