"""What happened to a model: rows of ``ops.model_events``, and what follows from them. Only ever added to."""

import datetime as dt
import json
from collections.abc import Mapping
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


def drift_since_training(connection: psycopg.Connection[Any], model_name: str) -> list[str]:
    """What has moved for the champion since the last training and had not been told before it.

    A drift that lasts is told every day; it asks for one training, not for one a day.
    """
    rows = connection.execute(
        """
        with champion as (
            select model_version from ml.model_aliases where model_name = %(model)s and alias = 'champion'
        ), last_training as (
            select coalesce(max(event_id), 0) as event_id from ops.model_events
            where model_name = %(model)s and action = 'trained'
        )
        select alerts.subject from ops.model_events as alerts
        join champion on alerts.from_version = champion.model_version cross join last_training
        where alerts.model_name = %(model)s and alerts.action = 'drift_alert'
            and not split_part(alerts.subject, ' ', -1) = any(%(others)s)
        group by alerts.subject, last_training.event_id
        having min(alerts.event_id) > last_training.event_id
        order by alerts.subject
        """,
        {"model": model_name, "others": list(_NOT_LEARNT)},
    ).fetchall()
    return [str(subject) for (subject,) in rows]
