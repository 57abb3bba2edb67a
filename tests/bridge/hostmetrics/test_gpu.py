"""GPUs, one series each; the real library where there is a driver, and its own error where there is none."""

from __future__ import annotations

import ctypes

import pynvml
import pytest

from bridge.errors import CannotRun
from bridge.hostmetrics.gpu import NvmlReader
from tests.fakes.nvml import FakeGpu, FakeNvml

Values = dict[tuple[str, str], float]


def values(reader: NvmlReader) -> Values:
    return {
        (sample.name, sample.labels["uuid"]): sample.value
        for family in reader.read()
        for sample in family.samples
    }


def has_driver() -> bool:
    try:
        ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return False
    return True


def test_each_gpu_has_its_own_figures() -> None:
    nvml = FakeNvml(FakeGpu("GPU-a", busy_percent=37, used=5 << 30), FakeGpu("GPU-b", busy_percent=100))
    found = values(NvmlReader(nvml))
    assert found["zenlink_gpu_utilization_ratio", "GPU-a"] == 0.37
    assert found["zenlink_gpu_utilization_ratio", "GPU-b"] == 1.0
    assert found["zenlink_gpu_memory_used_bytes", "GPU-a"] == 5 << 30
    assert found["zenlink_gpu_memory_total_bytes", "GPU-b"] == 24 << 30


def test_labels_name_number_uuid_and_model() -> None:
    [used] = [one for one in NvmlReader(FakeNvml(FakeGpu("GPU-a"))).read() if "used" in one.name]
    assert used.samples[0].labels == {"gpu": "0", "uuid": "GPU-a", "model": "NVIDIA L4"}


def test_what_the_driver_does_not_tell_is_left_out() -> None:
    found = values(NvmlReader(FakeNvml(FakeGpu("GPU-a", busy_percent=None))))
    assert ("zenlink_gpu_utilization_ratio", "GPU-a") not in found
    assert ("zenlink_gpu_memory_used_bytes", "GPU-a") in found


def test_a_driver_that_was_replaced_is_opened_again() -> None:
    nvml = FakeNvml(FakeGpu("GPU-a"))
    reader = NvmlReader(nvml)
    reader.read()
    nvml.gone = True
    with pytest.raises(CannotRun, match="driver tells nothing"):
        reader.read()
    nvml.gone = False
    assert values(reader)
    assert nvml.opened == 1
    reader.close()
    reader.close()
    assert nvml.opened == 0


@pytest.mark.skipif(has_driver(), reason="this host has NVIDIA's driver")
def test_a_host_without_a_driver_says_so() -> None:
    with pytest.raises(CannotRun, match=r"driver tells nothing: .*; look at nvidia-smi"):
        NvmlReader(pynvml).read()


@pytest.mark.skipif(not has_driver(), reason="no NVIDIA driver here: only the fake one was read")
def test_the_real_driver_is_read() -> None:
    reader = NvmlReader()
    found = values(reader)
    reader.close()
    assert all(value > 0 for (name, _), value in found.items() if name.endswith("total_bytes"))
