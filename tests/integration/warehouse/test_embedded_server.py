"""The embedded server starts wherever it has to, survives what it has to, and lets nobody else in."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from orchestration.settings import Settings, load_settings
from orchestration.warehouse import (
    ServerStartError,
    open_warehouse,
    os_account,
    server_process,
    stop_warehouse,
)
from orchestration.warehouse.embedded import server_folder


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="assay-t-"))
    folder.chmod(0o755)
    yield folder
    stop_warehouse(load_settings(home=folder))
    shutil.rmtree(folder)


def server_pid(home: Path) -> int:
    pid = server_process.server_pid(server_folder(home) / "data")
    assert pid is not None
    return pid


def note(settings: Settings, text: str) -> None:
    with open_warehouse(settings).connect() as connection:
        connection.execute("create table if not exists public.notes (note text)")
        connection.execute("insert into public.notes values (%s)", (text,))


def notes(settings: Settings) -> list[str]:
    with open_warehouse(settings).connect() as connection:
        return [row[0] for row in connection.execute("select note from public.notes order by 1")]


def test_it_outlives_its_starter_restarts_after_stop_and_kill_and_keeps_port_and_data(home: Path) -> None:
    script = f"""
from orchestration.settings import load_settings
from orchestration.warehouse import open_warehouse
open_warehouse(load_settings(home={str(home)!r}))
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
    first = server_pid(home)
    settings = load_settings(home=home)
    port = open_warehouse(settings).port
    assert server_pid(home) == first
    note(settings, "a: before stop")

    stop_warehouse(settings)
    assert server_process.server_pid(server_folder(home) / "data") is None
    stop_warehouse(settings)
    note(settings, "b: after stop")

    os.kill(server_pid(home), signal.SIGKILL)
    note(settings, "c: after kill")
    assert notes(settings) == ["a: before stop", "b: after stop", "c: after kill"]
    assert open_warehouse(settings).port == port

    # A container starts again with the pid file of its last life, and the pid is somebody else's now.
    stop_warehouse(settings)
    stale = server_folder(home) / "data" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{stale.parent}\n{int(time.time())}\n{port}\n\n127.0.0.1\n 1 1\nready   \n")
    assert len(notes(settings)) == 3


def test_files_sockets_and_settings_are_closed_and_durable(home: Path) -> None:
    settings = load_settings(home=home)
    warehouse = open_warehouse(settings)
    folder = server_folder(home)
    for name in ("data", "socket", "log"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "credentials.json").stat().st_mode) == 0o600
    wanted = {
        "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on",
        "listen_addresses": "127.0.0.1", "password_encryption": "scram-sha-256", "TimeZone": "UTC",
        "server_encoding": "UTF8", "unix_socket_permissions": "0700",
    }  # fmt: skip
    with warehouse.connect(autocommit=True) as connection:
        found = {name: connection.execute(f"show {name}").fetchone()[0] for name in wanted}  # type: ignore[index]
        access = connection.execute("select type, auth_method from pg_hba_file_rules").fetchall()
    assert found == wanted
    assert set(access) == {("local", "trust"), ("host", "scram-sha-256")}
    admin = json.loads((home / "credentials.json").read_text())["embedded"]["admin"]
    with psycopg.connect(host="127.0.0.1", port=warehouse.port, user="postgres", password=admin, dbname="postgres"):
        pass


def test_values_of_rows_stay_out_of_the_log(home: Path) -> None:
    warehouse = open_warehouse(load_settings(home=home))
    with warehouse.connect(autocommit=True) as connection:
        connection.execute("create table public.people (phone text primary key)")
        connection.execute("insert into public.people values ('SECRET-PHONE')")
        for statement in ("insert into public.people values ('SECRET-PHONE')", "select 'SECRET-PHONE'::int"):
            with pytest.raises(psycopg.Error):
                connection.execute(statement)
    stop_warehouse(load_settings(home=home))
    logs = "".join(path.read_text() for path in (server_folder(home) / "log").iterdir())
    assert "shut down" in logs
    assert "SECRET" not in logs


STARTER = """
import sys
from orchestration.settings import load_settings
from orchestration.warehouse import open_warehouse

with open_warehouse(load_settings(home=sys.argv[1], portfolio_name=sys.argv[2])).connect() as connection:
    print(*connection.execute("select portfolio from ops.portfolio").fetchone())
"""


def test_starters_at_once_share_one_server(home: Path) -> None:
    portfolios = ["sample", "eagle_bank", "sample", "eagle_bank"]
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", STARTER, str(home), portfolio],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for portfolio in portfolios
    ]
    outputs = [starter.communicate(timeout=120) for starter in starters]
    assert [output.decode().strip() for output, _ in outputs] == portfolios, outputs
    assert server_pid(home)


def test_a_long_path_gets_a_short_private_socket_folder_that_is_replaced_when_it_vanishes(home: Path) -> None:
    deep = home / ("long-name-" * 10)
    settings = load_settings(home=deep)
    socket_dir = Path(open_warehouse(settings).host)
    assert socket_dir.parent != server_folder(deep)
    assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
    stop_warehouse(settings)
    socket_dir.rmdir()
    try:
        replaced = Path(open_warehouse(settings).host)
        assert replaced != socket_dir
    finally:
        stop_warehouse(settings)
    replaced.rmdir()


def test_a_port_taken_by_another_program_is_named(home: Path) -> None:
    import socket

    settings = load_settings(home=home)
    port = open_warehouse(settings).port
    stop_warehouse(settings)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(ServerStartError, match=f"Port {port} .* used by another program"):
            open_warehouse(settings)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account for the server")
class TestAsRoot:
    def test_the_server_runs_as_another_user(self, home: Path) -> None:
        open_warehouse(load_settings(home=home))
        owner = (server_folder(home) / "data").stat().st_uid
        assert Path(f"/proc/{server_pid(home)}").stat().st_uid == owner

    def test_below_a_folder_that_only_root_enters_it_runs_in_a_user_namespace(self, home: Path) -> None:
        if subprocess.run(["unshare", "-U", "true"], check=False, capture_output=True).returncode != 0:
            pytest.skip("user namespaces are not allowed on this machine")
        home.chmod(0o700)
        settings = load_settings(home=home)
        note(settings, "kept")
        assert (server_folder(home) / "data").stat().st_uid == 0
        os.kill(server_pid(home), signal.SIGKILL)
        assert notes(settings) == ["kept"]

    def test_where_no_way_works_the_message_says_what_to_do(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os_account, "DEDICATED_ACCOUNTS", ())
        monkeypatch.setattr(os_account, "SHARED_ACCOUNTS", ())
        with pytest.raises(ServerStartError, match=r"does not run as root.*ASSAY_DATABASE_URL"):
            open_warehouse(load_settings(home=home))
