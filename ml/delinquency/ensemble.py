"""CatBoost, XGBoost and LightGBM together, measured beside the chosen model where they are installed.

Compared and reported only. Neither of the two libraries' models is explained exactly here, so the ensemble is never
chosen; the report says what that costs.
"""

import importlib.util
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.delinquency.config import Settings
from ml.delinquency.heldout import Measured
from ml.delinquency.paired import loss_difference, row_losses
from ml.delinquency.trees import TreeMember
from ml.delinquency.validation import fit_link

Floats = NDArray[np.float64]

LIBRARIES = ("catboost", "xgboost")
# Shares of the three, as the engine's description has them.
WEIGHTS = {"catboost": 0.6, "xgboost": 0.2, "lightgbm": 0.2}
_ROUNDS = 800
_PATIENCE = 40


def missing_libraries() -> list[str]:
    """Those of the optional libraries that are not installed; nothing is imported to find out."""
    return [name for name in LIBRARIES if importlib.util.find_spec(name) is None]


def compare_ensemble(found: Measured, lightgbm: Settings, chosen: Floats) -> dict[str, Any]:
    """Measure the ensemble on the test part of the first split.

    Parameters
    ----------
    found : Measured
        Members of all splits.
    lightgbm : Settings
        Trees that are the ensemble's third part.
    chosen : ndarray
        Calibrated log-odds of the chosen model on that test part.

    Returns
    -------
    dict
        ``status`` ("not installed" or "measured"), ``used`` (always False), ``reason``, and the paired difference.
    """
    missing = missing_libraries()
    if missing:
        return {
            "status": "not installed",
            "used": False,
            "missing": missing,
            "reason": f"{' and '.join(missing)} not installed; pip install 'assay[ensembles]' to compare",
        }
    table, split, fits = found.table, found.design.splits[0], found.fits[0]
    member = fits[lightgbm].member
    assert isinstance(member, TreeMember)
    X, y, seed = member.design(table.X), table.y, found.config.seed
    learn, stop = (X[split.learn], y[split.learn]), (X[split.stop], y[split.stop])
    parts = {
        "catboost": _catboost(learn, stop, X[split.test], seed),
        "xgboost": _xgboost(learn, stop, X[split.test], seed),
        "lightgbm": fits[lightgbm].test,
    }
    raw = sum((WEIGHTS[name] * z for name, z in parts.items()), np.zeros(len(split.test)))
    # Calibrated on the very rows that are tested: a little too good, so that a chosen model that is not worse is sure.
    link = fit_link(raw[None, :], y[split.test])
    together = link.intercept + link.slope * raw
    outcome = y[split.test]
    difference = loss_difference(
        row_losses(outcome, together), row_losses(outcome, chosen), table.groups[split.test], seed=seed
    )
    better = "surely better than" if difference.is_surely_better else "not surely better than"
    return {
        "status": "measured",
        "used": False,
        "weights": WEIGHTS,
        "log_loss_minus_chosen": difference.to_dict(),
        "reason": f"the ensemble is {better} the chosen model; it is compared only, for it can't be explained exactly",
    }


def _catboost(learn: tuple[Floats, Floats], stop: tuple[Floats, Floats], X: Floats, seed: int) -> Floats:
    from catboost import CatBoostClassifier

    model = CatBoostClassifier(
        iterations=_ROUNDS, depth=4, learning_rate=0.08, random_seed=seed, verbose=False, thread_count=1,
        allow_writing_files=False,
    )  # fmt: skip
    model.fit(*learn, eval_set=stop, early_stopping_rounds=_PATIENCE)
    return np.asarray(model.predict(X, prediction_type="RawFormulaVal"), dtype=float)


def _xgboost(learn: tuple[Floats, Floats], stop: tuple[Floats, Floats], X: Floats, seed: int) -> Floats:
    import xgboost

    model = xgboost.XGBClassifier(
        n_estimators=_ROUNDS, max_depth=3, learning_rate=0.08, early_stopping_rounds=_PATIENCE, random_state=seed,
        n_jobs=1, eval_metric="logloss",
    )  # fmt: skip
    model.fit(*learn, eval_set=[stop], verbose=False)
    return np.asarray(model.predict(X, output_margin=True), dtype=float)
