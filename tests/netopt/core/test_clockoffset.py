from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netopt.core.clockoffset import DRIFT_PPM, ClockSource, OffsetEstimator
from netopt.core.probeframe import UNKNOWN_ERROR_US, Echo, Reply
from netopt.core.schedule import NS_PER_S, Shot

MS = 1_000_000
NOBODY = Echo()
WALL = 1_700_000_000 * NS_PER_S


def shot(at_ns, *, there_ns, back_ns, offset_ns=0, wall_step_ns=0, echo=NOBODY, echo_wall_step_ns=0):
    """One answered message over a path with these delays to a clock that is `offset_ns` ahead."""
    arrived = at_ns + there_ns
    echo_wall = WALL + arrived + offset_ns + echo_wall_step_ns
    return Shot(
        sequence=0,
        intended_ns=at_ns,
        sent_ns=at_ns,
        sent_wall_ns=WALL + at_ns + wall_step_ns,
        received_ns=arrived + back_ns,
        received_wall_ns=WALL + arrived + back_ns + wall_step_ns,
        reply=Reply(
            run=0,
            sequence=0,
            sent_wall_ns=WALL + at_ns + wall_step_ns,
            echo_received_wall_ns=echo_wall,
            echo_sent_wall_ns=echo_wall,
            echo_monotonic_ns=arrived,
            echo=echo,
        ),
    )


def test_a_symmetric_path_gives_the_offset_and_half_the_round_trip_as_bound():
    estimator = OffsetEstimator()
    estimator.add(shot(0, there_ns=4 * MS, back_ns=4 * MS, offset_ns=-3 * NS_PER_S))
    found = estimator.estimate()
    assert found.offset_ns == -3 * NS_PER_S
    assert found.bound_ns == pytest.approx(4 * MS, rel=1e-3)
    assert found.source is ClockSource.PROBE


delays = st.integers(0, 200 * MS)


@given(
    paths=st.lists(st.tuples(delays, delays), min_size=1, max_size=30),
    offset_ns=st.integers(-(10**12), 10**12),
    drift=st.floats(-DRIFT_PPM, DRIFT_PPM),
)
def test_the_truth_is_inside_however_the_path_behaves(paths, offset_ns, drift):
    estimator, now_ns = OffsetEstimator(), 0
    for there_ns, back_ns in paths:
        drifted = round(offset_ns + (now_ns + there_ns) * drift / 1e6)
        estimator.add(shot(now_ns, there_ns=there_ns, back_ns=back_ns, offset_ns=drifted))
        now_ns += there_ns + back_ns + 100 * MS
    found = estimator.estimate(now_ns)
    truth_ns = offset_ns + now_ns * drift / 1e6
    margin_ns = len(paths) + 2  # rounding of the drift, each time
    assert estimator.steps == 0
    assert found.low_ns - margin_ns <= truth_ns <= found.high_ns + margin_ns


def test_the_bound_grows_with_age_by_what_clocks_may_drift():
    estimator = OffsetEstimator()
    estimator.add(shot(0, there_ns=MS, back_ns=MS))
    at_ns = 2 * MS
    fresh, old = estimator.estimate(at_ns), estimator.estimate(at_ns + 100 * NS_PER_S)
    assert old.bound_ns - fresh.bound_ns == 100 * NS_PER_S * DRIFT_PPM // 1_000_000


def test_a_faster_message_tightens_the_bound_and_a_slower_one_leaves_it():
    estimator = OffsetEstimator()
    bounds = []
    for number, delay_ms in enumerate((10, 3, 50)):
        estimator.add(shot(number * 10 * MS, there_ns=delay_ms * MS, back_ns=delay_ms * MS, offset_ns=5))
        bounds.append(estimator.estimate().bound_ns / MS)
    assert bounds == pytest.approx([10.0, 3.0, 3.0], abs=0.02)


def test_ends_that_read_one_clock_have_no_offset_at_all():
    estimator = OffsetEstimator(clock_id=9)
    estimator.add(shot(0, there_ns=80 * MS, back_ns=5 * MS, echo=Echo(clock_id=9)))
    found = estimator.estimate()
    assert (found.offset_ns, found.bound_ns, found.source) == (0, 0, ClockSource.SAME_CLOCK)


@pytest.mark.parametrize("own", [0, 8])
def test_an_unknown_or_other_clock_id_proves_nothing(own):
    estimator = OffsetEstimator(clock_id=own)
    estimator.add(shot(0, there_ns=MS, back_ns=MS, echo=Echo(clock_id=0)))
    assert estimator.estimate().source is ClockSource.PROBE


def test_disciplined_clocks_are_used_where_they_are_the_tighter_bound_and_named():
    estimator = OffsetEstimator(max_error_us=300)
    estimator.add(shot(0, there_ns=40 * MS, back_ns=5 * MS, echo=Echo(max_error_us=700)))
    found = estimator.estimate()
    assert (found.offset_ns, found.bound_ns, found.source) == (0, MS, ClockSource.SYNCHRONISED)


def test_a_clock_that_nobody_disciplines_is_not_used():
    estimator = OffsetEstimator(max_error_us=UNKNOWN_ERROR_US)
    estimator.add(shot(0, there_ns=40 * MS, back_ns=5 * MS, echo=Echo(max_error_us=1)))
    assert estimator.estimate().source is ClockSource.PROBE


@pytest.mark.parametrize("step", [{"wall_step_ns": 500 * MS}, {"echo_wall_step_ns": -20 * MS}], ids=str)
def test_a_step_of_either_clock_is_noticed_and_begins_the_estimate_anew(step):
    estimator = OffsetEstimator()
    estimator.add(shot(0, there_ns=30 * MS, back_ns=30 * MS))
    estimator.add(shot(100 * MS, there_ns=30 * MS, back_ns=30 * MS, **step))
    assert estimator.steps == 1
    expected_ns = step.get("echo_wall_step_ns", 0) - step.get("wall_step_ns", 0)
    found = estimator.estimate()
    assert found.low_ns <= expected_ns <= found.high_ns


def test_a_lost_message_says_nothing():
    estimator = OffsetEstimator()
    estimator.add(Shot(sequence=0, intended_ns=0, sent_ns=0, sent_wall_ns=WALL))
    assert estimator.estimate() is None
