"""What a monitor is told."""

from __future__ import annotations

from dataclasses import replace

from netopt.core.findings import Severity, findings_of
from netopt.core.observed import Counters, Reading, SysctlFile
from netopt.core.plan import State, make_plan
from netopt.core.profile import profile_named
from tests.fakes.kernel import OLD_KERNEL, old_host

ROBOT = profile_named("robot")


def found(host=None, **options):
    return findings_of(make_plan(host or old_host(), ROBOT, ROBOT.demand), **options)


def tuned_host(**changes):
    host = old_host(**changes)
    steps = make_plan(host, ROBOT, ROBOT.demand).having(State.CHANGE)
    after = {step.target: Reading(f"{step.new}\n") for step in steps}
    return replace(host, readings={**host.readings, **after})


def test_a_tuned_host_has_nothing_to_say():
    assert found(tuned_host()) == ()


def test_what_loses_messages_is_an_error_and_comes_first():
    findings = found()
    assert findings[0].severity is Severity.ERROR
    by_subject = {finding.subject: finding for finding in findings}
    assert by_subject["net.core.rmem_max"].severity is Severity.ERROR
    assert by_subject["net.ipv4.tcp_mtu_probing"].severity is Severity.WARNING
    assert by_subject["net.core.rmem_max"].remedy == "`zenlink tune apply --profile robot`"
    order = [finding.severity for finding in findings]
    assert order == sorted(order, key=[Severity.ERROR, Severity.WARNING, Severity.INFO].index)


def test_an_interrupted_apply_is_an_error():
    assert found(tuned_host(), interrupted=True)[0].code == "apply_interrupted"


def test_what_a_container_cannot_see_is_only_information():
    few = {key: value for key, value in OLD_KERNEL.items() if not key.startswith("net.core.rmem")}
    hidden = [one for one in found(old_host(few, initial_namespace=False)) if one.code == "setting_hidden"]
    assert {one.subject for one in hidden} == {"net.core.rmem_max", "net.core.rmem_default"}
    assert {one.severity for one in hidden} == {Severity.INFO}


def test_counters_that_show_loss_are_warnings():
    counters = Counters(reassembly_failures=7, udp_buffer_errors=9)
    codes = {one.code: one for one in found(tuned_host(counters=counters))}
    assert codes.keys() == {"fragments_lost", "udp_buffers_full"}
    assert "7 datagrams" in codes["fragments_lost"].text


def test_a_file_that_undoes_ours_at_the_next_start_is_named():
    files = (
        SysctlFile(path="/etc/sysctl.d/60-zenlink.conf", text="net.core.rmem_max = 33554432\n"),
        SysctlFile(path="/etc/sysctl.d/99-late.conf", text="net.core.rmem_max = 134217728\n"),
    )
    (finding,) = found(tuned_host(sysctl_files=files))
    assert finding.code == "overridden_at_start"
    assert "/etc/sysctl.d/99-late.conf:1" in finding.text


def test_a_finding_is_one_line():
    assert str(found()[0]).startswith("error setting_off [net.core.rmem_max]: is 212992, should be 33554432")


def test_a_journal_that_cannot_be_read_is_a_warning_not_the_end():
    (finding,) = found(tuned_host(), journal="cannot read it")
    assert (finding.code, finding.severity) == ("journal_unreadable", Severity.WARNING)
