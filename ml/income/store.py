"""Evidence out of the warehouse, bands and trainings into it: set-based SQL on the caller's connection.

Belongs here (as role ``assay_ml``): what is read and written, and by which training a day is told. Nothing is learnt
here.
"""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any, LiteralString

import numpy as np
import pandas as pd
import psycopg
from numpy.typing import NDArray
from psycopg import sql

from ml.income.evidence import Evidence

# Any fixed number, the same in every process that infers the bands of a database.
LOCK_KEY = 0x1DE17B0D
_BAND_COLUMNS = (
    "gr_id",
    "as_of_date",
    "income_band",
    "confidence",
    "method",
    "evidence",
    "probabilities",
    "model_version",
)


class StaleEvidenceError(RuntimeError):
    """The evidence in the warehouse is of another day than the one to be told."""


@dataclass(frozen=True)
class Training:
    """A row of ``ml.income_trainings``."""

    as_of_date: dt.date
    model_version: str
    recipe: str
    is_used: bool


def lock(connection: psycopg.Connection[Any]) -> None:
    """One inference at a time in a database, until the caller's transaction ends."""
    connection.execute("select pg_advisory_xact_lock(%s)", (LOCK_KEY,))


def read_evidence(connection: psycopg.Connection[Any], as_of_date: dt.date) -> Evidence:
    """Evidence of everybody, by golden record; purchases with it where the portfolio has them.

    Raises
    ------
    StaleEvidenceError
        If ``core.income_evidence`` is of another day.
    """
    frame = _frame(connection, "income_evidence")
    days = sorted(set(frame["as_of_date"]))
    if days and days != [as_of_date]:
        raise StaleEvidenceError(
            f"core.income_evidence is as of {', '.join(map(str, days))}; expected {as_of_date}. "
            "Build the stage 'people' of that day first."
        )
    if _has_table(connection, "retail_income_evidence"):
        purchases = _frame(connection, "retail_income_evidence").drop(columns="covered_days")
        frame = frame.merge(purchases, on="gr_id", how="left")
    return Evidence.of(frame.drop(columns="as_of_date").set_index("gr_id"))


def read_declared(connection: psycopg.Connection[Any]) -> pd.DataFrame:
    """Who declared which band: ``gr_id, family_id, declared_band``, by golden record."""
    return _rows(connection, "select gr_id, family_id, declared_band from core.income_declared order by gr_id")


def latest_training(connection: psycopg.Connection[Any], as_of_date: dt.date) -> Training | None:
    """The training that counts on a day: the latest one that knew no more than that day."""
    row = connection.execute(
        "select as_of_date, model_version, recipe, is_used from ml.income_trainings where as_of_date <= %s "
        "order by as_of_date desc limit 1",
        (as_of_date,),
    ).fetchone()
    return None if row is None else Training(*row)


def read_learnt(connection: psycopg.Connection[Any], trained_on: dt.date) -> pd.DataFrame:
    """Whom a training learnt from: ``gr_id, fold, declared_band``."""
    return _rows(
        connection, "select gr_id, fold, declared_band from ml.income_learnt where as_of_date = %s", (trained_on,)
    )


def write_training(
    connection: psycopg.Connection[Any], training: Training, declared: pd.DataFrame, fold: NDArray[np.int64]
) -> None:
    """Record a training and whom it learnt from; another training of the same day is replaced."""
    connection.execute("delete from ml.income_trainings where as_of_date = %s", (training.as_of_date,))
    connection.execute(
        "insert into ml.income_trainings (as_of_date, model_version, recipe, declared_count, is_used) "
        "values (%s, %s, %s, %s, %s)",
        (training.as_of_date, training.model_version, training.recipe, len(declared), training.is_used),
    )
    with (
        connection.cursor() as cursor,
        cursor.copy("copy ml.income_learnt (as_of_date, gr_id, fold, declared_band) from stdin") as copy,
    ):
        for person, number, band in zip(declared["gr_id"], fold.tolist(), declared["declared_band"], strict=True):
            copy.write_row((training.as_of_date, person, number, band))


def write_bands(
    connection: psycopg.Connection[Any], told: pd.DataFrame, as_of_date: dt.date, model_version: str | None
) -> int:
    """Bring ``ml.income_bands`` of a day to what is told; an equal row stays untouched.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``; the caller commits.
    told : pandas.DataFrame
        As ``infer`` gives it.
    as_of_date : date
        Of the bands.
    model_version : str or None
        Of the model that was asked; people of whom it was not asked have none.

    Returns
    -------
    int
        Rows inserted, changed or removed.
    """
    names = sql.SQL(", ").join(map(sql.Identifier, _BAND_COLUMNS))
    values = _BAND_COLUMNS[2:]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("create temporary table told_bands (like ml.income_bands including defaults) on commit drop")
        with cursor.copy(sql.SQL("copy told_bands ({}) from stdin").format(names)) as copy:
            for person, band, confidence, method, evidence, probabilities in zip(
                told.index, told["income_band"], told["confidence"].tolist(), told["method"], told["evidence"],
                told["probabilities"], strict=True,
            ):  # fmt: skip
                copy.write_row(
                    (
                        person, as_of_date, band, None if np.isnan(confidence) else confidence, method,
                        json.dumps(evidence, allow_nan=False),
                        None if probabilities is None else json.dumps(probabilities, allow_nan=False),
                        None if probabilities is None else model_version,
                    )
                )  # fmt: skip
        cursor.execute(
            "delete from ml.income_bands as held where as_of_date = %s and not exists "
            "(select 1 from told_bands as told where told.gr_id = held.gr_id)",
            (as_of_date,),
        )
        removed = cursor.rowcount
        cursor.execute(
            sql.SQL(
                "insert into ml.income_bands ({names}) select {names} from told_bands "
                "on conflict (as_of_date, gr_id) do update set {assignments}, inferred_at = now() "
                "where ({held}) is distinct from ({fresh})"
            ).format(
                names=names,
                assignments=sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(c)) for c in values),
                held=sql.SQL(", ").join(sql.SQL("ml.income_bands.{}").format(sql.Identifier(c)) for c in values),
                fresh=sql.SQL(", ").join(sql.SQL("excluded.{}").format(sql.Identifier(c)) for c in values),
            )
        )
        return removed + cursor.rowcount


def _has_table(connection: psycopg.Connection[Any], table: str) -> bool:
    row = connection.execute("select to_regclass(%s) is not null", (f"core.{table}",)).fetchone()
    return row is not None and bool(row[0])


def _frame(connection: psycopg.Connection[Any], table: str) -> pd.DataFrame:
    """A table of ``core`` by golden record; numeric as float, which would come as an object a cell."""
    columns = connection.execute(
        "select column_name, data_type from information_schema.columns "
        "where table_schema = 'core' and table_name = %s order by ordinal_position",
        (table,),
    ).fetchall()
    selected = [
        sql.SQL("{}::float8").format(sql.Identifier(name)) if kind == "numeric" else sql.Identifier(name)
        for name, kind in columns
    ]
    query = sql.SQL("select {} from {} order by gr_id").format(
        sql.SQL(", ").join(selected), sql.Identifier("core", table)
    )
    rows = connection.execute(query).fetchall()
    return pd.DataFrame(rows, columns=[name for name, _ in columns])


def _rows(connection: psycopg.Connection[Any], query: LiteralString, given: tuple[Any, ...] = ()) -> pd.DataFrame:
    cursor = connection.execute(query, given)
    return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or ()])
