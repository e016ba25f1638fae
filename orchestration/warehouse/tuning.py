"""Settings of the embedded server for the machine it finds itself on.

Belongs here: what depends on memory, cores and disk. What never changes (durability, logging) stands in
``embedded``.
"""

import dataclasses
import os
import shutil
from pathlib import Path

MIB = 1024**2
GIB = 1024**3


@dataclasses.dataclass(frozen=True)
class Machine:
    """What the server may use.

    Attributes
    ----------
    memory_bytes : int
        RAM, or the container's limit where that is lower.
    cores : int
        Cores this process may run on.
    free_disk_bytes : int
        Free space where the data lie.
    shared_memory_bytes : int
        Size of ``/dev/shm``; containers often have 64 MB.
    """

    memory_bytes: int
    cores: int
    free_disk_bytes: int
    shared_memory_bytes: int


def tuned_settings(machine: Machine) -> dict[str, str]:
    """PostgreSQL settings for ``machine``.

    ``shared_buffers``, ``work_mem``, ``max_wal_size`` and parallel workers are what changed run times;
    the others keep the planner's picture of the machine right.
    """
    memory = machine.memory_bytes
    workers = 0 if machine.cores < 2 else min(machine.cores, 4)
    return {
        "shared_buffers": _megabytes(_clamp(memory // 4, 64 * MIB, 2 * GIB)),
        "work_mem": _megabytes(_clamp(memory // 128, 4 * MIB, 64 * MIB)),
        "maintenance_work_mem": _megabytes(_clamp(memory // 32, 32 * MIB, 512 * MIB)),
        "effective_cache_size": _megabytes(max(memory // 2, 128 * MIB)),
        # The log may fill an eighth of what is free, so that a small disk never fills up with it.
        "max_wal_size": _megabytes(_clamp(machine.free_disk_bytes // 8, 256 * MIB, 4 * GIB)),
        "max_parallel_workers_per_gather": str(workers),
        "max_parallel_workers": str(max(workers, 1)),
        # A parallel hash join in a 64 MB /dev/shm fails with "No space left on device"; files in the data
        # folder do not.
        "dynamic_shared_memory_type": "posix" if machine.shared_memory_bytes >= GIB else "mmap",
    }


def this_machine(data_dir: Path) -> Machine:
    """Measure the machine; ``data_dir`` tells which disk counts."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        path = Path(limit)
        if path.exists() and (text := path.read_text().strip()).isdigit():
            memory = min(memory, int(text))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    shared = Path("/dev/shm")  # noqa: S108 - measured, not written to
    return Machine(
        memory_bytes=memory,
        cores=cores,
        free_disk_bytes=shutil.disk_usage(data_dir).free,
        # Only Linux has it; elsewhere PostgreSQL's posix memory is not a small file system.
        shared_memory_bytes=shutil.disk_usage(shared).total if shared.exists() else GIB,
    )


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))


def _megabytes(value: int) -> str:
    return f"{value // MIB}MB"
