"""Processes that the command line starts and stops: Dagster's webserver and daemon, psql, dbt."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console

from orchestration.cli.daily import prepare_portfolio
from orchestration.errors import AssayError
from orchestration.instance import close_dead_runs, open_instance, process_environment
from orchestration.runtime import Runtime
from orchestration.settings import PROJECT_ROOT, Settings

HOST = "127.0.0.1"


def _pid_file(settings: Settings) -> Path:
    return settings.home / f"ui-{settings.portfolio_name}.json"


def _alive(pid: int, started: float) -> bool:
    """Whether the process is the one that was started: ids are reused, start times are not."""
    import psutil

    try:
        return abs(psutil.Process(pid).create_time() - started) < 2
    except psutil.Error:
        return False


def serve_ui(settings: Settings, port: int, console: Console) -> int:
    """Webserver and daemon as two processes on loopback; both end with this one.

    ``dagster dev`` would leave orphans when it is killed.

    Raises
    ------
    AssayError
        The portfolio's UI runs already, or something else listens on the port.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(settings.home / f"ui-{settings.portfolio_name}.lock", timeout=0):
            return _serve(settings, port, console)
    except Timeout:
        raise AssayError(
            f"The UI of portfolio {settings.portfolio_name} runs already; `assay stop` ends it and the embedded server."
        ) from None


def _serve(settings: Settings, port: int, console: Console) -> int:
    import psutil

    if _listens(port):
        raise AssayError(f"Something listens on {HOST}:{port} already; name another one: assay ui --port ...")
    runtime = Runtime(settings)
    prepare_portfolio(runtime, console)
    if runtime.is_free("run"):
        with open_instance(runtime) as instance:
            close_dead_runs(instance)
    environment = process_environment(runtime)
    programs = Path(sys.executable).parent
    workspace = ["-w", str(PROJECT_ROOT / "workspace.yaml")]
    commands = {
        "webserver": [str(programs / "dagster-webserver"), "-h", HOST, "-p", str(port), *workspace],
        "daemon": [str(programs / "dagster-daemon"), "run", *workspace],
    }
    logs = settings.home / "logs"
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in commands.items():
            with (logs / f"{name}.log").open("ab") as log:
                running[name] = subprocess.Popen(
                    command, env=environment, cwd=PROJECT_ROOT, stdout=log, stderr=subprocess.STDOUT,
                    start_new_session=True,
                )  # fmt: skip
        _pid_file(settings).write_text(
            json.dumps([{"pid": p.pid, "started": psutil.Process(p.pid).create_time()} for p in running.values()])
        )
        told = False
        while all(process.poll() is None for process in running.values()):
            if not told and _listens(port):
                told = True
                console.print(
                    f"Dagster of portfolio {settings.portfolio_name}: http://{HOST}:{port}  (logs in {logs}; "
                    "Ctrl-C ends it)",
                    soft_wrap=True,
                )
            time.sleep(0.3)
        ended = next(name for name, process in running.items() if process.poll() is not None)
        # Stopped by `assay stop` is as good as Ctrl-C; anything else is told.
        code = running[ended].returncode
        if code in (0, -signal.SIGTERM, -signal.SIGINT):
            return 0
        console.print(
            f"The {ended} ended with code {code}; its last lines are in {logs / (ended + '.log')}", markup=False
        )
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        _end([process.pid for process in running.values()])
        _pid_file(settings).unlink(missing_ok=True)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _end(pids: Sequence[int]) -> None:
    """Ask process groups to end, then insist."""
    import psutil

    processes = []
    for pid in pids:
        try:
            process = psutil.Process(pid)
            processes += [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
    for process in processes:
        try:
            process.terminate()
        except psutil.NoSuchProcess:
            continue
    _, left = psutil.wait_procs(processes, timeout=10)
    for process in left:
        process.kill()


def stop_everything(settings: Settings, console: Console) -> None:
    """Stop the UIs of this home and the embedded server, by process id."""
    from orchestration.warehouse import stop_warehouse

    for path in sorted(settings.home.glob("ui-*.json")):
        entries = json.loads(path.read_text())
        _end([entry["pid"] for entry in entries if _alive(entry["pid"], entry["started"])])
        path.unlink(missing_ok=True)
        console.print(f"stopped {path.stem}")
    if settings.database_url is not None:
        console.print("The database server is your own and was left running.")
        return
    stop_warehouse(settings)
    console.print("The embedded PostgreSQL server is stopped.")


def _psql_program() -> str:
    from orchestration.warehouse.embedded import find_binaries
    from orchestration.warehouse.errors import WarehouseError

    try:
        return str(find_binaries() / "psql")
    except WarehouseError:
        found = shutil.which("psql")
        if found is None:
            raise AssayError("There is no psql: neither in the packaged PostgreSQL nor on PATH.") from None
        return found


def run_psql(settings: Settings, role: str, arguments: Sequence[str]) -> int:
    """psql as the BI login (TCP, scram, reads gold) or as the administrator."""
    warehouse = Runtime(settings).warehouse
    if role not in ("bi", "admin"):
        raise AssayError(f"--role {role!r} is unknown; expected one of: bi, admin")
    conninfo = warehouse.bi_conninfo() if role == "bi" else warehouse.conninfo()
    from psycopg.conninfo import conninfo_to_dict

    # By the environment: arguments are readable by every user of the machine, and a connection string among them would
    # keep psql's own -d from meaning this server.
    variables = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
                 "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "options": "PGOPTIONS"}  # fmt: skip
    parts = {name: str(value) for name, value in conninfo_to_dict(conninfo).items() if value is not None}
    environment = {**os.environ, **{variables[name]: value for name, value in parts.items() if name in variables}}
    return subprocess.run([_psql_program(), *arguments], env=environment, check=False).returncode


def run_dbt(settings: Settings, arguments: Sequence[str]) -> int:
    """Any dbt command, with the portfolio's environment; gold is built by `assay run` alone."""
    from orchestration.transformation.environment import run_environment
    from orchestration.transformation.manifest import common_arguments

    runtime = Runtime(settings)
    variables = run_environment(settings, runtime.warehouse.dbt_env(), settings.portfolio.default_as_of_date())
    command = [str(Path(sys.executable).parent / "dbt"), *arguments, *common_arguments(settings)]
    return subprocess.run(command, env={**os.environ, **variables}, check=False).returncode
