"""Cyclone's C functions through our own handle: right types, and the interpreter stays free."""

from __future__ import annotations

import ctypes as ct
import threading

import pytest
from cyclonedds.core import GuardCondition
from cyclonedds.domain import DomainParticipant

from bridge.dds import clib


def test_every_function_is_there_with_its_types() -> None:
    functions = {name: one for name, one in vars(clib).items() if isinstance(one, ct._CFuncPtr)}
    assert {"create_waitset", "waitset_attach", "waitset_wait", "wait_for_acks", "delete"} <= set(functions)
    for name, function in functions.items():
        assert function.argtypes, name
        assert function.restype is not None, name


def test_the_handle_is_our_own_so_that_cyclonedds_types_are_not_ours() -> None:
    from cyclonedds.internal import DDS

    assert clib._library is not DDS._dll_handle
    assert clib._library._name == DDS._dll_handle._name


def test_a_name_that_the_library_lacks_is_noticed_at_once() -> None:
    with pytest.raises(AttributeError, match="dds_no_such_function"):
        clib._declare("dds_no_such_function", ct.c_int32)


def test_the_layout_mark_is_an_address() -> None:
    assert clib.SERTYPE_V0


def test_an_error_comes_back_as_a_negative_number() -> None:
    assert clib.create_waitset(-1) < 0
    assert clib.delete(-1) < 0


def test_a_wait_leaves_the_interpreter_to_others(participant: DomainParticipant) -> None:
    waitset = clib.create_waitset(participant._ref)
    guard = GuardCondition(participant)
    assert clib.waitset_attach(waitset, guard._ref, 1 << 40) == 0
    ready = (ct.c_ssize_t * 4)()
    counts: list[int] = []
    waiting = threading.Event()

    def wait() -> None:
        waiting.set()
        counts.append(clib.waitset_wait(waitset, ready, 4, 60_000_000_000))

    thread = threading.Thread(target=wait)
    thread.start()
    assert waiting.wait(30)
    guard.set(True)  # only possible while the wait does not hold the interpreter
    thread.join(30)
    assert (counts, ready[0]) == ([1], 1 << 40)
    clib.delete(waitset)
