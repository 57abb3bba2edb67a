"""Sysctls below a folder."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from netopt.core.observed import Access
from netopt.core.settings import sysctl
from netopt.errors import CannotTune
from netopt.kernel.sysctl import SysctlTree
from tests.netopt.kernel.conftest import needs_namespace


def test_the_real_tree_can_be_read():
    assert int(SysctlTree().read(sysctl("net.ipv4.ipfrag_time")).text) > 0
    assert SysctlTree().read(sysctl("net.ipv4.tcp_nodelay")).access is Access.ABSENT


def test_a_shorter_value_leaves_nothing_of_a_longer_one(proc_sys):
    tree = SysctlTree(proc_sys)
    tree.write(sysctl("net.ipv4.tcp_notsent_lowat"), "3\n")
    assert tree.read(sysctl("net.ipv4.tcp_notsent_lowat")).text == "3\n"


def test_a_refused_value_is_an_error_with_the_kernel_s_word(tmp_path):
    with pytest.raises(CannotTune, match=r"net\.x\.y = '1': No such file"):
        SysctlTree(tmp_path).write(sysctl("net.x.y"), "1\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_without_permission_it_is_read_only():
    assert SysctlTree().read(sysctl("net.ipv4.ipfrag_time")).access is Access.READ_ONLY


IN_NAMESPACE = """
from netopt.core.settings import sysctl
from netopt.errors import CannotTune
from netopt.kernel.sysctl import SysctlTree
tree = SysctlTree()
print(tree.read(sysctl("net.core.rmem_max")).access.value)
print(tree.read(sysctl("net.core.netdev_max_backlog")).access.value)
rmem = sysctl("net.ipv4.tcp_rmem")
tree.write(rmem, "4096 131072 16777216\\n")
print(repr(tree.read(rmem).text))
try:
    tree.write(rmem, "8192 99999999999 5\\n")
except CannotTune as error:
    print("Invalid argument" in str(error), tree.read(rmem).text.split()[0])
"""


@needs_namespace
def test_the_kernel_in_a_namespace_of_its_own():
    """Limits are read-only or hidden there, and a refused vector may be half written."""
    done = subprocess.run(
        ["unshare", "-n", sys.executable, "-c", IN_NAMESPACE], capture_output=True, text=True, check=True
    )
    limit, backlog, vector, refused = done.stdout.splitlines()
    assert limit in {"read_only", "absent"}
    assert backlog == "absent"
    assert vector == repr("4096\t131072\t16777216\n")
    assert refused in {"True 8192", "True 4096"}
