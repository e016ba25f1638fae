"""``assay msme`` and ``assay alert``: a business's documents, and what people decide of its alerts."""

from pathlib import Path
from typing import Literal

import psycopg
from rich.console import Console
from rich.markup import escape

from orchestration.cli.decisions import Decidable, record_decision
from orchestration.errors import AssayError
from orchestration.settings import Settings

Decision = Literal["CONFIRMED", "DISMISSED", "REOPENED"]
_ALERT = Decidable(
    gold_table="msme_fraud_alerts",
    ops_table="alert_decisions",
    id_column="alert_id",
    columns={
        "business_id": "business_id",
        "evidence_kind": "evidence_kind",
        "evidence_from": "first_period",
        "evidence_until": "last_period",
        "evidence_keys": "evidence_keys",
    },
)


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
    written = record_decision(
        settings, _ALERT, alert_id, decision, decided_by, reason,
        unknown=UnknownAlertError(
            f"Gold has no alert {alert_id!r}; those there are stand in msme_fraud_alerts (`assay psql`)"
        ),
        unpublished=no_businesses(settings),
    )  # fmt: skip
    console.print(
        f"{written['evidence_kind']} of {written['business_id']}: {decision} on evidence until "
        f"{written['evidence_until']}; gold shows it from the next publication on."
    )
