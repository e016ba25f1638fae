"""Whether digits such as 201503 and 20150325 are dates or codes that look like some.

Belongs here: the evidence of a column's name and values. How dates are read is in ``dates``.
"""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.datetime64]

# Forms of digits only.
DIGIT_FORMS = ("%Y%m", "%Y%m%d")
_WORD = re.compile(
    r"date|dt|day|d|month|mth|mon|y?ym|ymd|yyyymm(dd)?|period|vintage|cohort|open(ed|ing)?|issued?|granted|clos(ed|ing)"
    r"|born|birth(day)?|dob|since|start|end|maturity|due|on|at|\w+(date|month|period)"
)
_NO_DATE = re.compile("candidate|mandate|codes?|id|no|nr|number|branch|zip|postcode")
# Dates of people's accounts and births lie so near to the row's time, nearly all of them.
_YEARS_BEFORE, _YEARS_AFTER = 110, 50
_NEARLY_ALL = 0.99
# Without a name: so many different months (or days), over so many years, with hardly a month left out between.
_MANY = 24
_FULL_YEARS = 2
_COVERED = 0.5
_DIFFERENT_DAYS = 60


def says_date(name: str) -> bool:
    """Whether a column's name says that it holds dates."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    tokens = [token for token in re.split(r"[^a-z]+", words) if token]
    if not tokens or _NO_DATE.fullmatch(tokens[-1]):
        return False
    # The last word says what a column is: a branch_code_date is a date, a date_code and a start_branch_code are none.
    return bool(_WORD.fullmatch(tokens[-1])) or (
        any(map(_WORD.fullmatch, tokens)) and not any(map(_NO_DATE.fullmatch, tokens))
    )


def are_dates(dates: Any, form: str, name: str, days: Days | None) -> bool:
    """Whether digits that read as dates are some: they lie round the rows' times, and the name says so or the values
    could hardly be anything else.

    Parameters
    ----------
    dates : pandas.Series of n dates
        As read; missing is NaT.
    form : str
        One of ``DIGIT_FORMS``.
    name : str
        The column's.
    days : ndarray of shape (n,), optional
        Time of each row.
    """
    known = dates.notna().to_numpy(bool)
    found = dates.to_numpy().astype("datetime64[D]")[known]
    if days is not None:
        before = (days[known] - found).astype("timedelta64[D]").astype(float) / 365.25
        if ((before <= _YEARS_BEFORE) & (before >= -_YEARS_AFTER)).mean() < _NEARLY_ALL:
            return False
    return says_date(name) or _is_overwhelming(found, form)


def _is_overwhelming(found: Days, form: str) -> bool:
    """Whether values fill the calendar as dates do: the days of the month where they are written, else every month of
    the year, over years, with hardly one left out."""
    if form == "%Y%m%d":
        different = np.unique(found)
        of_month = different - different.astype("datetime64[M]").astype("datetime64[D]")
        return len(different) >= _DIFFERENT_DAYS and len(np.unique(of_month)) >= _MANY
    months, rows = np.unique(found.astype("datetime64[M]").astype(int), return_counts=True)
    # The middle nine tenths: the first and the last few dates are thinly spread.
    share = np.cumsum(rows) / rows.sum()
    middle = months[(share >= 0.05) & (share <= 0.95 + rows / rows.sum())]
    if len(months) < _MANY or not len(middle):
        return False
    span = int(middle[-1] - middle[0]) + 1
    return bool(len(np.unique(months % 12)) == 12 and span >= 12 * _FULL_YEARS and len(middle) >= _COVERED * span)
