"""What the numbers were measured on."""

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Machine:
    """The computer, as far as it matters here."""

    processor: str
    cores: int
    """Cores that this process may use."""
    memory_gib: float
    kernel: str
    load: float
    """Processes that ran or wanted to, the minute before: above zero, others are measured too."""
    flush_ms: float
    """Median time to write 8 kB and have it on disk, where the server keeps its data."""

    def __str__(self) -> str:
        return (
            f"{self.processor}, {self.cores} cores, {self.memory_gib:.0f} GiB of memory, {self.kernel}; "
            f"8 kB on disk in {self.flush_ms:.2f} ms; load before {self.load:.1f}"
        )


def describe(folder: Path) -> Machine:
    """Look at this machine; folder: where the server's data will be, for the time of a flush."""
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        kernel=f"{platform.system()} {platform.release()}",
        load=os.getloadavg()[0],
        flush_ms=1000 * _flush_seconds(folder),
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _flush_seconds(folder: Path) -> float:
    """Return the median seconds of a write of 8 kB with its fdatasync."""
    path = folder / "flush-probe"
    handle = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        os.write(handle, bytes(8192 * 101))
        os.fsync(handle)
        times = []
        for place in range(101):
            began = time.perf_counter()
            os.pwrite(handle, bytes(8192), 8192 * place)
            os.fdatasync(handle)
            times.append(time.perf_counter() - began)
        return median(times)
    finally:
        os.close(handle)
        path.unlink()
