from __future__ import annotations

import pytest

from netopt.core.report import points
from tests.netopt.core.test_tally import shot


def test_each_stretch_has_its_median_its_peak_and_its_losses():
    shots = [shot(number, None if number == 7 else 50.0 if number == 3 else 1.0) for number in range(10)]
    first, second = points(shots, limit=2)
    assert (first.at_s, first.median_ms, first.max_ms, first.lost) == (0.0, 1.0, 50.0, 0)
    assert (second.at_s, second.median_ms, second.max_ms, second.lost) == (0.05, 1.0, 1.0, 1)


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 5000])
def test_a_curve_has_a_bounded_number_of_points(count):
    assert len(points([shot(number, 1.0) for number in range(count)])) <= 1000


def test_a_stretch_in_which_all_is_lost_has_no_value():
    [point] = points([shot(0, None)])
    assert (point.median_ms, point.max_ms, point.lost) == (None, None, 1)
