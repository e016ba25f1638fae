"""``assay msme`` and ``assay alert``: a business's documents, and what people decide of its alerts."""

from pathlib import Path
from typing import Literal

import psycopg
from rich.console import Console
from rich.markup import escape

from orchestration.errors import AssayError
from orchestration.settings import Settings

Decision = Literal["CONFIRMED", "DISMISSED", "REOPENED"]


class UnknownAlertError(AssayError, LookupError):
    """Gold has no such alert."""


def no_businesses(settings: Settings) -> AssayError:
    """What to say where gold has no ``msme_`` tables."""
    return AssayError(
        f"Gold of portfolio {settings.portfolio_name!r} has no small businesses (yet): run "
        "`assay run --portfolio msme`, or name the portfolio with --portfolio"
    )


def write_msme_documents(settings: Settings, business_id: str | None, out: Path, console: Console) -> None:
    """Write the ten documents of a business, or of all.

    Raises
    ------
    AssayError
        Gold has no small businesses, or not this one, or the folder can't be written.
    """
    from orchestration.documents import write_documents
    from orchestration.runtime import Runtime

    with psycopg.connect(Runtime(settings).warehouse.bi_conninfo()) as connection:
        try:
            written = write_documents(connection, out, business_id)
        except psycopg.errors.UndefinedTable as error:
            raise no_businesses(settings) from error
        except OSError as error:
            raise AssayError(f"{error.filename}: {error.strerror}; name another folder with --out") from error
    console.print(f"{written} documents in {escape(str(out))}", soft_wrap=True)


def decide_alert(
    settings: Settings, alert_id: str, decision: Decision, decided_by: str, reason: str, console: Console
) -> None:
    """Record a decision about an alert; the next publication shows it.

    Raises
    ------
    UnknownAlertError
        Gold has no such alert.
    AssayError
        The name or the reason is empty.
    """
    from orchestration.runtime import Runtime
    from orchestration.warehouse import Role

    if not decided_by.strip() or not reason.strip():
        raise AssayError("An auditor will ask who decided and why: --by and --why must not be empty")
    warehouse = Runtime(settings).warehouse
    try:
        with psycopg.connect(warehouse.bi_conninfo()) as reader:
            row = reader.execute(
                "select business_id, evidence_kind, first_period, last_period from msme_fraud_alerts "
                "where alert_id = %s",
                (alert_id,),
            ).fetchone()
    except psycopg.errors.UndefinedTable as error:
        raise no_businesses(settings) from error
    if row is None:
        raise UnknownAlertError(
            f"Gold has no alert {alert_id!r}; those there are stand in msme_fraud_alerts (`assay psql`)"
        )
    business_id, evidence_kind, first_period, last_period = row
    with warehouse.connect(Role.OPS) as connection:
        connection.execute(
            "insert into ops.alert_decisions (alert_id, business_id, evidence_kind, evidence_from, evidence_until, "
            "decision, decided_by, reason) values (%s, %s, %s, %s, %s, %s, %s, %s)",
            (alert_id, business_id, evidence_kind, first_period, last_period, decision, decided_by, reason),
        )
    console.print(
        f"{evidence_kind} of {business_id}: {decision} on evidence until {last_period}; gold shows it from the next "
        "publication on."
    )
