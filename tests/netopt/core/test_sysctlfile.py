"""Files of sysctls, and our place among them."""

from __future__ import annotations

import pytest

from netopt.core.observed import SysctlFile
from netopt.core.sysctlfile import DEFAULT_NAME, assignments, file_name, is_ours, overriding, render

WANTED = {"net.core.rmem_max": "33554432", "net.ipv4.tcp_rmem": "4096 131072 16777216"}


def file(name: str, *lines: str) -> SysctlFile:
    return SysctlFile(path=f"/etc/sysctl.d/{name}", text="\n".join(lines))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("net.core.rmem_max = 1", ("net.core.rmem_max", "1")),
        ("-net/core/rmem_max=1", ("net.core.rmem_max", "1")),
        ("net/ipv4/conf/eth0.1/rp_filter = 1", ("net.ipv4.conf.eth0/1.rp_filter", "1")),
        ("# net.core.rmem_max = 1", None),
        ("; x = 1", None),
        ("", None),
        ("net.ipv4.conf.*.rp_filter = 2", ("net.ipv4.conf.*.rp_filter", "2")),
    ],
)
def test_lines(line, found):
    assert [(one.key, one.value) for one in assignments(file("a.conf", line))] == ([found] if found else [])


def test_a_later_file_that_sets_the_same_differently_is_found_with_its_line():
    later = file("99-robotics.conf", "# from a blog", "net.core.rmem_max=134217728")
    ((found, line),) = overriding([later], WANTED)
    assert (found.path, line.number) == ("/etc/sysctl.d/99-robotics.conf", 2)


def test_earlier_files_equal_values_and_our_own_file_do_no_harm():
    files = [
        file("10-a.conf", "net.core.rmem_max = 1"),
        file("90-b.conf", "net.core.rmem_max = 33554432", "net.ipv4.tcp_rmem = 4096\t131072\t16777216"),
        file("99-zenlink.conf", "net.core.rmem_max = 5"),
    ]
    assert overriding(files, WANTED) == ()
    assert file_name(files, WANTED) == DEFAULT_NAME


@pytest.mark.parametrize(
    "other", ["99-sysctl.conf", "70-a.conf", "99-zzz.conf", "zz.conf", "99-zenlink2.conf"]
)
def test_our_file_comes_after_whoever_sets_the_same(other):
    files = [file(other, "net.core.rmem_max = 1")]
    name = file_name(files, WANTED)
    assert name > other
    assert name.endswith(".conf")
    assert is_ours(f"/etc/sysctl.d/{name}")
    assert overriding(files, WANTED, name=name) == ()


def test_wildcards_count():
    assert overriding([file("99-x.conf", "net.core.* = 1")], WANTED) != ()


def test_what_we_write_can_be_read_again():
    text = render(WANTED, {"net.core.rmem_max": "why"}, title="profile robot")
    found = {line.key: line.value for line in assignments(SysctlFile(path="x.conf", text=text))}
    assert found == WANTED
    assert "# why\nnet.core.rmem_max = 33554432\n" in text
