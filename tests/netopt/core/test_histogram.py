from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netopt.core.histogram import EDGES_S, Counts


def test_both_classes_of_targets_are_edges():
    assert {0.01, 0.1} <= set(EDGES_S)


@pytest.mark.parametrize(("us", "edge"), [(1, 0.001), (10_000, 0.01), (10_001, 0.025), (100_000, 0.1)])
def test_a_duration_counts_at_the_least_edge_that_it_does_not_exceed(us, edge):
    counts = Counts()
    counts.add(us)
    assert counts.value().counts.index(1) == EDGES_S.index(edge)


@given(st.lists(st.integers(0, 60_000_000)))
def test_nothing_is_left_out_however_long(durations_us):
    counts = Counts()
    for us in durations_us:
        counts.add(us)
    found = counts.value()
    assert sum(found.counts) == len(durations_us)
    assert found.counts[-1] == sum(us > EDGES_S[-1] * 1e6 for us in durations_us)
    assert found.sum_s == pytest.approx(sum(durations_us) / 1e6)
