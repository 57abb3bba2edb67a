"""Tries a plan before it is applied: in a network namespace of its own, so that the host stays as it is.

What belongs to a namespace is set there for real. The limits of sockets (net.core.rmem_max and the like)
cannot be set in a namespace; what they would give is given to the sockets directly, which needs root.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from pyroute2 import IPRoute

from netopt.core import sizing
from netopt.core.largemessages import LargeMessages, Outcome
from netopt.core.plan import Plan, State, Step
from netopt.core.settings import Kind, Scope
from netopt.errors import CannotTune
from netopt.kernel.largemessages import Reader, send_datagrams, send_stream
from netopt.kernel.sysctl import SysctlTree

Answer = TypeVar("Answer")
_CLONE_NEWNET = 0x40000000  # linux/sched.h; os.unshare comes with Python 3.12
_FRAME_BYTES = 1500
"""Loopback has frames of 64 KiB; with these its datagrams come in fragments, as on a network."""
NOTHING = "UDP, reader that asks for no buffer (Fast DDS)"
ASKING = "UDP, reader that asks for one (Cyclone DDS)"
STREAM = "TCP (a Zenoh link)"


def try_plan(plan: Plan, messages: LargeMessages, *, planned: bool) -> tuple[Outcome, ...]:
    """Large messages over the loopback of a namespace that is set as the host is, or as the plan wants it.

    Args:
        plan: Whose old or new values.
        messages: What is sent.
        planned: The new values.

    Raises:
        CannotTune: No namespace can be made here.

    Thread: any; makes one of its own and waits for it.
    """
    return in_private_namespace(lambda: _try(plan, messages, planned=planned))


def measure_host(plan: Plan, messages: LargeMessages) -> tuple[Outcome, ...]:
    """The same over the loopback of this host, as it is set now.

    Raises:
        CannotTune: A socket is refused.
    """
    return (
        send_datagrams(messages, Reader(), kind=NOTHING),
        send_datagrams(messages, Reader(asked_bytes=sizing.rmem_max(plan.demand)), kind=ASKING),
        send_stream(messages, kind=STREAM),
    )


def _try(plan: Plan, messages: LargeMessages, *, planned: bool) -> tuple[Outcome, ...]:
    with IPRoute() as route:
        (lo,) = route.link_lookup(ifname="lo")
        route.link("set", index=lo, mtu=_FRAME_BYTES)
        route.link("set", index=lo, state="up")
    tree = SysctlTree()
    for step in plan.steps:
        if step.target.kind is Kind.SYSCTL and step.setting.scope is Scope.NAMESPACE and step.old:
            with suppress(CannotTune):  # a namespace may not choose every congestion control
                tree.write(step.target, _value(step, planned=planned))
    default = _number(plan, "net.core.rmem_default", planned=planned)
    limit = _number(plan, "net.core.rmem_max", planned=planned)
    asked = min(sizing.rmem_max(plan.demand), limit) if limit else sizing.rmem_max(plan.demand)
    # The kernel doubles what is asked for, but not its default.
    return (
        send_datagrams(messages, Reader(asked_bytes=default // 2, forced=True), kind=NOTHING),
        send_datagrams(messages, Reader(asked_bytes=asked, forced=True), kind=ASKING),
        send_stream(messages, kind=STREAM),
    )


def _value(step: Step, *, planned: bool) -> str:
    return f"{step.new}\n" if planned and step.state is not State.ABSENT else step.old


def _number(plan: Plan, key: str, *, planned: bool) -> int:
    """A limit of the host, old or new; 0: the plan does not know it."""
    for step in plan.steps:
        if step.target.name == key:
            text = _value(step, planned=planned).strip()
            return int(text) if text.isdigit() else 0
    return 0


def in_private_namespace(work: Callable[[], Answer]) -> Answer:
    """The answer of `work`, run on a thread in a network namespace that ends with it.

    Raises:
        CannotTune: No namespace can be made, or `work` raised it.
    """
    answers: list[Answer] = []
    faults: list[Exception] = []

    def run() -> None:
        try:
            _leave_namespace()
            answers.append(work())
        except Exception as error:  # noqa: BLE001  # raised again by who asked
            faults.append(error)

    thread = threading.Thread(target=run, name="tune-trial", daemon=True)
    thread.start()
    thread.join()
    if faults:
        raise faults[0]
    return answers[0]


def _leave_namespace() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET):
        reason = os.strerror(ctypes.get_errno())
        raise CannotTune(
            f"cannot make a network namespace to try the plan in: {reason}",
            remedy="run it as root, or `zenlink tune apply --measure` to measure the host itself",
        )
