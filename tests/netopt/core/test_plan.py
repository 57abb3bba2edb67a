"""Hosts against profiles: the golden plans, and what holds for any."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netopt.core.observed import Access, Interface, Reading, SysctlFile
from netopt.core.plan import (
    Plan,
    State,
    make_plan,
    observed_targets,
    persistent,
    persistent_name,
)
from netopt.core.profile import PROFILES, demand_of, profile_named
from netopt.core.settings import Kind, Target, sysctl
from tests.fakes.kernel import OLD_KERNEL, old_host
from tests.netopt.core.test_sizing import DEMANDS

ROBOT = profile_named("robot")


def plan(host=None, profile=ROBOT, **demand) -> Plan:
    return make_plan(host or old_host(), profile, demand_of(profile, **demand))


def lines(found: Plan, *states: State) -> list[str]:
    return [
        f"{step.target}: {step.seen} -> {step.new}" for step in found.having(*(states or (State.CHANGE,)))
    ]


def test_the_plan_for_1_gbit_s_and_50_ms():
    assert lines(plan(rate_bit_s=10**9, rtt_s=0.05)) == [
        "net.core.rmem_max: 212992 -> 33554432",
        "net.core.rmem_default: 212992 -> 16777216",
        "net.core.wmem_max: 212992 -> 16777216",
        "net.ipv4.ipfrag_high_thresh: 4194304 -> 134217728",
        "net.ipv4.ipfrag_time: 30 -> 3",
        "net.ipv6.ip6frag_high_thresh: 4194304 -> 134217728",
        "net.ipv6.ip6frag_time: 60 -> 3",
        "net.ipv4.tcp_rmem: 4096 131072 6291456 -> 4096 131072 16777216",
        "net.ipv4.tcp_wmem: 4096 16384 4194304 -> 4096 16384 16777216",
        "net.ipv4.tcp_notsent_lowat: 4294967295 -> 131072",
        "net.ipv4.tcp_slow_start_after_idle: 1 -> 0",
        "net.ipv4.tcp_mtu_probing: 0 -> 1",
        "net.ipv4.tcp_congestion_control: cubic -> bbr",
        "net.core.default_qdisc: pfifo_fast -> fq",
        "net.ipv4.tcp_thin_linear_timeouts: 0 -> 1",
        "lo multicast: off -> on",
    ]


def test_the_plan_for_100_mbit_s_and_5_ms_needs_no_larger_tcp_buffers():
    found = plan(rate_bit_s=10**8, rtt_s=0.005)
    rules = {str(step.target): str(step.setting.rule) for step in found.steps}
    assert rules["net.ipv4.tcp_rmem"] == "at least 4096 131072 131072"  # pow2ceil(2 x 62 500)
    assert rules["net.ipv4.tcp_wmem"] == "at least 4096 16384 131072"
    states = {str(step.target): step.state for step in found.steps}
    assert states["net.ipv4.tcp_rmem"] is State.GOOD  # 6 MiB is there already, and is never lowered
    assert states["net.ipv4.tcp_wmem"] is State.GOOD
    assert "net.ipv4.ipfrag_high_thresh: 4194304 -> 67108864" in lines(found)


def test_the_recipe_is_repaired_where_it_lowered_and_kept_where_it_is_larger():
    recipe = {"net.ipv4.tcp_rmem": "4096\t87380\t134217728", "net.core.rmem_max": "134217728"}
    changes = lines(plan(old_host(OLD_KERNEL | recipe)))
    assert "net.ipv4.tcp_rmem: 4096 87380 134217728 -> 4096 131072 134217728" in changes
    assert not any("net.core.rmem_max" in line for line in changes)


def test_a_container_sets_what_is_its_own_and_names_the_rest():
    inside = {key: value for key, value in OLD_KERNEL.items() if key != "net.core.default_qdisc"}
    host = old_host(inside, initial_namespace=False, container="docker")
    limits = [sysctl(f"net.core.{name}") for name in ("rmem_max", "rmem_default", "wmem_max")]
    read_only = {key: Reading("212992\n", Access.READ_ONLY, "refused") for key in limits}
    found = plan(replace(host, readings={**host.readings, **read_only}))
    assert lines(found, State.HOST_ONLY) == [
        "net.core.rmem_max: 212992 -> 33554432",
        "net.core.rmem_default: 212992 -> 16777216",
        "net.core.wmem_max: 212992 -> 16777216",
        "net.core.default_qdisc:  -> fq",
    ]
    assert "net.ipv4.ipfrag_time: 30 -> 3" in lines(found)


def test_a_read_only_proc_sys_blocks_and_says_so():
    host = old_host()
    readings = {
        target: replace(reading, access=Access.READ_ONLY, problem="read-only file system")
        for target, reading in host.readings.items()
    }
    found = plan(replace(host, readings=readings))
    assert not found.having(State.CHANGE)
    assert {step.note for step in found.having(State.BLOCKED)} == {"read-only file system"}


def test_what_a_kernel_lacks_is_absent_with_its_reason():
    few = {key: value for key, value in OLD_KERNEL.items() if "notsent" not in key and "thin" not in key}
    found = plan(old_host(few, kernel=(3, 10), congestion_controls=frozenset({"cubic"}), queues=frozenset()))
    notes = {str(step.target): step.note for step in found.having(State.ABSENT)}
    assert notes == {
        "net.ipv4.tcp_notsent_lowat": "needs Linux 3.12 or later",
        "net.ipv4.tcp_congestion_control": "this kernel does not show that it has bbr",
        "net.core.default_qdisc": "this kernel does not show that it has fq",
        "net.ipv4.tcp_thin_linear_timeouts": "this kernel does not have it",
    }


def test_a_value_that_is_not_understood_is_left_alone():
    found = plan(old_host(OLD_KERNEL | {"net.ipv4.tcp_rmem": "auto"}))
    (step,) = [step for step in found.steps if step.target.name == "net.ipv4.tcp_rmem"]
    assert step.state is State.ABSENT
    assert "does not understand" in step.note


def test_nonsense_that_kernels_accept_is_mended():
    """Linux takes ipfrag_time=-1 without a word (tried on 6.18)."""
    assert "net.ipv4.ipfrag_time: -1 -> 3" in lines(
        plan(old_host(OLD_KERNEL | {"net.ipv4.ipfrag_time": "-1"}))
    )


def test_what_waits_for_a_request_waits_also_without_permission():
    card = Interface(name="eth0", mtu=1500, txqueuelen=1000, qdisc="fq", offloads_off=("rx-gro",))
    gro = Target(Kind.FEATURE, "rx-gro", "eth0")
    host = old_host(interfaces=(card,))
    locked = Reading("off\n", Access.READ_ONLY, "needs the capability CAP_NET_ADMIN")
    found = make_plan(replace(host, readings={**host.readings, gro: locked}), ROBOT, ROBOT.demand)
    assert [str(step.target) for step in found.having(State.ON_REQUEST)] == ["eth0 feature rx-gro"]
    assert not found.having(State.BLOCKED)


def test_our_file_has_what_changes_and_keeps_what_it_had():
    ours = SysctlFile(path="/etc/sysctl.d/60-zenlink.conf", text="net.core.rmem_max = 33554432\n")
    host = old_host(OLD_KERNEL | {"net.core.rmem_max": "33554432"}, sysctl_files=(ours,))
    wanted = persistent(plan(host))
    assert wanted["net.core.rmem_max"] == "33554432"
    assert wanted["net.ipv4.ipfrag_time"] == "3"
    assert "net.ipv4.tcp_sack" not in wanted  # good by itself, and a later kernel may know better
    assert "net.core.rmem_max" not in persistent(plan(replace(host, sysctl_files=())))


def test_our_file_comes_after_one_that_would_undo_it():
    blog = SysctlFile(path="/etc/sysctl.d/99-robotics.conf", text="net.core.rmem_max = 134217728\n")
    assert persistent_name(plan()) == "60-zenlink.conf"
    assert persistent_name(plan(old_host(sysctl_files=(blog,)))) == "99-zenlink.conf"


def test_compliance_is_a_number_for_each_setting():
    found = plan().compliance()
    assert found["net.core.somaxconn"] is True
    assert found["net.core.rmem_max"] is False


def test_everything_that_any_plan_needs_is_read():
    names = {target.name for target in observed_targets()}
    for profile in PROFILES:
        for step in plan(profile=profile).steps:
            assert step.target.kind is not Kind.SYSCTL or step.target.name in names


@given(DEMANDS, st.sampled_from(PROFILES), st.data())
def test_no_plan_lowers_a_limit_and_a_second_plan_has_nothing_to_do(demand, profile, data):
    sizes = st.integers(0, 2**31)
    readings = {
        "net.core.rmem_max": str(data.draw(sizes)),
        "net.core.rmem_default": str(data.draw(sizes)),
        "net.ipv4.tcp_rmem": "\t".join(str(data.draw(sizes)) for _ in range(3)),
        "net.ipv4.ipfrag_high_thresh": str(data.draw(sizes)),
    }
    host = old_host(OLD_KERNEL | readings)
    first = make_plan(host, profile, demand)
    for step in first.steps:
        if step.target.name in readings:
            pairs = zip(step.old.split(), step.new.split(), strict=True)
            assert all(int(new) >= int(old) for old, new in pairs)
    after = {step.target: Reading(f"{step.new}\n") for step in first.having(State.CHANGE)}
    second = make_plan(replace(host, readings={**host.readings, **after}), profile, demand)
    assert not second.having(State.CHANGE)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_profile_leaves_a_well_set_host_alone(profile):
    first = plan(profile=profile)
    after = {step.target: Reading(f"{step.new}\n") for step in first.having(State.CHANGE)}
    host = old_host()
    assert lines(plan(replace(host, readings={**host.readings, **after}), profile)) == []
