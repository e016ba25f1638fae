"""What the machine says about the embedded server: its process, processes it left behind, its port."""

import hashlib
import os
import socket
import subprocess
from pathlib import Path

from orchestration.warehouse.errors import ServerStartError

# Below the range that systems hand out to outgoing connections (from 32768 on), so that the port stays free.
FIRST_PORT, PORTS = 20000, 10000


def server_pid(data_dir: Path) -> int | None:
    """The pid in the pid file, if a server of this folder really has it."""
    try:
        pid = int((data_dir / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
    return pid if _is_server_process(pid, data_dir) else None


def _is_server_process(pid: int, data_dir: Path) -> bool:
    if Path("/proc/self").exists():
        try:
            # A server's working folder is its data folder; that of a finished, unreaped process can't be
            # read.
            return Path(f"/proc/{pid}/cwd").readlink() == data_dir.resolve()
        except OSError:
            return False
    listed = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return str(data_dir) in listed.stdout


def processes_in(data_dir: Path) -> list[int]:
    """Processes that work in the data folder, as every process of a server does; where /proc tells, else
    none.
    """
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == data_dir.resolve():
                found.append(int(entry.name))
        except OSError:
            # Ended meanwhile, or another user's, who can't enter the folder.
            continue
    return found


def free_port(home: Path) -> int:
    """A port that depends on the folder, so that several installations rarely meet."""
    start = int.from_bytes(hashlib.sha256(os.fsencode(home)).digest()[:4], "big") % PORTS
    for step in range(PORTS):
        port = FIRST_PORT + (start + step) % PORTS
        if is_free(port):
            return port
    raise ServerStartError(f"No port from {FIRST_PORT} to {FIRST_PORT + PORTS - 1} is free on 127.0.0.1.")


def is_free(port: int) -> bool:
    """Whether a server may listen on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As PostgreSQL does it: connections in TIME_WAIT do not make a port taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
