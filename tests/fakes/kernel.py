"""A Linux host in memory: its knobs can refuse or die at a given operation, and it prints itself as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from netopt.core.observed import Access, Host, Interface, Reading
from netopt.core.settings import Kind, Target, sysctl
from netopt.errors import CannotTune

OLD_KERNEL = {
    "net.core.rmem_max": "212992",
    "net.core.rmem_default": "212992",
    "net.core.wmem_max": "212992",
    "net.core.wmem_default": "212992",
    "net.core.somaxconn": "4096",
    "net.core.default_qdisc": "pfifo_fast",
    "net.core.netdev_max_backlog": "1000",
    "net.core.netdev_budget": "300",
    "net.core.netdev_budget_usecs": "2000",
    "net.ipv4.tcp_rmem": "4096\t131072\t6291456",
    "net.ipv4.tcp_wmem": "4096\t16384\t4194304",
    "net.ipv4.tcp_notsent_lowat": "4294967295",
    "net.ipv4.tcp_window_scaling": "1",
    "net.ipv4.tcp_timestamps": "1",
    "net.ipv4.tcp_sack": "1",
    "net.ipv4.tcp_moderate_rcvbuf": "1",
    "net.ipv4.tcp_slow_start_after_idle": "1",
    "net.ipv4.tcp_mtu_probing": "0",
    "net.ipv4.tcp_congestion_control": "cubic",
    "net.ipv4.tcp_thin_linear_timeouts": "0",
    "net.ipv4.tcp_low_latency": "0",
    "net.ipv4.ipfrag_high_thresh": "4194304",
    "net.ipv4.ipfrag_time": "30",
    "net.ipv6.ip6frag_high_thresh": "4194304",
    "net.ipv6.ip6frag_time": "60",
}
"""What Ubuntu 22.04 (Linux 5.15) shows."""
LO_MULTICAST = Target(Kind.LINK, "multicast", "lo")


def old_host(sysctls: Mapping[str, str] = OLD_KERNEL, **changes) -> Host:
    """A host as Ubuntu 22.04 installs it, but for `changes`."""
    host = Host(
        kernel=(5, 15),
        readings={
            **{sysctl(key): Reading(f"{value}\n") for key, value in sysctls.items()},
            LO_MULTICAST: Reading("off\n"),
            Target(Kind.LINK, "txqueuelen", "eth0"): Reading("1000\n"),
        },
        interfaces=(
            Interface(name="lo", mtu=65536, txqueuelen=1000, qdisc="noqueue", loopback=True),
            Interface(name="eth0", mtu=1500, txqueuelen=1000, qdisc="fq_codel", default_route=True),
        ),
        congestion_controls=frozenset({"reno", "cubic", "bbr"}),
        queues=frozenset({"fq", "fq_codel", "pfifo_fast"}),
    )
    return replace(host, **changes)


def copied_tree(root: Path) -> Path:
    """A copy of what can be read of /proc/sys/net, below `root`, with the values of `OLD_KERNEL`."""
    for path in Path("/proc/sys/net").rglob("*"):
        copy = root / path.relative_to("/proc/sys")
        with suppress(OSError):
            if path.is_file():
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
    for key, value in OLD_KERNEL.items():
        path = root / key.replace(".", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n")
    (root / "net/ipv4/tcp_available_congestion_control").write_text("reno cubic bbr\n")
    return root


class FakeKnobs:
    """Knobs in memory.

    Args:
        texts: What is there.
    """

    def __init__(self, texts: Mapping[Target, str]) -> None:
        self.texts = dict(texts)
        self.refused: set[Target] = set()
        """Writing these fails; of a vector the first number is changed all the same, as Linux does."""
        self.read_only: dict[Target, str] = {}
        """Why these cannot be written."""
        self.deaf: set[Target] = set()
        """Writing these has no effect and no error."""
        self.before_write: Callable[[], None] = lambda: None
        self.writes: list[tuple[Target, str | None]] = []

    def read(self, target: Target) -> Reading:
        problem = self.read_only.get(target, "")
        if target not in self.texts:
            return Reading(access=Access.ABSENT, problem=problem)
        return Reading(self.texts[target], Access.READ_ONLY if problem else Access.WRITABLE, problem)

    def write(self, target: Target, text: str | None) -> None:
        self.before_write()
        self.writes.append((target, text))
        if target in self.read_only:
            raise CannotTune(f"{target}: {self.read_only[target]}")
        if target in self.refused:
            _, _, rest = self.texts[target].partition("\t")
            if rest and text:
                self.texts[target] = f"{text.split()[0]}\t{rest}"
            if text != self.texts[target]:
                self.refused.discard(target)  # taking it back is not refused
                raise CannotTune(f"the kernel refused {target}")
        if target in self.deaf:
            return
        if text is None:
            self.texts.pop(target, None)
        elif target.kind is Kind.SYSCTL:
            self.texts[target] = "\t".join(text.split()) + "\n"  # as the kernel shows it
        else:
            self.texts[target] = text

    def __str__(self) -> str:
        return "\n".join(
            f"{target} = {' '.join(text.split())}"
            for target, text in sorted(self.texts.items(), key=lambda item: str(item[0]))
        )


class FakeHost:
    """The reader that goes with `FakeKnobs`."""

    def __init__(self, knobs: FakeKnobs, host: Host) -> None:
        self.knobs = knobs
        self.host = host

    def observe(self, targets=()) -> Host:
        return replace(self.host, readings={target: self.knobs.read(target) for target in self.knobs.texts})
