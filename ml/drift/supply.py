"""Whether a day got what days usually get: rows to score, and sources that reach up to the day.

What is usual is told by the days before, the same weekday's first: a source that is closed at weekends is no source
that failed. What failed on one day must not become usual on the next: a day that was an alert says nothing of the days
after it, and neither do the days of a delay that still lasts.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ml.drift.comparing import ALERT_FROM, COLUMNS

WEEK = 7
# Days before that say what is usual: eight of each weekday, so that what lasts for three weeks is no majority of them,
# and a delivery a month has been seen. What lasts longer than this is usual (2026-11-28).
USUAL_DAYS = 8 * WEEK
# Fewer days before say nothing of what is usual.
FEWEST_DAYS = 3
# Of them the newest of each weekday say how many rows are usual: a month ago there may have been more or fewer.
NEWEST = 4
# Median deviations, as of a normal distribution, that a count may lie from its weekday's median: of four values they
# are a quarter too small, and three in 100,000 days are to lie further (2026-11-28).
USUAL_DEVIATIONS = 5.0
# Share of days on which a source is as late as it usually is on their weekday, from which on the weekday tells; other
# sources deliver every other day, twice a month, or as it comes (2026-11-28: of one that delivers every other day at
# most two thirds).
REGULAR_SHARE = 0.7
# Median deviations that a delay of those others may exceed the median by: where deliveries are evenly apart, delays
# rise and fall evenly and stay below (2026-11-28).
DELAY_DEVIATIONS = 3.0
# Separate delays within the days before that make a delay usual: three failures in eight weeks do not.
USUAL_DELAYS = 4


def volume(rows: int, before: Sequence[int | None], subject: str = "scored") -> pd.DataFrame:
    """Rows of a day, such as those that were scored, against the median of the same weekdays before.

    Parameters
    ----------
    rows : int
        Of the day.
    before : sequence of int or None
        Of the days before, one a day and yesterday last; None where a day was not made, 0 where nothing came. At most
        ``USUAL_DAYS`` count. With fewer than ``FEWEST_DAYS``, or none of the same weekday, nothing is said of the
        level.
    subject : str
        What they are.

    Returns
    -------
    pandas.DataFrame
        One row of ``COLUMNS``: ``warn`` where there are a quarter more or fewer than usual, ``alert`` where half as
        many or fewer; a difference that chance explains (five standard deviations of a count) or that days differ by
        anyway (``USUAL_DEVIATIONS``) is none. Days that would have been an alert themselves are left out.
    """
    kept: list[int | None] = []
    for count in before[-USUAL_DAYS:]:
        is_usual = count is None or _volume_level(count, kept)[0] != "alert"
        kept.append(count if is_usual else None)
    level, usual = _volume_level(rows, kept)
    return _frame([("population", subject, "volume", float(rows), usual, level, rows)])


def late_sources(days_late: Mapping[str, int], before: Mapping[str, Sequence[int | None]]) -> pd.DataFrame:
    """Sources that reach less far up to the day than they have before.

    Parameters
    ----------
    days_late : mapping of str to int
        Of each source and subject, days from the last covered one to the day; 0 where the day itself is covered.
    before : mapping of str to sequence of int or None
        The same of the days before, one a day and yesterday last; None where a day was not watched. The days since the
        last covered one do not count, of those before them ``USUAL_DAYS`` at most.

    Returns
    -------
    pandas.DataFrame
        One row of ``COLUMNS`` a source and subject: ``alert`` where it is later than is usual on this weekday; of a
        source that keeps to no weekday, later than its gaps usually grow; and while fewer than ``FEWEST_DAYS`` of this
        weekday are known, later than on any day, of a source known for less than a week also later than a week. A
        source with fewer than ``FEWEST_DAYS`` known is not judged, one that is gone altogether is an alert, too.
    """
    found: list[tuple[str, str, str, float | None, float | None, str, int]] = []
    for name in sorted({*days_late, *before}):
        now = days_late.get(name)
        usual = _usual_delay(before.get(name, ()), now or 0)
        if now is None:
            found.append(("source", name, "days_late", None, usual, "alert", 0))
            continue
        level = "alert" if usual is not None and now > usual else "ok"
        found.append(("source", name, "days_late", float(now), usual, level, 1))
    return _frame(found)


def _volume_level(rows: int, before: Sequence[int | None]) -> tuple[str, float | None]:
    """Level of a count by the days before, and what is usual; None: not known."""
    weekdays = [counts[-NEWEST:] for counts in _by_weekday(dict(enumerate(before)), len(before))]
    same, everyday = weekdays[0], [count for counts in weekdays for count in counts]
    if not same or len(everyday) < FEWEST_DAYS:
        return "ok", None
    usual, overall = float(np.median(same)), float(np.median(everyday))
    if len(same) < FEWEST_DAYS:
        # One busy day is not what its weekday usually is.
        usual = min(usual, overall)
    if usual == 0:
        return "ok", usual
    off = [
        abs(count - float(np.median(counts))) for counts in weekdays if len(counts) >= FEWEST_DAYS for count in counts
    ]
    off = off or [abs(count - overall) for count in everyday]
    spread = max(5 * np.sqrt(usual), USUAL_DEVIATIONS * _NORMAL * float(np.median(off)))
    if abs(rows - usual) <= spread:
        return "ok", usual
    if rows <= usual / 2:
        return "alert", usual
    return "warn" if abs(rows - usual) >= ALERT_FROM * usual else "ok", usual


# A normal distribution's standard deviation, by its median absolute deviation.
_NORMAL = 1.4826


def _usual_delay(before: Sequence[int | None], now: int) -> float | None:
    """Latest that a source usually is on the day's weekday; None: not known."""
    today = len(before)
    # A delay's own days are not what is usual, however long it lasts.
    until = today - max(now, 1)
    known = {at: late for at, late in enumerate(before) if until - USUAL_DAYS < at <= until and late is not None}
    # The longest of each gap, by the day before it.
    gaps: dict[int, int] = {}
    for at, late in known.items():
        gaps[at - late] = max(late, gaps.get(at - late, 0))
    weekdays = _by_weekday(known, today)
    if len(known) < FEWEST_DAYS:
        return None
    if len(weekdays[0]) < FEWEST_DAYS:
        # Days that were never seen, such as a first weekend, explain a delay of a week at most.
        return float(max(known.values() if len(known) >= WEEK else (WEEK, *known.values())))
    middles = [_lower_median(delays) if delays else 0 for delays in weekdays]
    over = {at: late - middles[(today - at) % WEEK] for at, late in known.items()}
    if sum(excess == 0 for excess in over.values()) >= REGULAR_SHARE * len(known):
        excesses: dict[int, int] = {}
        for at, excess in over.items():
            gap = at - known[at]
            excesses[gap] = max(excess, excesses.get(gap, 0))
        # A source that now and then comes late: each gap counts once, whatever it grew to.
        often = sorted(excesses.values(), reverse=True)[USUAL_DELAYS - 1 : USUAL_DELAYS]
        return float(middles[0] + max([0, *often]))
    middle = _lower_median(list(known.values()))
    limit = middle + DELAY_DEVIATIONS * _lower_median([abs(late - middle) for late in known.values()])
    # The longest gap but one, where there are two.
    return float(max(limit, sorted(gaps.values())[-2:][0]))


def _by_weekday(days: Mapping[int, int | None], today: int) -> list[list[int]]:
    """Values by how many days of a week before today they were: those of the same weekday first."""
    found: list[list[int]] = [[] for _ in range(WEEK)]
    for at, value in days.items():
        if value is not None:
            found[(today - at) % WEEK].append(value)
    return found


def _lower_median(values: Sequence[int]) -> int:
    return sorted(values)[(len(values) - 1) // 2]


def _frame(rows: Sequence[tuple[str, str, str, float | None, float | None, str, int]]) -> pd.DataFrame:
    names = ["subject_kind", "subject", "measure", "value", "reference_value", "level", "rows_actual"]
    table = pd.DataFrame(rows, columns=names)
    return table.assign(by_chance=None, usual_value=None, rows_reference=None)[list(COLUMNS)]
