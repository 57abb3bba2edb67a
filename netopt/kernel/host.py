"""Looks at the whole host: kernel, memory, settings, interfaces, counters, who else sets things."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from netopt.core.observed import Counters, Host
from netopt.core.settings import Kind, Target
from netopt.kernel.files import sysctl_files
from netopt.kernel.knobs import KernelKnobs
from netopt.kernel.links import Links
from netopt.kernel.sysctl import PROC_SYS, read_text

_HOST_ONLY = "net/core/netdev_max_backlog"
"""There in the initial network namespace alone (tried, Linux 6.18; net/core/sysctl_net_core.c)."""


class KernelHost:
    """Reads this host.

    Args:
        root: Folder of the sysctls.
        sysctl_folder: Where our file of sysctls is.
    """

    def __init__(self, root: Path = PROC_SYS, *, sysctl_folder: str = "/etc/sysctl.d") -> None:
        self._root = root
        self._sysctl_folder = sysctl_folder
        self._knobs = KernelKnobs(root)

    def observe(self, targets: Collection[Target]) -> Host:
        """The host as it is now."""
        live = self._root == PROC_SYS
        interfaces = Links().interfaces() if live else ()
        everything = [
            *targets,
            *(
                Target(kind, name, one.name)
                for one in interfaces
                for kind, name in (
                    (Kind.LINK, "multicast"),
                    (Kind.LINK, "txqueuelen"),
                    *([(Kind.RING, "rx")] if one.rings else []),
                    *((Kind.FEATURE, name) for name in one.offloads_off),
                )
            ),
        ]
        initial = is_initial(self._root)
        return Host(
            kernel=kernel_version(),
            initial_namespace=initial,
            container=container_kind(),
            memory_bytes=memory_bytes(),
            readings={target: self._knobs.read(target) for target in everything},
            interfaces=interfaces,
            congestion_controls=self._congestion_controls(initial=initial),
            queues=frozenset({*_modules("sch_"), *(one.qdisc for one in interfaces)}),
            counters=_counters() if live else Counters(),
            tuned_profile=_line(Path("/etc/tuned/active_profile")) if Path("/run/tuned").is_dir() else "",
            sysctl_files=sysctl_files(self._sysctl_folder),
            cyclone_uri=cyclone_uri(os.environ.get("CYCLONEDDS_URI", "")),
        )

    def _congestion_controls(self, *, initial: bool) -> frozenset[str]:
        """Outside the initial namespace only those that anybody may use (tried: EPERM for others)."""
        name = "tcp_available_congestion_control" if initial else "tcp_allowed_congestion_control"
        names = _line(self._root / "net/ipv4" / name).split()
        return frozenset({*names, *(_modules("tcp_") if initial else ())})


def place_of(root: Path = PROC_SYS) -> str:
    """Which network namespace or tree this is, as a name that another one never has."""
    if root != PROC_SYS:
        return f"tree {root.resolve()}"
    if is_initial(root):
        return "host"
    boot = _line(Path("/proc/sys/kernel/random/boot_id"))[:8]  # numbers of namespaces begin again at a start
    return f"netns {os.stat('/proc/thread-self/ns/net').st_ino} {boot}"  # noqa: PTH116


def is_initial(root: Path = PROC_SYS) -> bool:
    """Whether this is the network namespace of the host itself."""
    return (root / _HOST_ONLY).exists()


def kernel_version() -> tuple[int, int]:
    """E.g. (6, 18)."""
    match = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def memory_bytes() -> int:
    """Memory of the host; 0: unknown."""
    with suppress(ValueError, OSError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 0


def container_kind() -> str:
    """E.g. ``docker``; empty: no sign of one."""
    if Path("/.dockerenv").exists():
        return "docker"
    if Path("/run/.containerenv").exists():
        return "podman"
    return os.environ.get("container", "")  # noqa: SIM112  # the name that systemd-nspawn, lxc and podman set


def cyclone_uri(value: str) -> str:
    """What the variable says, with the text of the files that it names."""
    parts = [value]
    for address in re.findall(r"file://([^,\s<]+)", value):
        with suppress(OSError):
            parts.append(Path(address).read_text(errors="replace"))
    return "\n".join(parts)


def _line(path: Path) -> str:
    try:
        return read_text(path).strip()
    except OSError:
        return ""


def _modules(prefix: str) -> Iterator[str]:
    """What the kernel has built in or can load, e.g. ``fq`` of ``sch_fq``."""
    folder = Path("/lib/modules") / os.uname().release
    for name in ("modules.builtin", "modules.dep"):
        try:
            text = (folder / name).read_text(errors="replace")
        except OSError:
            continue
        yield from re.findall(rf"/{prefix}(\w+)\.ko", text)


def _counters() -> Counters:
    softnet = [line.split() for line in _line(Path("/proc/thread-self/net/softnet_stat")).splitlines()]
    snmp = _snmp()
    return Counters(
        backlog_drops=sum(int(words[1], 16) for words in softnet if len(words) > 2),
        time_squeezes=sum(int(words[2], 16) for words in softnet if len(words) > 2),
        reassembly_failures=snmp.get("Ip ReasmFails", 0),
        udp_buffer_errors=snmp.get("Udp RcvbufErrors", 0),
    )


def _snmp() -> dict[str, int]:
    """/proc/net/snmp: a line of names and a line of numbers for each protocol."""
    lines = [line.split() for line in _line(Path("/proc/thread-self/net/snmp")).splitlines()]
    return {
        f"{names[0].rstrip(':')} {name}": int(number)
        for names, numbers in zip(lines[::2], lines[1::2], strict=False)
        for name, number in zip(names[1:], numbers[1:], strict=False)
    }
