"""Reading a manifest without garbage collection leaves the process as it was."""

import gc

import pytest

from orchestration.transformation.manifest import uncollected


def test_collection_is_off_meanwhile_and_on_afterwards_whatever_happens() -> None:
    def read() -> None:
        with uncollected():
            assert not gc.isenabled()
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        read()
    assert gc.isenabled()


def test_a_process_without_collection_keeps_it_off() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
