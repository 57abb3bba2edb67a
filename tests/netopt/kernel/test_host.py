"""A look at this host, and at a copied tree."""

from __future__ import annotations

from pathlib import Path

from netopt.core.plan import make_plan, observed_targets
from netopt.core.profile import PROFILES
from netopt.core.settings import sysctl
from netopt.kernel.host import KernelHost, cyclone_uri, is_initial, place_of


def test_this_host_can_be_planned_for_without_any_privilege():
    host = KernelHost().observe(observed_targets())
    assert host.kernel > (3, 0)
    assert host.memory_bytes > 1 << 20
    assert host.interface("lo") is not None
    for profile in PROFILES:
        assert make_plan(host, profile, profile.demand).steps


def test_a_copied_tree_has_no_interfaces_and_is_a_place_of_its_own(proc_sys):
    host = KernelHost(proc_sys).observe(observed_targets())
    assert host.interfaces == ()
    assert host.reading(sysctl("net.core.rmem_max")).text == "212992\n"
    assert "bbr" in host.congestion_controls
    assert place_of(proc_sys) == f"tree {proc_sys}"
    assert place_of() != place_of(proc_sys)


def test_a_tree_without_the_host_s_own_keys_is_a_container(proc_sys: Path):
    assert is_initial(proc_sys)
    (proc_sys / "net/core/netdev_max_backlog").unlink()
    assert not is_initial(proc_sys)
    assert not KernelHost(proc_sys).observe(()).initial_namespace


def test_files_that_cyclonedds_uri_names_are_read(tmp_path):
    (tmp_path / "c.xml").write_text("<CycloneDDS/>")
    assert "<CycloneDDS/>" in cyclone_uri(f"file://{tmp_path}/c.xml")
    assert cyclone_uri("file:///no/such.xml,<a/>").startswith("file:///no/such.xml,<a/>")
