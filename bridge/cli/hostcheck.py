"""A look at the kernel's settings beside a running agent: one line in its log, and never a change."""

from __future__ import annotations

import logging
import threading
from collections import Counter

from bridge.core.jsonform import Counts
from netopt.errors import NetoptError

_LOG = logging.getLogger(__name__)
_JOIN_S = 2.0


class HostCheck:
    """Looks once, on a thread of its own (``tune-check``), so that the agent does not wait for it.

    Args:
        profile: What the host does.
    """

    def __init__(self, profile: str) -> None:
        self._profile = profile
        self._counts: Counts = ()
        self._thread = threading.Thread(target=self._run, name="tune-check", daemon=True)

    def start(self) -> None:
        """Begin to look. Thread: any, once."""
        self._thread.start()

    def counts(self) -> Counts:
        """(severity, findings), as `zenlink tune check` has them; empty before it has looked. Thread: any."""
        return self._counts

    def close(self) -> None:
        """Wait until it has looked; at once where it never began."""
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)

    def _run(self) -> None:
        """Thread: tune-check."""
        try:
            self._look()
        except (NetoptError, OSError, ImportError) as error:
            _LOG.info("could not look at the kernel's settings: %s", error)
        except Exception:  # noqa: BLE001  # the top of a thread
            _LOG.exception("looking at the kernel's settings failed")

    def _look(self) -> None:
        from netopt.core.findings import Severity, findings_of
        from netopt.core.plan import make_plan, observed_targets
        from netopt.core.profile import demand_of, profile_named
        from netopt.kernel.host import KernelHost

        host = KernelHost().observe(observed_targets())
        profile = profile_named(self._profile)
        plan = make_plan(host, profile, demand_of(profile, memory_bytes=host.memory_bytes))
        found = findings_of(plan)
        by_severity = Counter(finding.severity for finding in found)
        self._counts = tuple((severity.value, by_severity[severity]) for severity in Severity)
        bad = [finding.subject for finding in found if finding.severity is Severity.ERROR]
        if bad:
            _LOG.warning(
                "kernel settings that lose or delay messages: %s; `zenlink tune plan --profile %s` says why",
                ", ".join(bad),
                self._profile,
            )
        else:
            _LOG.info("kernel settings suit the profile %s (%d remarks)", self._profile, len(found))
