"""What the service's five endpoints answer, as plain functions.

Belongs here: the shape of answers. An HTTP service only hands requests in and answers out.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.eligibility.decision import decide_rows, read_rows
from ml.eligibility.model import EligibilityModel
from ml.eligibility.reading import check_ids

Floats = NDArray[np.float64]
Row = Mapping[str, Any]

_BLOCK_ROWS = 16_384


@overload
def score(model: EligibilityModel, rows: Row) -> dict[str, Any]: ...
@overload
def score(model: EligibilityModel, rows: pd.DataFrame) -> pd.DataFrame: ...
@overload
def score(model: EligibilityModel, rows: Sequence[Row]) -> list[dict[str, Any]]: ...
def score(model: EligibilityModel, rows: Any) -> Any:
    """Probability, decision and thresholds of one application, several, or a frame of them.

    Returns
    -------
    dict, list of dict, or pandas.DataFrame
        As the rows were given: ``eid, probability, decision, approve_threshold, review_threshold``.

    Raises
    ------
    EligibilityInputError
        If a column is absent or unknown, or a value is not allowed.
    """
    many = [rows] if isinstance(rows, Mapping) else rows
    decided = decide_rows(model, many)
    answer = pd.DataFrame(
        {
            "eid": decided.ids.to_numpy(dtype=object),
            "probability": decided.probability,
            "decision": decided.decision,
            "approve_threshold": model.thresholds.approve,
            "review_threshold": model.thresholds.review,
        },
        index=rows.index if isinstance(rows, pd.DataFrame) else None,
    )
    return _as_given(rows, answer.to_dict("records") if not isinstance(rows, pd.DataFrame) else answer)


@overload
def explain(model: EligibilityModel, rows: Row, *, top: int = 3) -> dict[str, Any]: ...
@overload
def explain(model: EligibilityModel, rows: Sequence[Row] | pd.DataFrame, *, top: int = 3) -> list[dict[str, Any]]: ...
def explain(model: EligibilityModel, rows: Any, *, top: int = 3) -> Any:
    """What moved each application most, strongest first.

    ``shap_value`` is exact, in log-odds, beyond the usual value of each column: above 0 speaks for support. Values of
    all columns and the usual row's log-odds sum to the row's.

    Returns
    -------
    dict, or list of dict
        ``eid, top_features``: a list of ``name, value, shap_value``.

    Raises
    ------
    EligibilityInputError
        If a column is absent or unknown, or a value is not allowed.
    ValueError
        If ``top`` is below 0.
    """
    frame, source = read_rows(model, [rows] if isinstance(rows, Mapping) else rows)
    X = model.numbers(frame, source)
    which, parts = top_features(model, X, top)
    facts = model.policy.facts
    answers = []
    for row, eid in enumerate(check_ids(frame, source).tolist()):
        told = []
        for at, part in zip(which[row].tolist(), parts[row].tolist(), strict=True):
            value: Any = None if np.isnan(X[row, at]) else X[row, at].item()
            if value is not None and facts[at].kind == "level":
                value = facts[at].levels[int(value)]
            told.append({"name": facts[at].name, "value": value, "shap_value": part})
        answers.append({"eid": eid, "top_features": told})
    return _as_given(rows, answers)


def top_features(model: EligibilityModel, X: Floats, top: int = 5) -> tuple[NDArray[np.intp], Floats]:
    """The columns that move each row most, and what they contribute, strongest first: (n, top) each.

    For very many rows, where words are not wanted; the first of equals comes first.
    """
    if top < 0:
        raise ValueError(f"top is {top}; expected 0 or more")
    top = min(top, X.shape[1])
    which, parts = np.empty((len(X), top), dtype=np.intp), np.empty((len(X), top))
    for start in range(0, len(X), _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        values = model.contributions(X[rows]).values
        order = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :top]
        which[rows], parts[rows] = order, np.take_along_axis(values, order, axis=1)
    return which, parts


def thresholds(model: EligibilityModel) -> dict[str, float]:
    """The two thresholds in force."""
    return {"approve_threshold": model.thresholds.approve, "review_threshold": model.thresholds.review}


def trained(model: EligibilityModel, model_file: Path | None = None) -> dict[str, Any]:
    """Answer of a training; folder and file where the model was saved."""
    return {
        "status": "trained",
        "model": {
            "model_dir": None if model_file is None else str(model_file.parent),
            "model_file": None if model_file is None else model_file.name,
            "roc_auc": model.metadata["metrics"]["roc_auc"],
            "n_rows": model.metadata["n_rows"],
            "n_features": model.metadata["n_features"],
        },
    }


def health(model: EligibilityModel | None) -> dict[str, Any]:
    """Whether scoring can answer, and with which version."""
    return {"status": "ok" if model else "no_model", "model_version": model.version if model else None}


def _as_given(rows: Any, answers: Any) -> Any:
    return answers[0] if isinstance(rows, Mapping) else answers
