"""Plan, apply, verify, undo: on a host in memory that can refuse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netopt.core.plan import make_plan
from netopt.core.profile import PROFILES, profile_named
from netopt.core.settings import Kind, Target, sysctl
from netopt.errors import CannotTune
from netopt.kernel.journal import FileJournal
from netopt.tuning import Tuner
from tests.fakes.kernel import OLD_KERNEL, FakeHost, FakeKnobs, old_host

ROBOT = profile_named("robot")
FOLDER = "/etc/sysctl.d"
FILE = Target(Kind.FILE, f"{FOLDER}/60-zenlink.conf")
RMEM = sysctl("net.core.rmem_max")
TCP = sysctl("net.ipv4.tcp_rmem")


class Stage:
    """A host, its tuner, and plans made of what is there now."""

    def __init__(self, folder, host=None) -> None:
        host = host or old_host()
        self.knobs = FakeKnobs({target: reading.text for target, reading in host.readings.items()})
        self.host = FakeHost(self.knobs, host)
        self.store = FileJournal(folder, "host")
        self.tuner = Tuner(knobs=self.knobs, store=self.store, now=lambda: "now", sysctl_folder=FOLDER)

    def plan(self, profile=ROBOT, **changes):
        return make_plan(self.host.observe(), profile, profile.demand, **changes)

    def apply(self, profile=ROBOT):
        return self.tuner.apply(self.plan(profile))


@pytest.fixture
def stage(tmp_path) -> Stage:
    return Stage(tmp_path)


def test_apply_reaches_the_plan_and_a_second_apply_changes_nothing(stage):
    changed = stage.apply()
    assert len(changed) == 15  # 13 sysctls that are off, loopback multicast, our file
    assert stage.knobs.texts[RMEM] == "33554432\n"
    assert "net.core.rmem_max = 33554432" in stage.knobs.texts[FILE]
    after = str(stage.knobs)
    writes = len(stage.knobs.writes)
    assert stage.apply() == ()
    assert (str(stage.knobs), len(stage.knobs.writes)) == (after, writes)


def test_rollback_brings_back_every_byte(stage):
    before = dict(stage.knobs.texts)
    stage.apply()
    undone = stage.tuner.rollback()
    assert stage.knobs.texts == before
    assert len(undone.restored) == 15
    assert stage.tuner.rollback() is None


def test_rollback_undoes_two_profiles_at_once(stage):
    before = dict(stage.knobs.texts)
    stage.apply(profile_named("router"))
    stage.apply(profile_named("simulator"))
    stage.tuner.rollback()
    assert stage.knobs.texts == before


def test_what_somebody_else_set_since_is_left_and_reported(stage):
    stage.apply()
    stage.knobs.texts[RMEM] = "50000000\n"
    undone = stage.tuner.rollback()
    assert [(str(one.target), one.new) for one in undone.foreign] == [("net.core.rmem_max", "50000000\n")]
    assert stage.knobs.texts[RMEM] == "50000000\n"
    stage.tuner.rollback(force=True)
    assert stage.knobs.texts[RMEM] == "212992\n"
    assert stage.tuner.rollback() is None


def test_a_refused_write_undoes_everything_also_half_a_vector(stage):
    before = dict(stage.knobs.texts)
    stage.knobs.refused.add(TCP)
    stage.knobs.texts[TCP] = before[TCP] = "1024\t87380\t6291456\n"
    with pytest.raises(CannotTune, match="refused"):
        stage.tuner.apply(stage.plan(profile_named("router")))
    assert stage.knobs.texts == before
    assert stage.store.load() is None


def test_a_refused_second_apply_keeps_the_journal_of_the_first(stage):
    before = dict(stage.knobs.texts)
    stage.apply(profile_named("router"))
    kept = stage.store.load()
    stage.knobs.refused.add(RMEM)
    stage.knobs.texts[RMEM] = before[RMEM] = "212992\t1\n"
    stage.knobs.deaf.add(sysctl("net.ipv4.ipfrag_time"))
    with pytest.raises(CannotTune):
        stage.apply()
    assert stage.store.load() == kept
    stage.tuner.rollback()
    assert stage.knobs.texts == before


def test_a_write_without_effect_is_noticed_by_reading_back(stage):
    before = dict(stage.knobs.texts)
    stage.knobs.deaf.add(sysctl("net.ipv4.ipfrag_time"))
    with pytest.raises(CannotTune, match=r"ipfrag_time shows '30' after '3' was written"):
        stage.apply()
    assert stage.knobs.texts == before


def test_without_permission_nothing_is_changed_and_all_that_is_missing_is_named(stage):
    before = dict(stage.knobs.texts)
    stage.knobs.read_only = {RMEM: "may not be written", FILE: "/etc is on a read-only file system"}
    with pytest.raises(CannotTune) as caught:
        stage.apply()
    assert "net.core.rmem_max: may not be written" in str(caught.value)
    assert "/etc is on a read-only file system" in str(caught.value)
    assert (stage.knobs.texts, stage.knobs.writes) == (before, [])
    assert stage.store.load() is None


def test_the_journal_is_on_the_disk_before_the_first_write(stage):
    seen = []
    stage.knobs.before_write = lambda: seen.append(stage.store.load())
    stage.apply()
    assert all(journal is not None and not journal.complete for journal in seen)
    assert {str(entry.target) for entry in seen[0].entries} >= {"net.core.rmem_max", str(FILE)}
    assert stage.store.load().complete
    assert not stage.tuner.interrupted()


def test_a_value_raised_since_the_plan_is_not_lowered(stage):
    plan = stage.plan()
    stage.knobs.texts[RMEM] = "67108864\n"
    stage.tuner.apply(plan)
    assert stage.knobs.texts[RMEM] == "67108864\n"


def test_an_interface_that_has_gone_does_not_stop_the_rollback(stage):
    stage.apply()
    del stage.knobs.texts[Target(Kind.LINK, "multicast", "lo")]
    undone = stage.tuner.rollback()
    assert "lo multicast" in {str(target) for target in undone.already}
    assert undone.foreign == ()


def test_no_file_is_written_where_none_is_wanted(tmp_path):
    stage = Stage(tmp_path)
    stage.tuner = Tuner(knobs=stage.knobs, store=stage.store, now=lambda: "now", sysctl_folder="")
    stage.apply()
    assert FILE not in stage.knobs.texts


@given(
    st.sampled_from(PROFILES),
    st.dictionaries(st.sampled_from(sorted(OLD_KERNEL)), st.integers(0, 2**31).map(str)),
)
def test_any_host_comes_back_byte_for_byte(tmp_path_factory, profile, values):
    stage = Stage(tmp_path_factory.mktemp("state"), old_host(OLD_KERNEL | values))
    before = dict(stage.knobs.texts)
    stage.apply(profile)
    assert stage.apply(profile) == ()
    stage.tuner.rollback()
    assert stage.knobs.texts == before
