"""Servers of tests: PostgreSQL as the product starts it, but nothing of it has to outlive a crash of the machine."""

import dataclasses

from orchestration.warehouse import Warehouse


def spare_the_disk(warehouse: Warehouse) -> None:
    """Let the server of ``warehouse`` write without waiting for the disk."""
    with dataclasses.replace(warehouse, database="postgres").connect(autocommit=True) as admin:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            admin.execute(f"alter system set {setting} = off")
        admin.execute("select pg_reload_conf()")
