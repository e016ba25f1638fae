"""``assay flag``: what people decide of flags. The flags themselves follow from the data of the day."""

from typing import Literal

from rich.console import Console

from orchestration.cli.decisions import Decidable, record_decision
from orchestration.errors import AssayError
from orchestration.settings import Settings

Decision = Literal["CONFIRMED", "DISMISSED", "RESOLVED", "REOPENED"]
_FLAG = Decidable(
    gold_table="analytics_flags",
    ops_table="flag_decisions",
    id_column="flag_id",
    columns={
        "gr_id": "gr_id",
        "flag_type": "flag_type",
        "evidence_from": "first_seen_on",
        "evidence_until": "last_evidence_on",
        "evidence_count": "evidence_count",
        "evidence_keys": "evidence_keys",
    },
)


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
    written = record_decision(
        settings, _FLAG, flag_id, decision, decided_by, reason,
        unknown=UnknownFlagError(
            f"Gold has no flag {flag_id!r}; those there are stand in analytics_flags (`assay psql`)"
        ),
        unpublished=AssayError(
            f"Portfolio {settings.portfolio_name!r} has no published flags yet: run `assay run`, or name the portfolio "
            "with --portfolio"
        ),
    )  # fmt: skip
    console.print(
        f"{written['flag_type']} of {written['gr_id']}: {decision} on {written['evidence_count']} pieces of evidence "
        f"until {written['evidence_until']}; gold shows it from the next publication on."
    )
