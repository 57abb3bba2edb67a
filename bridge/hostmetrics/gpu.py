"""GPUs, as NVIDIA's driver tells them (NVML)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

from prometheus_client.core import GaugeMetricFamily, Metric

from bridge.errors import CannotRun

T = TypeVar("T")
_LABELS = ("gpu", "uuid", "model")


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuReading:
    """One GPU, now; None is what the driver does not tell (a GPU divided by MIG has no utilisation)."""

    index: int
    uuid: str
    model: str
    utilization: float | None = None
    """Part of the last sampling period of the driver in which a kernel ran, 0 to 1."""
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None


def gpu_metrics(readings: Iterable[GpuReading]) -> list[Metric]:
    """One series for each GPU."""
    families = {
        "utilization": GaugeMetricFamily(
            "zenlink_gpu_utilization_ratio", "Part of the time in which it worked.", labels=_LABELS
        ),
        "memory_used_bytes": GaugeMetricFamily("zenlink_gpu_memory_used_bytes", "Taken.", labels=_LABELS),
        "memory_total_bytes": GaugeMetricFamily(
            "zenlink_gpu_memory_total_bytes", "Built in.", labels=_LABELS
        ),
    }
    for one in readings:
        for field, family in families.items():
            value = getattr(one, field)
            if value is not None:
                family.add_metric([str(one.index), one.uuid, one.model], value)
    return list(families.values())


class NvmlReader:
    """Reads all GPUs of the host.

    Args:
        library: nvidia-ml-py's module ``pynvml``, or one like it; None: that, when it is first needed.
    """

    name = "gpu"

    def __init__(self, library: ModuleType | None = None) -> None:
        self._library: Any = library
        self._open = False

    def read(self) -> Sequence[Metric]:
        """See `Reader`."""
        nvml = self._library = self._library or _load()
        try:
            if not self._open:
                nvml.nvmlInit()
                self._open = True
            return gpu_metrics([_reading(nvml, index) for index in range(nvml.nvmlDeviceGetCount())])
        except nvml.NVMLError as error:
            self.close()  # a driver that was replaced wants to be opened again
            raise CannotRun(
                f"NVIDIA's driver tells nothing: {error}",
                remedy="look at nvidia-smi; a container needs `--gpus all`; or set metrics.gpu: false",
            ) from error

    def close(self) -> None:
        """See `Reader`."""
        if self._open:
            self._open = False
            _told(self._library, self._library.nvmlShutdown)


def _load() -> ModuleType:
    try:
        import pynvml
    except ImportError as error:
        raise CannotRun(
            "the package nvidia-ml-py is missing",
            remedy="pip install 'zenlink[gpu]', or set metrics.gpu: false",
        ) from error
    return pynvml  # type: ignore[no-any-return]


def _reading(nvml: Any, index: int) -> GpuReading:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    rates = _told(nvml, lambda: nvml.nvmlDeviceGetUtilizationRates(handle))
    memory = _told(nvml, lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
    return GpuReading(
        index=index,
        uuid=_text(nvml.nvmlDeviceGetUUID(handle)),
        model=_text(nvml.nvmlDeviceGetName(handle)),
        utilization=None if rates is None else rates.gpu / 100.0,
        memory_used_bytes=None if memory is None else int(memory.used),
        memory_total_bytes=None if memory is None else int(memory.total),
    )


def _told(nvml: Any, ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except nvml.NVMLError_NotSupported:
        return None


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value  # bytes before nvidia-ml-py 12
