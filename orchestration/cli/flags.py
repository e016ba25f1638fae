"""``assay flag``: what people decide of flags. The flags themselves follow from the data of the day."""

from typing import Literal

import psycopg
from rich.console import Console

from orchestration.errors import AssayError
from orchestration.settings import Settings

Decision = Literal["CONFIRMED", "DISMISSED", "RESOLVED", "REOPENED"]


class UnknownFlagError(AssayError, LookupError):
    """Gold has no such flag."""


def decide_flag(
    settings: Settings, flag_id: str, decision: Decision, decided_by: str, reason: str, console: Console
) -> None:
    """Record a decision about the evidence that gold shows for a flag; the next publication shows it.

    Raises
    ------
    UnknownFlagError
        Gold has no such flag.
    AssayError
        The name or the reason is empty, or nothing was published yet.
    """
    from orchestration.runtime import Runtime
    from orchestration.warehouse import Role

    if not decided_by.strip() or not reason.strip():
        raise AssayError("An auditor will ask who decided and why: --by and --why must not be empty")
    warehouse = Runtime(settings).warehouse
    try:
        with psycopg.connect(warehouse.bi_conninfo()) as reader:
            row = reader.execute(
                "select gr_id, flag_type, first_seen_on, last_evidence_on, evidence_count from analytics_flags "
                "where flag_id = %s",
                (flag_id,),
            ).fetchone()
    except psycopg.errors.UndefinedTable as error:
        raise AssayError(
            f"Portfolio {settings.portfolio_name!r} has no published flags yet: run `assay run`, or name the portfolio "
            "with --portfolio"
        ) from error
    if row is None:
        raise UnknownFlagError(f"Gold has no flag {flag_id!r}; those there are stand in analytics_flags (`assay psql`)")
    gr_id, flag_type, first_seen_on, last_evidence_on, evidence_count = row
    with warehouse.connect(Role.OPS) as connection:
        connection.execute(
            "insert into ops.flag_decisions (flag_id, gr_id, flag_type, evidence_from, evidence_until, "
            "evidence_count, decision, decided_by, reason) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                flag_id, gr_id, flag_type, first_seen_on, last_evidence_on, evidence_count, decision, decided_by,
                reason,
            ),
        )  # fmt: skip
    console.print(
        f"{flag_type} of {gr_id}: {decision} on {evidence_count} pieces of evidence until {last_evidence_on}; gold "
        "shows it from the next publication on."
    )
