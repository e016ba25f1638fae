"""``assay intervention``: who was contacted because of a score, and who was left alone on purpose."""

import datetime as dt
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from rich.console import Console

from orchestration.errors import AssayError
from orchestration.settings import Settings

Kind = Literal["CALL", "SMS", "EMAIL", "LETTER", "VISIT", "PAYMENT_PLAN"]
Outcome = Literal["REACHED", "NOT_REACHED", "PROMISED", "AGREED", "REFUSED"]


class UnknownExposureError(AssayError, LookupError):
    """No run has seen such an exposure."""


def chosen(option: str, given: str, known: object) -> str:
    """The value of ``known`` (a ``Literal``) that was typed, in any case.

    Raises
    ------
    AssayError
        It is none of them; the message names them.
    """
    values = get_args(known)
    found = next((value for value in values if value == given.upper().replace("-", "_")), None)
    if found is None:
        raise AssayError(f"{option} is {given!r}; expected {', '.join(map(str.lower, values))}")
    return str(found)


def record_intervention(
    settings: Settings,
    exposure_id: str,
    kind: str,
    contacted_by: str,
    console: Console,
    *,
    contacted_on: dt.date | None = None,
    outcome: str | None = None,
    is_holdout: bool = False,
) -> int:
    """Write one intervention down for good and return its number; the next training reads it.

    Parameters
    ----------
    settings, console
        Which portfolio; where to tell.
    exposure_id : str
        Of ``features.exposures``.
    kind : str
        One of ``Kind``, in any case.
    contacted_by : str
        Who made the contact.
    contacted_on : date, optional
        Business day; today in the portfolio's zone where not given.
    outcome : str, optional
        One of ``Outcome``, where known.
    is_holdout : bool
        Nobody made contact, on purpose.

    Raises
    ------
    UnknownExposureError
        No run has seen the exposure.
    AssayError
        A value is missing, unknown or impossible, or no run has made exposures yet.
    """
    import psycopg

    from orchestration.runtime import Runtime
    from orchestration.warehouse import Role

    kind = chosen("--kind", kind, Kind)
    outcome = None if outcome is None else chosen("--outcome", outcome, Outcome)
    if not contacted_by.strip():
        raise AssayError("--by is empty; an auditor will ask who made the contact")
    if is_holdout and outcome is not None:
        raise AssayError(
            f"--holdout and --outcome {outcome.lower()} exclude each other: whoever is held out is not contacted"
        )
    today = dt.datetime.now(tz=ZoneInfo(settings.portfolio.time_zone)).date()
    contacted_on = contacted_on or today
    if contacted_on > today:
        raise AssayError(f"--on is {contacted_on}, a day to come; expected {today} or before: record it when it was")
    with Runtime(settings).warehouse.connect(Role.OPS) as connection:
        try:
            row = connection.execute(
                "select gr_id, granted_on from features.exposures where exposure_id = %s "
                "order by as_of_date desc limit 1",
                (exposure_id,),
            ).fetchone()
        except psycopg.errors.UndefinedTable as error:
            raise AssayError(
                f"Portfolio {settings.portfolio_name!r} has no exposures yet: run `assay run`, or name the portfolio "
                "with --portfolio"
            ) from error
        if row is None:
            raise UnknownExposureError(
                f"No run has seen the exposure {exposure_id!r}; those there are stand in features.exposures, and the "
                "scored ones in gold's risk_scores (`assay psql`)"
            )
        gr_id, granted_on = row
        if contacted_on < granted_on:
            raise AssayError(f"--on is {contacted_on}, before {exposure_id} was granted on {granted_on}")
        number = connection.execute(
            "insert into ops.interventions (gr_id, exposure_id, kind, contacted_on, contacted_by, is_holdout, outcome) "
            "values (%s, %s, %s, %s, %s, %s, %s) returning intervention_id",
            (gr_id, exposure_id, kind, contacted_on, contacted_by.strip(), is_holdout, outcome),
        ).fetchone()
    assert number is not None
    what = "held out of" if is_holdout else f"{(outcome or 'contacted').lower()} by"
    console.print(
        f"Intervention {number[0]}: {gr_id} {what} {kind} on {contacted_on}, about {exposure_id}. It stands for good.",
        soft_wrap=True,
        markup=False,
    )
    return int(number[0])
