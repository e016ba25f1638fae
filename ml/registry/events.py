"""What happened to a model: rows of ``ops.model_events``, and what follows from them. Only ever added to."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import psycopg

Action = Literal["promoted", "rolled_back", "refused", "drift_alert", "trained"]


def record_event(
    connection: psycopg.Connection[Any],
    model_name: str,
    action: Action,
    *,
    acted_by: str,
    reason: str,
    from_version: str | None = None,
    to_version: str | None = None,
    alias: str = "champion",
    as_of_date: dt.date | None = None,
    subject: str | None = None,
    gates: Mapping[str, str] | None = None,
    is_override: bool = False,
) -> None:
    """Write one event; a refusal or a drift alert of the same version, day and subject is written once."""
    connection.execute(
        """
        insert into ops.model_events (
            model_name, action, alias, from_version, to_version, as_of_date, subject, is_override, gates, acted_by,
            reason
        ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s)
        on conflict do nothing
        """,
        (
            model_name, action, alias, from_version, to_version, as_of_date, subject, is_override,
            None if gates is None else json.dumps(dict(gates)), acted_by, reason,
        ),
    )  # fmt: skip


def champions(connection: psycopg.Connection[Any], model_name: str) -> list[str]:
    """Champions in their order, the present one last; a rollback takes back those after its target."""
    rows = connection.execute(
        "select action, to_version from ops.model_events where model_name = %s and alias = 'champion' "
        "and action in ('promoted', 'rolled_back') order by event_id",
        (model_name,),
    ).fetchall()
    order: list[str] = []
    for action, version in rows:
        if action == "rolled_back" and version in order:
            del order[order.index(version) + 1 :]
            continue
        if version in order:
            order.remove(version)
        order.append(version)
    return order


def rolled_back(connection: psycopg.Connection[Any], model_name: str) -> set[str]:
    """Versions that a person went back from and nobody has promoted again: no gate promotes them by itself."""
    rows = connection.execute(
        "select action, from_version, to_version from ops.model_events where model_name = %s and alias = 'champion' "
        "and action in ('promoted', 'rolled_back') order by event_id",
        (model_name,),
    ).fetchall()
    left: set[str] = set()
    for action, before, after in rows:
        left.discard(after)
        if action == "rolled_back" and before is not None:
            left.add(before)
    return left


def went_back(connection: psycopg.Connection[Any], model_name: str) -> bool:
    """Whether the present champion is there because a person went back to it, and nobody has promoted one since."""
    row = connection.execute(
        "select action from ops.model_events where model_name = %s and alias = 'champion' "
        "and action in ('promoted', 'rolled_back') order by event_id desc limit 1",
        (model_name,),
    ).fetchone()
    return row is not None and row[0] == "rolled_back"


# What learning anew does not mend: fewer rows, and a source that came late.
_NOT_LEARNT = ("volume", "days_late")
# Days watched without an alert that end a drift: a measure near its limit crosses it back and forth (2026-11-28).
QUIET_DAYS = 7


@dataclass(frozen=True)
class Drift:
    """A subject that has moved and that no training has answered.

    Attributes
    ----------
    subject : str
        As told in the alerts.
    first_event_id : int
        Of the alert that began it: the same on every day that it lasts.
    """

    subject: str
    first_event_id: int


def unanswered_drift(
    connection: psycopg.Connection[Any], model_name: str, before: dt.date | None = None
) -> list[Drift]:
    """What has moved for the champion and has not been trained on since it began.

    A drift is a run of alerts of one subject; ``QUIET_DAYS`` days watched without one end it, and the next alert begins
    another. A training answers it that was made as of a later day than its first, or as of that day after the alert, if
    it gave a version that had not been there before: what a past day was trained on says nothing of it, nor does the
    same once more. A drift that lasts is told every day and asks for one training.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``.
    model_name : str
        As in ``ml.models``.
    before : date, optional
        What was told of this day and later ones does not count: a day that runs again does what it did at first, and is
        watched after its training.
    """
    rows = connection.execute(
        """
        with alerts as (
            select e.subject, e.as_of_date, min(e.event_id) as event_id from ops.model_events as e
            join ml.model_aliases as a
                on a.model_name = e.model_name and a.alias = 'champion' and a.model_version = e.from_version
            where e.model_name = %(model)s and e.action = 'drift_alert'
                and (%(before)s::date is null or e.as_of_date < %(before)s)
                and not split_part(e.subject, ' ', -1) = any(%(others)s)
            group by e.subject, e.as_of_date
        ), watched as (
            select as_of_date, row_number() over (order by as_of_date) as number from (
                select as_of_date from alerts
                union select as_of_date from ml.model_monitoring
                where model_name = %(model)s and subject_kind <> 'performance'
                    and (%(before)s::date is null or as_of_date < %(before)s)
            ) as days
        ), gaps as (
            select alerts.*, watched.number,
                watched.number - lag(watched.number) over (partition by subject order by alerts.as_of_date) as step
            from alerts join watched using (as_of_date)
        ), numbered as (
            select *, count(*) filter (where step > %(quiet)s)
                over (partition by subject order by as_of_date rows unbounded preceding) as spell
            from gaps
        ), spells as (
            select subject, spell, min(as_of_date) as first_day, min(event_id) as first_event_id, max(number) as last,
                row_number() over (partition by subject order by spell desc) as back
            from numbered group by subject, spell
        )
        select subject, first_event_id from spells
        where back = 1 and (select max(number) from watched) - last < %(quiet)s and not exists (
            select from ops.model_events as t where t.model_name = %(model)s and t.action = 'trained' and (
                t.as_of_date > spells.first_day
                -- Trainings of before their day was recorded.
                or coalesce(t.as_of_date, spells.first_day) = spells.first_day and t.event_id > spells.first_event_id
                and t.to_version is distinct from t.from_version and not exists (
                    select from ops.model_events as earlier
                    where earlier.model_name = %(model)s and earlier.action = 'trained'
                        and earlier.to_version = t.to_version and earlier.event_id < spells.first_event_id
                )
            )
        )
        order by subject
        """,
        {"model": model_name, "others": list(_NOT_LEARNT), "quiet": QUIET_DAYS, "before": before},
    ).fetchall()
    return [Drift(str(subject), int(event_id)) for subject, event_id in rows]
