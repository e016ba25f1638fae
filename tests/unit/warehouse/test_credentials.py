"""Passwords are made once, random, and readable by their owner only."""

import stat
from pathlib import Path

import pytest

from orchestration.warehouse import WarehouseError
from orchestration.warehouse.credentials import credentials_path, make_password, stored_password


def test_a_password_is_made_once(tmp_path: Path) -> None:
    assert stored_password(tmp_path, "embedded", "bi") is None
    made = make_password(tmp_path, "embedded", "bi")
    assert len(made) >= 32
    assert make_password(tmp_path, "embedded", "bi") == made == stored_password(tmp_path, "embedded", "bi")


def test_every_login_of_every_server_has_its_own(tmp_path: Path) -> None:
    made = {make_password(tmp_path, server, name) for server in ("embedded", "db:5432") for name in ("admin", "bi")}
    assert len(made) == 4


def test_only_the_owner_reads_the_file(tmp_path: Path) -> None:
    make_password(tmp_path, "embedded", "bi")
    assert stat.S_IMODE(credentials_path(tmp_path).stat().st_mode) == 0o600


def test_a_damaged_file_is_named_and_not_overwritten(tmp_path: Path) -> None:
    credentials_path(tmp_path).write_text('{"embedded": ')
    with pytest.raises(WarehouseError, match=r"credentials\.json, line 1"):
        make_password(tmp_path, "embedded", "bi")
    assert credentials_path(tmp_path).read_text() == '{"embedded": '
