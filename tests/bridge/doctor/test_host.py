"""What the host tells, of this host and of planted ones."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from bridge.doctor import host
from tests.integration.support.processes import ROOT
from tests.netopt.kernel.conftest import needs_namespace


def test_loopback_is_seen_as_what_it_is():
    [lo] = [one for one in host.interfaces(try_multicast=False) if one.name == "lo"]
    assert (lo.loopback, lo.up, lo.echo) == (True, True, None)
    assert "127.0.0.1" in lo.addresses


def test_a_domain_in_use_is_known_by_its_ports():
    before = host.domains_in_use()
    free = next(number for number in range(60, 99) if number not in before)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 7400 + 250 * free + 11))
        assert free in host.domains_in_use()


def test_limits_of_a_container_are_read(tmp_path):
    (tmp_path / "memory.max").write_text("268435456\n")
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    found = host.container("docker", cgroup=tmp_path)
    assert (found.kind, found.memory_max_bytes, found.cpus) == ("docker", 268435456, 0.5)
    assert found.shm_bytes is None or found.shm_bytes > 0


@pytest.mark.parametrize("text", ["max 100000\n", "", "nonsense"])
def test_no_limit_is_no_number(tmp_path, text):
    (tmp_path / "cpu.max").write_text(text)
    found = host.container("", cgroup=tmp_path)
    assert (found.memory_max_bytes, found.cpus) == (None, None)


def test_the_kernel_tells_of_its_clock_and_its_buffers():
    assert host.clock_synchronised() in (True, False, None)
    assert host.rmem_max_bytes() is None or host.rmem_max_bytes() > 0


_PLANTED = """
import subprocess, time
from bridge.doctor.host import interfaces
def ip(*commands):
    for command in commands:
        subprocess.run(["ip", *command.split()], check=True)
ip("link set lo up", "link add zl0 type veth peer name zl1", "addr add 10.9.8.7/24 dev zl0")
ip("link set zl1 up", "link set zl0 up multicast off")
while not any(one.up for one in interfaces(try_multicast=False) if one.name == "zl0"):
    time.sleep(0.01)  # the kernel finds the carrier a moment later
[off] = [one for one in interfaces(try_multicast=True) if one.name == "zl0"]
ip("link set zl0 multicast on")
[on] = [one for one in interfaces(try_multicast=True) if one.name == "zl0"]
print(off.up, off.multicast, off.echo, on.up, on.multicast, on.echo)
"""


@needs_namespace
def test_multicast_that_is_off_is_seen_on_a_real_interface():
    done = subprocess.run(
        ["unshare", "-n", sys.executable, "-c", _PLANTED],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.split() == ["True", "False", "None", "True", "True", "True"], done.stderr
