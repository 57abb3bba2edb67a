"""A driver with the GPUs of the test, behind the functions of pynvml; can lack what MIG takes away."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import pynvml


@dataclass
class FakeGpu:
    uuid: str
    name: str = "NVIDIA L4"
    busy_percent: int | None = 0
    used: int = 0
    total: int = 24 << 30


class FakeNvml:
    """``gone``: every call fails, as after the driver was replaced under a running process."""

    NVMLError = pynvml.NVMLError
    NVMLError_NotSupported = pynvml.NVMLError_NotSupported

    def __init__(self, *gpus: FakeGpu) -> None:
        self.gpus = gpus
        self.gone = False
        self.opened = 0

    def nvmlInit(self) -> None:  # noqa: N802 - the library's name
        self._check()
        self.opened += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.opened -= 1

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        self._check()
        return len(self.gpus)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> FakeGpu:  # noqa: N802
        self._check()
        return self.gpus[index]

    def nvmlDeviceGetUUID(self, gpu: FakeGpu) -> str:  # noqa: N802
        return gpu.uuid

    def nvmlDeviceGetName(self, gpu: FakeGpu) -> bytes:  # noqa: N802
        return gpu.name.encode()

    def nvmlDeviceGetUtilizationRates(self, gpu: FakeGpu) -> SimpleNamespace:  # noqa: N802
        if gpu.busy_percent is None:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return SimpleNamespace(gpu=gpu.busy_percent, memory=0)

    def nvmlDeviceGetMemoryInfo(self, gpu: FakeGpu) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(used=gpu.used, total=gpu.total)

    def _check(self) -> None:
        if self.gone:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
