"""The embedded server fits the machine it is on."""

import pytest

from orchestration.warehouse.tuning import GIB, MIB, Machine, tuned_settings


def machine(memory: int = 16 * GIB, cores: int = 2, disk: int = 100 * GIB, shared: int = 8 * GIB) -> Machine:
    return Machine(memory_bytes=memory, cores=cores, free_disk_bytes=disk, shared_memory_bytes=shared)


def test_a_usual_machine_gets_the_measured_settings() -> None:
    settings = tuned_settings(machine())
    assert settings["shared_buffers"] == "2048MB"
    assert settings["work_mem"] == "64MB"
    assert settings["max_wal_size"] == "4096MB"
    assert settings["max_parallel_workers_per_gather"] == "2"
    assert settings["dynamic_shared_memory_type"] == "posix"


def test_a_small_machine_keeps_most_of_its_memory() -> None:
    settings = tuned_settings(machine(memory=GIB, cores=1, disk=4 * GIB))
    assert settings["shared_buffers"] == "256MB"
    assert settings["work_mem"] == "8MB"
    assert settings["max_wal_size"] == "512MB"
    assert settings["max_parallel_workers_per_gather"] == "0"
    assert settings["max_parallel_workers"] == "1"


def test_a_container_with_a_small_dev_shm_uses_files() -> None:
    assert tuned_settings(machine(shared=64 * MIB))["dynamic_shared_memory_type"] == "mmap"


@pytest.mark.parametrize("memory", [64 * MIB, 512 * MIB, 4 * GIB, 1024 * GIB])
@pytest.mark.parametrize("cores", [1, 2, 64])
def test_every_machine_gets_settings_within_postgresqls_limits(memory: int, cores: int) -> None:
    settings = tuned_settings(machine(memory=memory, cores=cores, disk=0))
    assert 64 <= int(settings["shared_buffers"].removesuffix("MB")) <= 2048
    assert 4 <= int(settings["work_mem"].removesuffix("MB")) <= 64
    assert int(settings["max_wal_size"].removesuffix("MB")) >= 256
    assert 0 <= int(settings["max_parallel_workers_per_gather"]) <= 4
