"""An agency's applications in the canonical layer: most decided, some open, each with its applicant."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import psycopg

from ml.bulk import copy_in
from ml.eligibility.applications import STATED
from ml.synthetic.applications import make_applications

DAY = dt.date(2026, 9, 30)
CUTOFF = dt.datetime(2026, 10, 1, 6, tzinfo=dt.UTC)
DECIDED, OPEN = 700, 60
OPEN_FROM = DAY - dt.timedelta(days=20)

_TYPES = {"employment_status": "text", "family_size": "integer", "credit_score": "integer"}
_FACTS = ", ".join(f"{stated} {_TYPES.get(stated, 'numeric(18, 2)')}" for stated in STATED.values())
_APPLICATION = (
    "eid text, source_system text, party_id text, scheme_id text, applied_on date, decided_on date, "
    f"{_FACTS}, is_eligible boolean, row_hash text, known_at timestamptz, superseded_at timestamptz"
)


def known(day: dt.date) -> dt.datetime:
    """End of a day, as far as it matters here."""
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(4), tzinfo=dt.UTC)


def write_world(
    dbt: psycopg.Connection[Any], ml: psycopg.Connection[Any], decided: int = DECIDED, waiting: int = OPEN
) -> None:
    """Tables of core as dbt would build them, with so many decided and open applications, a person each."""
    made = make_applications(decided + waiting, 7)
    number = np.arange(len(made))
    people = pd.DataFrame({"party_id": [f"p{n}" for n in number], "gr_id": [f"g{n}" for n in number]})
    with dbt.cursor() as cursor:
        cursor.execute("create schema if not exists core")
        cursor.execute(f"create table core.eligibility_applications ({_APPLICATION})")  # type: ignore[arg-type]
        cursor.execute(
            "create table core.parties (party_id text, death_date date, known_at timestamptz, valid_from date)"
        )
        cursor.execute(
            "create table core.beneficiaries "
            "(party_id text, household_id text, valid_from date, known_at timestamptz, is_disabled boolean)"
        )
        cursor.execute("create table core.gr_redirects (gr_id_from text, gr_id_to text)")
        cursor.execute(
            "create table core.coverage "
            "(source_system text, subject text, covered_from date, covered_to date, known_at timestamptz)"
        )
        cursor.execute(
            "insert into core.coverage select source, 'all', '2026-01-01', %s, '2026-01-02' "
            "from unnest(array['test', 'bank']) as source",
            (DAY + dt.timedelta(days=60),),
        )
        cursor.execute(
            "create table core.applicant_groups "
            "(gr_id text, sex text, age_band text, region text, disability text, household_type text)"
        )
        copy_in(cursor, "made_people", "party_id text, gr_id text", people)
        groups = pd.DataFrame(
            {
                "gr_id": people["gr_id"],
                "sex": made["sex"],
                "age_band": np.where(made["age"] < 50, "below 35", "55 and above"),
                "region": made["district"],
            }
        )
        copy_in(cursor, "made_groups", "gr_id text, sex text, age_band text, region text", groups)
        cursor.execute(
            "insert into core.applicant_groups "
            "select *, 'none registered', case when sex = 'male' then 'one adult' else 'several adults' end "
            "from made_groups"
        )
        with cursor.copy(f"copy core.eligibility_applications ({', '.join(_COLUMNS)}) from stdin") as copy:  # type: ignore[arg-type]
            for n, row in enumerate(made.to_dict("records")):
                if n < decided:
                    applied_on = dt.date(2026, 4, 2) + dt.timedelta(days=n % 150)
                    versions = _versions(row, f"p{n}", applied_on, applied_on + dt.timedelta(days=30))
                else:
                    versions = _versions(row, f"p{n}", OPEN_FROM + dt.timedelta(days=n % 20))
                for version in versions:
                    copy.write_row(version)
    with ml.cursor() as cursor:
        copy_in(cursor, "made_people", "party_id text, gr_id text", people)
        cursor.execute(
            "insert into ml.party_xref (party_id, gr_id, link_rule, known_at, recorded_at, valid_from) "
            "select party_id, gr_id, 'anchor', '2025-01-01', '2025-01-01', '2025-01-01' from made_people"
        )


_COLUMNS = (
    "eid", "source_system", "party_id", "scheme_id", "applied_on", *STATED.values(), "decided_on", "is_eligible",
    "row_hash", "known_at", "superseded_at",
)  # fmt: skip


def apply(
    dbt: psycopg.Connection[Any],
    facts: dict[str, Any],
    party_id: str,
    applied_on: dt.date,
    decided_on: dt.date | None = None,
) -> None:
    """An application as made, and once more as decided."""
    dbt.cursor().executemany(
        f"insert into core.eligibility_applications ({', '.join(_COLUMNS)}) "  # type: ignore[arg-type]
        f"values ({', '.join(['%s'] * len(_COLUMNS))})",
        _versions(facts, party_id, applied_on, decided_on),
    )


def _versions(
    facts: dict[str, Any], party_id: str, applied_on: dt.date, decided_on: dt.date | None = None
) -> list[list[Any]]:
    stated = [_as_stored(name, facts[name]) for name in STATED]
    made = [facts["eid"], "test", party_id, "S1", applied_on, *stated]
    decided_at = None if decided_on is None else known(decided_on)
    versions = [[*made, None, None, "made", known(applied_on), decided_at]]
    if decided_on is not None:
        versions.append([*made, decided_on, bool(facts["eligible"]), "decided", decided_at, None])
    return versions


def _as_stored(name: str, value: Any) -> Any:
    if pd.isna(value):
        return None
    return int(value) if _TYPES.get(STATED[name]) == "integer" else value
