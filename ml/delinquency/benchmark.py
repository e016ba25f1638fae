"""The model beside rivals on the same outer folds: a plain forest on ten aggregates, and the date alone.

A rival here is deliberately plain: it says what a day's work would reach, so that the pipeline has something
to beat.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml.delinquency.config import TrainingConfig
from ml.delinquency.frame import Floats, to_numbers
from ml.delinquency.training import train
from ml.delinquency.validation import outer_folds
from ml.evaluate.discrimination import AucDifference, AucEstimate, auc_difference, bootstrap_auc

# Whole history up to the as-of date, over the transactions themselves.
REFERENCE_AGGREGATES = (
    "reference_bal_mean",
    "reference_bal_min",
    "reference_bal_std",
    "reference_bal_last",
    "reference_n",
    "reference_cr",
    "reference_db",
    "reference_pen",
    "reference_cash",
    "reference_days",
)
LOAN_TERMS = ("principal_amount", "term_months", "instalment_amount")


@dataclass(frozen=True)
class Comparison:
    """Result of :func:`compare`.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a model; columns ``overall`` and each vintage hold an ``AucEstimate`` (None where a vintage
        has one class only).
    difference : AucDifference
        Ours minus the forest, paired, overall.
    algorithm : str
        Candidate of ours fitted on everything.
    metrics : dict
        All figures of ours.
    """

    table: pd.DataFrame
    difference: AucDifference
    algorithm: str
    metrics: dict[str, Any]

    def __str__(self) -> str:
        shown = self.table.map(lambda cell: "-" if cell is None else str(cell))
        verdict = "not worse" if self.difference.is_not_worse else "WORSE"
        return f"{shown.to_string()}\n\nours - forest, paired: {self.difference} ({verdict}); chosen: {self.algorithm}"


def compare(
    frame: pd.DataFrame,
    *,
    features: Sequence[str],
    target: str = "is_bad",
    time: str = "granted_on",
    group: str = "gr_id",
    reference_features: Sequence[str] = (*REFERENCE_AGGREGATES, *LOAN_TERMS),
    config: TrainingConfig | None = None,
    catalogue: Any = None,
    trees: int = 300,
) -> Comparison:
    """Measure ours, a plain forest and the date alone in the same folds.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a loan: features as of the day before it, reference columns, target, date and group.
    features : sequence of str
        Of our model.
    target, time, group : str
        Columns of the outcome, the loan date, the golden record.
    reference_features : sequence of str
        Of the forest; missing becomes 0.
    config, catalogue
        As for :func:`ml.delinquency.train`.
    trees : int
        Trees of the forest; everything else is scikit-learn's default.

    Returns
    -------
    Comparison
    """
    config = config or TrainingConfig()
    # Ours reports by position after its own ordering of rows: a plain number as index brings the two
    # together.
    frame = frame.reset_index(drop=True)
    model = train(frame, target, features=features, time=time, group=group, config=config, catalogue=catalogue)
    assert model.out_of_fold is not None
    held_out = model.out_of_fold
    y = held_out["target"].to_numpy(float)
    repeats = [name for name in held_out if str(name).startswith("repeat_")]
    ordered = frame.loc[held_out.index]
    # Group codes as train made them: sorted as text.
    groups = pd.factorize(ordered[group].astype(str), sort=True)[0]
    days = pd.to_datetime(ordered[time]).to_numpy().astype("datetime64[D]").astype(float)
    scores = {
        "ours": held_out[repeats].to_numpy().T,
        f"forest, {len(reference_features)} columns": _forest(
            np.nan_to_num(to_numbers(ordered, reference_features)), y, groups, config, trees, len(repeats)
        ),
        "loan date alone": -days[None, :],
    }
    vintages = held_out["vintage"].to_numpy(str)
    options: dict[str, Any] = {"resamples": config.resamples, "seed": config.seed}
    rows: dict[str, dict[str, AucEstimate | None]] = {}
    for name, values in scores.items():
        rows[name] = {"overall": bootstrap_auc(y, values, group=groups, **options)}
        for vintage in np.unique(vintages):
            inside = vintages == vintage
            has_both = 0 < y[inside].sum() < inside.sum()
            rows[name][str(vintage)] = (
                bootstrap_auc(y[inside], values[:, inside], group=groups[inside], **options) if has_both else None
            )
    ours, forest, _ = scores.values()
    return Comparison(
        table=pd.DataFrame.from_dict(rows, orient="index"),
        difference=auc_difference(y, ours, forest, group=groups, **options),
        algorithm=model.algorithm,
        metrics=model.metrics,
    )


def _forest(X: Floats, y: Floats, groups: Any, config: TrainingConfig, trees: int, repeats: int) -> Floats:
    """Out-of-fold probabilities of a forest with default settings, shape (repeats, n)."""
    from sklearn.ensemble import RandomForestClassifier

    probability = np.full((repeats, len(y)), np.nan)
    for repeat in range(repeats):
        for train_rows, test_rows in outer_folds(y, groups, config, repeat):
            forest = RandomForestClassifier(trees, random_state=config.seed + repeat, n_jobs=1)
            forest.fit(X[train_rows], y[train_rows])
            probability[repeat, test_rows] = forest.predict_proba(X[test_rows])[:, 1]
    return probability
