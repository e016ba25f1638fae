"""DuckDB as linkage uses it: in memory, bounded, one connection.

Belongs here: opening it and reading single values.
"""

import os
import tempfile

import duckdb

from ml.identity.linkage.config import LinkageConfig


def connect(config: LinkageConfig) -> duckdb.DuckDBPyConnection:
    """A database in memory with bounded threads and memory; what does not fit goes to a temporary folder."""
    threads = config.threads or min(4, os.cpu_count() or 1)
    con = duckdb.connect(config={"threads": threads, "memory_limit": config.memory_limit})
    con.execute("SET preserve_insertion_order = false")
    con.execute("SET enable_progress_bar = false")
    con.execute(f"SET temp_directory = '{tempfile.gettempdir()}/assay-linkage-{os.getpid()}'")
    return con


def scalar(con: duckdb.DuckDBPyConnection, sql: str) -> float:
    """The one number that a statement gives."""
    (row,) = con.execute(sql).fetchall()
    return row[0]
