"""Whether a day got what days usually get: rows to score, and sources that reach up to the day."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ml.drift.comparing import ALERT_FROM, COLUMNS

# Days before that say what is usual: four weeks hold every weekday as often.
USUAL_DAYS = 28
# Fewer days before say nothing of what is usual.
FEWEST_DAYS = 3


def volume(rows: int, before: Sequence[int], subject: str = "scored") -> pd.DataFrame:
    """Rows of a day, such as those that were scored, against the median of the days before.

    Parameters
    ----------
    rows : int
        Of the day.
    before : sequence of int
        Of earlier days, at most ``USUAL_DAYS``; with fewer than ``FEWEST_DAYS`` nothing is said of the level.
    subject : str
        What they are.

    Returns
    -------
    pandas.DataFrame
        One row of ``COLUMNS``: ``warn`` where there are a quarter more or fewer than usual, ``alert`` where half as
        many or fewer; a difference that chance explains (five standard deviations of a count, and more than what the
        days before differ by) is none.
    """
    usual = float(np.median(before)) if len(before) >= FEWEST_DAYS else None
    level = "ok"
    if usual is not None and usual > 0:
        spread = max(5 * np.sqrt(usual), float(np.abs(np.array(before) - usual).max()))
        if abs(rows - usual) > spread:
            if rows <= usual / 2:
                level = "alert"
            elif abs(rows - usual) >= ALERT_FROM * usual:
                level = "warn"
    return _frame([("population", subject, "volume", float(rows), usual, level, rows)])


def late_sources(days_late: Mapping[str, int], before: Mapping[str, Sequence[int]]) -> pd.DataFrame:
    """Sources that reach less far up to the day than they have before.

    Parameters
    ----------
    days_late : mapping of str to int
        Of each source and subject, days from the last covered one to the day; 0 where the day itself is covered.
    before : mapping of str to sequence of int
        The same of earlier days. A source that was never looked at before is not judged.

    Returns
    -------
    pandas.DataFrame
        One row of ``COLUMNS`` a source and subject: ``alert`` where it is later than on any of those days. A source
        that is gone altogether is one, too.
    """
    found: list[tuple[str, str, str, float | None, float | None, str, int]] = []
    for name in sorted({*days_late, *before}):
        usual = max(before[name]) if before.get(name) else None
        now = days_late.get(name)
        if now is None:
            found.append(("source", name, "days_late", None, usual, "alert", 0))
            continue
        level = "alert" if usual is not None and now > usual else "ok"
        found.append(("source", name, "days_late", float(now), usual, level, 1))
    return _frame(found)


def _frame(rows: Sequence[tuple[str, str, str, float | None, float | None, str, int]]) -> pd.DataFrame:
    names = ["subject_kind", "subject", "measure", "value", "reference_value", "level", "rows_actual"]
    table = pd.DataFrame(rows, columns=names)
    return table.assign(by_chance=None, usual_value=None, rows_reference=None)[list(COLUMNS)]
