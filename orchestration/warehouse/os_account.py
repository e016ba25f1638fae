"""Under which user of the machine the embedded server runs: PostgreSQL refuses to run as root.

Whoever is not root runs it as themselves. Root has two ways, and the owner of an existing data folder says
which one was taken: another user's account, or a user namespace in which root's files belong to an ordinary
user.
"""

import dataclasses
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orchestration.warehouse.errors import ServerStartError

DEDICATED_ACCOUNTS = ("assay", "postgres")
SHARED_ACCOUNTS = ("nobody",)
"""Tried last: other services may run as the same user and would reach the socket."""


@dataclasses.dataclass(frozen=True)
class OsAccount:
    """How to start the server's programs.

    Attributes
    ----------
    owner : tuple of (int, int)
        uid and gid that the server's files belong to, as seen from outside a namespace.
    prefix : tuple of str
        Words before the program: the ``unshare`` call, or none.
    becomes : tuple of (int, int) or None
        uid and gid to change to; None: stay.
    """

    owner: tuple[int, int]
    prefix: tuple[str, ...] = ()
    becomes: tuple[int, int] | None = None

    def run(self, command: Sequence[str | Path], **options: Any) -> subprocess.CompletedProcess[str]:
        """Run ``command`` as this account, in ``/`` because the present folder may be closed to it."""
        if self.becomes is not None:
            options |= {"user": self.becomes[0], "group": self.becomes[1], "extra_groups": []}
        # No variable of the caller's reaches the server: PGDATA, PGPORT and locale would change what it does.
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}
        return subprocess.run(
            [*self.prefix, *map(str, command)],
            cwd="/", env=environment, stdin=subprocess.DEVNULL, text=True, check=False, **options,
        )  # fmt: skip

    def own(self, path: Path) -> None:
        """Give ``path`` to the account."""
        if os.geteuid() == 0:
            os.chown(path, *self.owner)

    def can_work(self, binaries: Path, folder: Path) -> bool:
        """Whether the account can run the binaries and enter ``folder``."""
        script = '"$1" --version >/dev/null && cd "$2"'
        try:
            tried = self.run(["/bin/sh", "-c", script, "sh", binaries / "postgres", folder], capture_output=True)
        except (PermissionError, FileNotFoundError):
            return False
        return tried.returncode == 0


def choose_account(binaries: Path, folder: Path, data_dir: Path) -> OsAccount:
    """The account for the server whose files lie in ``folder``.

    Raises
    ------
    ServerStartError
        The data belong to somebody else, or no account can reach both the binaries and the folder.
    """
    me = os.geteuid()
    if data_dir.exists() and data_dir.stat().st_uid not in (me, *([] if me else _uids())):
        raise ServerStartError(
            f"{data_dir} belongs to uid {data_dir.stat().st_uid}, and this is uid {me}. "
            "Run as its owner, or set ASSAY_HOME to a folder of your own."
        )
    if me != 0:
        return OsAccount(owner=(me, os.getegid()))
    candidates = root_candidates()
    if data_dir.exists():
        candidates = [account for account in candidates if account.owner[0] == data_dir.stat().st_uid]
    for account in candidates:
        if account.can_work(binaries, folder):
            return account
    raise ServerStartError(
        f"PostgreSQL does not run as root, and no other way worked for {folder} with the binaries in "
        f"{binaries}: "
        f"accounts {', '.join(DEDICATED_ACCOUNTS + SHARED_ACCOUNTS)} are missing or can't enter these "
        "folders, "
        "and `unshare -U` is not allowed here. Do one of these: run as an ordinary user; move the "
        "project out of a "
        "folder that only root may enter and set ASSAY_HOME to such a place (for example /var/lib/assay); "
        "or name a server of your own in ASSAY_DATABASE_URL."
    )


def root_candidates() -> list[OsAccount]:
    """Ways for root in the order in which they are tried."""
    dedicated = [_as_user(entry) for entry in _entries(DEDICATED_ACCOUNTS)]
    shared = [_as_user(entry) for entry in _entries(SHARED_ACCOUNTS)]
    namespaces = []
    entries = _entries(DEDICATED_ACCOUNTS + SHARED_ACCOUNTS)
    if entries and shutil.which("unshare"):
        uid, gid = entries[0].pw_uid, entries[0].pw_gid
        prefix = ("unshare", "-U", f"--map-user={uid}", f"--map-group={gid}")
        namespaces = [OsAccount(owner=(0, 0), prefix=prefix)]
    return [*dedicated, *namespaces, *shared]


def _as_user(entry: pwd.struct_passwd) -> OsAccount:
    ids = (entry.pw_uid, entry.pw_gid)
    return OsAccount(owner=ids, becomes=ids)


def _entries(names: tuple[str, ...]) -> list[pwd.struct_passwd]:
    return [entry for name in names for entry in pwd.getpwall() if entry.pw_name == name]


def _uids() -> list[int]:
    return [account.owner[0] for account in root_candidates()]
