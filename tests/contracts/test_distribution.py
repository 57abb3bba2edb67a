"""What the statistics rely on, held by HdrHistogram and by the exact fake."""

from __future__ import annotations

import pytest

from netopt.errors import UsageError
from netopt.probe.distribution import HdrDistribution
from tests.fakes.distribution import ExactDistribution


@pytest.fixture(params=[HdrDistribution, ExactDistribution])
def new(request):
    return request.param


def test_percentiles_are_those_of_the_values_to_three_digits(new):
    found = new()
    for value in range(1, 10_001):
        found.record_us(value * 10)
    for percentile, wanted in ((50.0, 50_000), (99.0, 99_000), (100.0, 100_000)):
        assert found.percentile_us(percentile) == pytest.approx(wanted, rel=1e-3)
    assert found.mean_us() == pytest.approx(50_005, rel=1e-3)
    assert (found.count, found.min_us()) == (10_000, 10)
    assert found.max_us() == pytest.approx(100_000, rel=1e-3)


def test_an_empty_one_has_no_figures(new):
    found = new()
    assert (found.count, found.percentile_us(99.0), found.min_us(), found.max_us(), found.mean_us()) == (
        0,
    ) * 5


def test_values_beyond_the_range_count_as_its_end(new):
    found = new()
    for value in (-5, 0, 90_000_000):
        found.record_us(value)
    assert found.count == 3
    assert found.min_us() == 1
    assert found.max_us() == pytest.approx(60_000_000, rel=1e-3)


def test_two_of_them_add_up(new):
    one, other = new(), new()
    for value in (10, 20):
        one.record_us(value)
    other.record_us(30)
    one.merge(other.encode())
    assert (one.count, one.percentile_us(100.0), one.mean_us()) == (3, 30, 20.0)


@pytest.mark.parametrize("text", ["", "x", "HISTFAAAA", "SElTVEZBQUFB", "\0"])
def test_what_is_none_is_refused(new, text):
    with pytest.raises(UsageError):
        new().merge(text)
