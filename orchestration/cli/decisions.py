"""What people decide of flags and alerts, written down with the evidence that gold showed them.

Belongs here: what ``assay flag`` and ``assay alert`` have in common. Which table each reads and writes stands in
``flags`` and ``msme``.
"""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from orchestration.errors import AssayError
from orchestration.settings import Settings


@dataclass(frozen=True)
class Decidable:
    """A kind of thing that people decide.

    Attributes
    ----------
    gold_table, ops_table : str
        Where it is shown, and where decisions about it are kept.
    id_column : str
        Its id, of the same name in both.
    columns : mapping of str to str
        Column of the decision: column of gold that fills it. ``evidence_from``, ``evidence_until`` and
        ``evidence_keys`` are among them.
    """

    gold_table: str
    ops_table: str
    id_column: str
    columns: dict[str, str]


def record_decision(
    settings: Settings,
    kind: Decidable,
    subject_id: str,
    decision: str,
    decided_by: str,
    reason: str,
    *,
    unknown: AssayError,
    unpublished: AssayError,
) -> dict[str, Any]:
    """Write a decision about the evidence that gold shows now; the next publication shows it.

    Parameters
    ----------
    settings : Settings
        Of the portfolio.
    kind : Decidable
        What is decided.
    subject_id : str
        Which one.
    decision, decided_by, reason : str
        As ``kind.ops_table`` keeps them.
    unknown, unpublished : AssayError
        What to raise where gold has no such subject, or no such table.

    Returns
    -------
    dict
        The row of ``kind.ops_table`` as written, by column.

    Raises
    ------
    AssayError
        The name or the reason is empty, gold was published before it showed keys of evidence, or as given.
    """
    from orchestration.runtime import Runtime
    from orchestration.warehouse import Role

    if not decided_by.strip() or not reason.strip():
        raise AssayError("An auditor will ask who decided and why: --by and --why must not be empty")
    warehouse = Runtime(settings).warehouse
    shown = {column: sql.Identifier("s", source) for column, source in kind.columns.items()}
    # One statement: the day and the evidence are of one publication, also while the next one is swapped in.
    statement = sql.SQL(
        "select {shown}, p.snapshot_date from {table} as s cross join publication as p where {key} = %s"
    )
    try:
        with psycopg.connect(warehouse.bi_conninfo()) as reader:
            row = reader.execute(
                statement.format(
                    shown=sql.SQL(", ").join(shown.values()),
                    table=sql.Identifier(kind.gold_table),
                    key=sql.Identifier("s", kind.id_column),
                ),
                (subject_id,),
            ).fetchone()
    except psycopg.errors.UndefinedTable as error:
        raise unpublished from error
    except psycopg.errors.UndefinedColumn as error:
        raise AssayError(
            f"Gold was published by an earlier version: its {kind.gold_table} lacks a column of "
            f"{', '.join(kind.columns.values())}; run `assay run`, then decide"
        ) from error
    if row is None:
        raise unknown
    written = {
        kind.id_column: subject_id,
        **dict(zip([*shown, "as_of_date"], row, strict=True)),
        "decision": decision,
        "decided_by": decided_by,
        "reason": reason,
    }
    with warehouse.connect(Role.OPS) as connection:
        connection.execute(
            sql.SQL("insert into {table} ({columns}) values ({values})").format(
                table=sql.Identifier("ops", kind.ops_table),
                columns=sql.SQL(", ").join(map(sql.Identifier, written)),
                values=sql.SQL(", ").join(sql.Placeholder() * len(written)),
            ),
            list(written.values()),
        )
    return written
