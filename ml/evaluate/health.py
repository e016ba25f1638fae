"""The risk engine's "model health score": one number of 0 to 100 for a dashboard.

Its document (``003_1a057d984df41dfb``) states 75.6 of 100 and no formula. Recovered: ``100 * (0.4 AUC + 0.4 recall +
0.2 precision)``, which with its AUC of 0.70, recall of 0.85 and precision of 0.68 gives exactly 75.6. With figures
rounded to a percent this can't be proved: ``0.5 AUC + 0.3 recall + 0.2 F1`` fits as well. It rests on a threshold and,
through precision, on the base rate (31.6 % there): scores of populations with other base rates can't be compared, and
no gate uses it.
"""

FORMULA = (
    "100 * (0.4 * AUC + 0.4 * recall + 0.2 * precision), recovered from the document's figures, "
    "which other weights fit as well"
)
_WEIGHTS = {"auc": 0.4, "recall": 0.4, "precision": 0.2}


def health_score(auc: float, recall: float, precision: float) -> float:
    """Health score, 0 to 100; recall and precision at the threshold in use.

    Raises
    ------
    ValueError
        If a figure lies outside 0 to 1.
    """
    figures = {"auc": auc, "recall": recall, "precision": precision}
    if wrong := {name: value for name, value in figures.items() if not 0 <= value <= 1}:
        raise ValueError(f"health score: {wrong} lie outside 0 to 1; give shares, not percentages")
    return 100 * sum(_WEIGHTS[name] * value for name, value in figures.items())
