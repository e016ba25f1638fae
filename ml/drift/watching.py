"""Watching a model on a day: what every kind of model has in common once its rows are read.

Belongs here: the day's rows against the training window that a version has kept, what is stored, and what becomes an
alert. Which rows are held against it, and when, is each kind's business.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import psycopg
from numpy.typing import ArrayLike

from ml.drift.comparing import COLUMNS, compare
from ml.drift.performance import expected_performance, realised_performance
from ml.drift.reference import Reference
from ml.drift.store import write_monitoring
from ml.registry.events import record_event


@dataclass(frozen=True)
class Watched:
    """What watching a model on a day gave.

    Attributes
    ----------
    model_name : str
    model_version : str or None
        None where the model has no champion.
    found : pandas.DataFrame
        Rows of ``ml.model_monitoring`` of the day.
    written : int
        Rows inserted, changed or removed.
    message : str or None
        Why less than everything could be said.
    """

    model_name: str
    model_version: str | None
    found: pd.DataFrame
    written: int
    message: str | None = None

    def named(self, level: str) -> list[str]:
        """Subject, measure and value of a level's rows, the largest value first."""
        loud = self.found[self.found["level"] == level].sort_values("value", ascending=False, na_position="first")
        named = zip(loud["subject"], loud["measure"], loud["value"].astype(float), strict=True)
        return [
            f"{subject} {measure}" + ("" if np.isnan(value) else f" {value:.3g}") for subject, measure, value in named
        ]


def not_watched(model_name: str) -> Watched:
    """A model that nothing scores by."""
    return Watched(model_name, None, pd.DataFrame(columns=list(COLUMNS)), 0, "not watched: there is no champion")


def reference_kept(metadata: Mapping[str, Any]) -> tuple[Reference | None, str | None]:
    """The training window that a version has kept, or why there is none."""
    kept = metadata.get("reference")
    if kept is None:
        return None, "features and score are not compared: the version was trained before references were kept"
    return Reference.from_dict(kept), None


def compared(
    reference: Reference, frame: pd.DataFrame, probability: ArrayLike, group: ArrayLike, threshold: float
) -> list[pd.DataFrame]:
    """The day's rows against the training window, and performance as expected of their probabilities.

    Parameters
    ----------
    reference : Reference
        Of the version that scored.
    frame : pandas.DataFrame of n rows
        At least one; the reference's features among its columns.
    probability, group : array_like of shape (n,)
        What the version says of them, and their people.
    threshold : float
        Probability from which on a row is flagged.
    """
    expected = expected_performance(probability, threshold=threshold)
    told = pd.DataFrame(
        {
            "subject_kind": "performance",
            "subject": "score",
            "measure": [f"{name}_estimated" for name in expected],
            "value": list(expected.values()),
            "reference_value": [reference.performance.get(name) for name in expected],
            "level": "ok",
            "rows_reference": None if reference.score is None else reference.score.rows,
            "rows_actual": len(frame),
        }
    )
    return [compare(reference, frame, score=probability, group=group), told]


def realised(model_name: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Realised figures of each version and day; ``rows`` has model_version, as_of_date, probability and is_bad."""
    found = []
    for (version, day), part in rows.groupby(["model_version", "as_of_date"], sort=True):
        figures = realised_performance(part["is_bad"].to_numpy(dtype=float), part["probability"].to_numpy(dtype=float))
        keys: dict[str, Any] = {"model_name": model_name, "model_version": version, "as_of_date": day}
        found.append(figures.assign(subject_kind="performance", subject="score", rows_actual=len(part), **keys))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def tell(
    connection: psycopg.Connection[Any],
    model_name: str,
    version: str,
    as_of_date: dt.date,
    parts: Sequence[pd.DataFrame],
    outcomes: pd.DataFrame,
    message: str | None = None,
) -> Watched:
    """Store what was found on a day, and write an event for each alert; the caller commits.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``.
    model_name, version, as_of_date : str, str, date
        What scored when.
    parts : sequence of pandas.DataFrame
        ``ml.drift.COLUMNS`` each; at least one.
    outcomes : pandas.DataFrame
        Of :func:`realised`: figures of earlier days.
    message : str, optional
        Why less than everything could be said.
    """
    filled = [part for part in parts if len(part)]
    found = pd.concat(filled, ignore_index=True) if filled else parts[0]
    found = found.assign(model_name=model_name, model_version=version, as_of_date=as_of_date)
    written = write_monitoring(connection, found) + write_monitoring(connection, outcomes)
    for row in found[found["level"] == "alert"].itertuples():
        record_event(
            connection, model_name, "drift_alert", from_version=version, as_of_date=as_of_date,
            subject=f"{row.subject} {row.measure}", acted_by="model monitoring",
            reason=f"{row.measure} of {row.subject} is {row.value}, reference {row.reference_value}",
        )  # fmt: skip
    return Watched(model_name, version, found, written, message)
