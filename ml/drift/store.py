"""Reading what a day is held against, and writing ``ml.model_monitoring``: set-based SQL on the caller's connection."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import psycopg
from psycopg import sql

from ml.bulk import copy_in, copy_out
from ml.drift.supply import USUAL_DAYS

_KEYS = {
    "model_name": "text", "model_version": "text", "as_of_date": "date", "subject_kind": "text", "subject": "text",
    "measure": "text",
}  # fmt: skip
_VALUES = {
    "value": "float8", "reference_value": "float8", "by_chance": "float8", "usual_value": "float8", "level": "text",
    "rows_reference": "integer", "rows_actual": "integer",
}  # fmt: skip


def read_scores(connection: psycopg.Connection[Any], model_name: str, from_day: dt.date, day: dt.date) -> pd.DataFrame:
    """Scores of a model as of the days after ``from_day`` up to ``day``: exposure_id, probability, version."""
    query = sql.SQL(
        "select exposure_id, as_of_date, model_version, probability from ml.scores where model_name = {model} "
        "and as_of_date > {first} and as_of_date <= {day} and score_status = 'scored'"
    ).format(model=sql.Literal(model_name), first=sql.Literal(from_day), day=sql.Literal(day))
    return copy_out(connection, query)


def volumes_before(connection: psycopg.Connection[Any], model_name: str, day: dt.date) -> list[int | None]:
    """Rows scored on each of the days before that say what is usual, as :func:`ml.drift.supply.volume` takes them."""
    rows = connection.execute(
        "select as_of_date, count(*) filter (where score_status = 'scored') from ml.scores where model_name = %s "
        "and as_of_date < %s and as_of_date >= %s group by as_of_date",
        (model_name, day, day - dt.timedelta(days=USUAL_DAYS)),
    ).fetchall()
    return day_by_day(dict(rows), day)


def day_by_day(values: Mapping[dt.date, int], day: dt.date) -> list[int | None]:
    """Values of each day from the first one there is up to the day before; None where a day has none."""
    first = min((one for one in values if one < day), default=day)
    return [values.get(first + dt.timedelta(days=after)) for after in range((day - first).days)]


def days_late(
    connection: psycopg.Connection[Any], day: dt.date, cutoff: dt.datetime, sources: Sequence[str] | None = None
) -> dict[str, int]:
    """Of each source and subject, days from its last covered one to the day, by what was known at the cut-off.

    All sources where none are named.
    """
    rows = connection.execute(
        "select source_system || ' ' || subject, %(day)s::date - max(least(covered_to, %(day)s::date)) "
        "from core.coverage where known_at <= %(cutoff)s and covered_from <= %(day)s "
        "and (%(sources)s::text[] is null or source_system = any(%(sources)s)) group by 1",
        {"day": day, "cutoff": cutoff, "sources": None if sources is None else list(sources)},
    ).fetchall()
    return {str(name): int(late) for name, late in rows}


def lateness_before(
    connection: psycopg.Connection[Any], model_name: str, day: dt.date, late: Mapping[str, int]
) -> dict[str, list[int | None]]:
    """What :func:`days_late` gave on the days before, as :func:`ml.drift.supply.late_sources` takes it.

    ``late`` is what it gives on the day itself: of a source that is late, the days before it was are what is usual.
    """
    back = USUAL_DAYS + max(late.values(), default=0)
    rows = connection.execute(
        "select subject, as_of_date, max(value)::int from ml.model_monitoring where model_name = %s "
        "and subject_kind = 'source' and measure = 'days_late' and as_of_date < %s and as_of_date >= %s "
        "and value is not null group by subject, as_of_date",
        (model_name, day, day - dt.timedelta(days=back)),
    ).fetchall()
    found: dict[str, dict[dt.date, int]] = defaultdict(dict)
    for name, on, value in rows:
        found[name][on] = value
    return {name: day_by_day(values, day) for name, values in found.items()}


def write_monitoring(connection: psycopg.Connection[Any], found: pd.DataFrame) -> int:
    """Replace a model's rows of a day by new ones; an equal row stays untouched. Rows inserted, changed or removed.

    What was expected of a day and came true later stays beside them: it is each version's own.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``; the caller commits.
    found : pandas.DataFrame
        Columns of ``ml.model_monitoring`` without ``measured_at``.
    """
    if found.empty:
        return 0
    columns = {**_KEYS, **_VALUES}
    rows = found.reindex(columns=list(columns)).astype({"rows_reference": "Int64", "rows_actual": "Int64"})
    rows = rows.astype(dict.fromkeys(("value", "reference_value", "by_chance", "usual_value"), "float64"))
    names, keys = (sql.SQL(", ").join(map(sql.Identifier, part)) for part in (columns, _KEYS))
    with connection.transaction(), connection.cursor() as cursor:
        copy_in(cursor, "new_monitoring", ", ".join(f"{name} {kind}" for name, kind in columns.items()), rows)
        # What a day no longer shows, such as a category that came after all, must not stay.
        cursor.execute(
            # Nor what another version had seen: a day is watched as one.
            "delete from ml.model_monitoring as m using (select distinct model_name, as_of_date "
            "from new_monitoring where subject_kind <> 'performance' or measure not like '%_realised') as d "
            "where m.model_name = d.model_name and m.as_of_date = d.as_of_date "
            "and m.measure not like '%_realised' and not exists (select 1 from new_monitoring as n "
            "where (n.model_name, n.model_version, n.as_of_date, n.subject_kind, n.subject, n.measure) = "
            "(m.model_name, m.model_version, m.as_of_date, m.subject_kind, m.subject, m.measure))"
        )
        gone = cursor.rowcount
        cursor.execute(
            sql.SQL(
                "insert into ml.model_monitoring ({names}) select {names} from new_monitoring on conflict ({keys}) "
                "do update set {assignments}, measured_at = now() where ({stored}) is distinct from ({fresh})"
            ).format(
                names=names,
                keys=keys,
                assignments=sql.SQL(", ").join(
                    sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in _VALUES
                ),
                stored=sql.SQL(", ").join(sql.Identifier("ml", "model_monitoring", name) for name in _VALUES),
                fresh=sql.SQL(", ").join(sql.SQL("excluded.{}").format(sql.Identifier(name)) for name in _VALUES),
            )
        )
        return gone + cursor.rowcount
