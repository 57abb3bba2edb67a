"""What `zenlink tune` was asked for, and what that takes: a plan of this host, a tuner, a measurement."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from netopt.core.largemessages import LargeMessages, Outcome
from netopt.errors import UsageError

if TYPE_CHECKING:
    from netopt.core.plan import Plan
    from netopt.tuning import Tuner


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line asks for."""

    profile: str | None
    rate: str | None
    rtt: str | None
    message: str | None
    interfaces: tuple[str, ...]
    config: Path | None
    state_dir: Path
    sysctl_dir: Path
    proc_sys: Path

    def plan(self) -> Plan:
        """The host against the profile, now.

        Raises:
            UsageError: A figure, a name or an interface is not known.
        """
        from netopt.core.plan import make_plan, observed_targets
        from netopt.core.profile import demand_of, profile_named
        from netopt.core.quantities import parse_rate, parse_size, parse_time
        from netopt.kernel.host import KernelHost

        profile = profile_named(self._profile())
        host = KernelHost(self.proc_sys, sysctl_folder=str(self.sysctl_dir)).observe(observed_targets())
        for name in self.interfaces:
            if host.interface(name) is None:
                known = ", ".join(one.name for one in host.interfaces) or "none"
                raise UsageError(f"there is no interface {name}", remedy=f"use one of {known}")
        demand = demand_of(
            profile,
            rate_bit_s=None if self.rate is None else parse_rate(self.rate),
            rtt_s=None if self.rtt is None else parse_time(self.rtt),
            message_bytes=None if self.message is None else parse_size(self.message),
            memory_bytes=host.memory_bytes,
        )
        return make_plan(host, profile, demand, interfaces=self.interfaces)

    def _profile(self) -> str:
        if self.profile is not None:
            return self.profile
        if self.config is None:
            return "robot"
        from bridge.config_io import load

        return load(self.config).config.tune.profile

    def tuner(self, *, persist: bool = True) -> Tuner:
        """Whoever applies and undoes plans here."""
        from netopt.kernel.host import place_of
        from netopt.kernel.journal import FileJournal
        from netopt.kernel.knobs import KernelKnobs
        from netopt.tuning import Tuner

        return Tuner(
            knobs=KernelKnobs(self.proc_sys),
            store=FileJournal(self.state_dir, place_of(self.proc_sys)),
            now=lambda: datetime.now(timezone.utc).isoformat(timespec="seconds"),
            sysctl_folder=str(self.sysctl_dir) if persist else "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Large messages before and after."""

    messages: LargeMessages
    before: tuple[Outcome, ...]
    after: tuple[Outcome, ...]
    trial: bool
    """In a network namespace of its own, not on the host itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What `--measure` sends, but for the size, which the plan says."""

    count: int
    reader_pause_s: float

    def messages(self, made: Plan) -> LargeMessages:
        """Of the size that the plan is made for."""
        return LargeMessages(
            message_bytes=made.demand.message_bytes, count=self.count, reader_pause_s=self.reader_pause_s
        )


def try_out(made: Plan, load: Load) -> Measured:
    """Large messages as it is now and as planned, in a network namespace of its own.

    Raises:
        CannotTune: None can be made here.
    """
    from netopt.kernel.trial import try_plan

    messages = load.messages(made)
    _progress("measuring in a network namespace of its own: as it is now, ...")
    before = try_plan(made, messages, planned=False)
    _progress("... and as planned")
    after = try_plan(made, messages, planned=True)
    return Measured(messages=messages, before=before, after=after, trial=True)


def measure_host(made: Plan, load: Load) -> tuple[Outcome, ...]:
    """Large messages over the loopback of this host, as it is set now."""
    from netopt.kernel import trial

    _progress("measuring over the loopback of this host ...")
    return trial.measure_host(made, load.messages(made))


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(text, file=sys.stderr)
