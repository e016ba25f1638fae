"""``assay decision``: what was decided of an application and why, and what people put in its place.

Every word of a person is a row that nobody changes; the newest counts, and runs that are made again find it.
"""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console
from rich.table import Table

from orchestration.cli.interventions import chosen
from orchestration.errors import AssayError
from orchestration.settings import Settings

if TYPE_CHECKING:
    import psycopg

Decision = Literal["APPROVE", "REVIEW", "SOFT_DECLINE"]
Appeal = Literal["FILED", "UPHELD", "REJECTED"]


class DecisionError(AssayError, LookupError):
    """An application was never decided, or what is asked of it can't be; the message says which and what to do."""


@dataclass(frozen=True)
class Decided:
    """An application's newest decision with what people said of it."""

    row: dict[str, Any]
    override: str | None
    appeal_state: str


def show_decision(settings: Settings, eid: str, console: Console) -> None:
    """Print the newest decision of an application: why, what is missing, what would change it, and its history.

    Raises
    ------
    DecisionError
        No day has decided it.
    """
    with _session(settings) as connection:
        found = _decided(connection, settings, eid)
        people = connection.execute(
            "select recorded_at, as_of_date, decision, appeal_state, decided_by, reason from ops.eligibility_overrides "
            "where eid = %(eid)s union all select recorded_at, as_of_date, case when is_eligible then 'in need' else "
            "'not in need' end, null, decided_by, reason from ops.eligibility_review_outcomes where eid = %(eid)s "
            "order by 1",
            {"eid": eid},
        ).fetchall()
        drawn = connection.execute("select as_of_date from ops.eligibility_reviews where eid = %s", (eid,)).fetchone()
    row = found.row
    odds = "" if row["probability"] is None else f", probability {row['probability']:.3f}"
    limits = (
        "" if row["approve_threshold"] is None
        else f" (approved from {row['approve_threshold']}, reviewed from {row['review_threshold']})"
    )  # fmt: skip
    version = f"model {row['model_version']}, rules {row['rule_version']}" if row["model_version"] else "no model"
    print_ = lambda text: console.print(text, soft_wrap=True, markup=False)  # noqa: E731
    print_(f"{eid}, {row['gr_id']}, scheme {row['scheme_id']}, as of {row['as_of_date']}: {row['score_status']}{odds}")
    print_(f"model's decision {row['decision'] or 'none'}{limits}; {version}")
    print_(f"decision {found.override or row['decision'] or 'none'}; appeal {found.appeal_state}")
    for title, key in (("because", "reasons"), ("missing", "missing_evidence"), ("would change it", "would_change")):
        for entry in row[key]:
            print_(f"  {title}: {entry['text']}")
    if drawn:
        print_(f"  drawn for review on {drawn[0]}")
    for at, day, decision, appeal, by, reason in people:
        print_(f"  {at:%Y-%m-%d %H:%M} {decision or f'appeal {appeal}'} (as of {day}) by {by}: {reason}")


def override_decision(settings: Settings, eid: str, decision: str, by: str, why: str, console: Console) -> None:
    """Put a person's decision in place of the model's; the next publication shows it.

    Raises
    ------
    DecisionError
        No day has decided the application.
    AssayError
        The decision is unknown, or name or reason is empty.
    """
    decision = chosen("--decision", decision, Decision)
    _require(by, why)
    with _session(settings) as connection:
        found = _decided(connection, settings, eid)
        _say(connection, found, by, why, decision=decision)
    console.print(
        f"{eid}: {found.override or found.row['decision'] or 'none'} -> {decision} by {by.strip()}; gold shows it from "
        "the next publication on.",
        soft_wrap=True,
    )


def appeal_decision(settings: Settings, eid: str, state: str, by: str, why: str, console: Console) -> None:
    """Write the next step of an appeal down. One that is upheld needs an override first, which says what holds now.

    Raises
    ------
    DecisionError
        No day has decided the application, or the state does not follow the present one.
    AssayError
        The state is unknown, or name or reason is empty.
    """
    from ml.eligibility.people import next_appeal_state

    state = chosen("--state", state, Appeal).lower()
    _require(by, why)
    with _session(settings) as connection:
        found = _decided(connection, settings, eid)
        otherwise = found.override is not None and found.override != found.row["decision"]
        try:
            next_appeal_state(found.appeal_state, state, decided_otherwise=otherwise)
        except ValueError as error:
            raise DecisionError(f"{eid}: {error}") from error
        _say(connection, found, by, why, appeal_state=state)
    console.print(f"{eid}: appeal {found.appeal_state} -> {state}; gold shows it from the next publication on.")


def print_reviews(settings: Settings, console: Console, *, all_: bool = False) -> None:
    """List the applications that chance chose for a person to look at: those without a result, or all."""
    with _session(settings) as connection:
        rows = connection.execute(
            "select r.eid, r.gr_id, r.as_of_date, r.decision, o.is_eligible, o.decided_by "
            "from ops.eligibility_reviews as r left join lateral (select is_eligible, decided_by "
            "from ops.eligibility_review_outcomes as o where o.eid = r.eid order by outcome_id desc limit 1) as o "
            "on true "
            "where %(all)s or o.is_eligible is null order by r.as_of_date, r.eid",
            {"all": all_},
        ).fetchall()
    table = Table(*("application", "golden record", "drawn on", "model's decision", "result", "by"), box=None)
    for eid, gr_id, day, decision, is_eligible, by in rows:
        result = "" if is_eligible is None else "in need" if is_eligible else "not in need"
        table.add_row(eid, gr_id, str(day), decision, result, by or "")
    console.print(table)
    if not rows:
        console.print("nothing waits for a review")


def record_review(settings: Settings, eid: str, *, in_need: bool, by: str, why: str, console: Console) -> None:
    """Write down what a person found of a drawn application; trainings of later days learn from it.

    Raises
    ------
    DecisionError
        The application was not drawn.
    AssayError
        Name or reason is empty.
    """
    _require(by, why)
    with _session(settings) as connection:
        if connection.execute("select 1 from ops.eligibility_reviews where eid = %s", (eid,)).fetchone() is None:
            raise DecisionError(
                f"{eid!r} was not drawn for review: a label of any other application would bias the model. `assay "
                "decision reviews` lists those that were; `assay decision override` decides any"
            )
        day = _newest_day(connection)
        connection.execute(
            "insert into ops.eligibility_review_outcomes (eid, as_of_date, is_eligible, decided_by, reason) "
            "values (%s, %s, %s, %s, %s)",
            (eid, day, in_need, by.strip(), why.strip()),
        )
    console.print(f"{eid}: {'in need' if in_need else 'not in need'}; trainings of days after {day} learn from it.")


def _say(
    connection: "psycopg.Connection[Any]",
    found: Decided,
    by: str,
    why: str,
    *,
    decision: str | None = None,
    appeal_state: str | None = None,
) -> None:
    row = found.row
    connection.execute(
        "insert into ops.eligibility_overrides "
        "(eid, as_of_date, model_version, model_decision, decision, appeal_state, decided_by, reason) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            row["eid"], row["as_of_date"], row["model_version"], row["decision"], decision, appeal_state, by.strip(),
            why.strip(),
        ),
    )  # fmt: skip


def _decided(connection: "psycopg.Connection[Any]", settings: Settings, eid: str) -> Decided:
    """The newest decision; held against others who say something of the application at the same time."""
    from psycopg.rows import dict_row

    connection.execute("select pg_advisory_xact_lock(hashtextextended('eligibility:' || %s, 0))", (eid,))
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            "select * from ml.eligibility_decisions where eid = %s order by as_of_date desc limit 1", (eid,)
        ).fetchone()
    if row is None:
        raise DecisionError(
            f"No day has decided the application {eid!r} in portfolio {settings.portfolio_name!r}; those that are open "
            "stand in gold's eligibility_decisions (`assay psql`)"
        )
    said = connection.execute(
        "select (select decision from ops.eligibility_overrides where eid = %(eid)s and decision is not null "
        "order by override_id desc limit 1), (select appeal_state from ops.eligibility_overrides "
        "where eid = %(eid)s and appeal_state is not null order by override_id desc limit 1)",
        {"eid": eid},
    ).fetchone()
    assert said is not None
    return Decided(row, said[0], said[1] or "none")


def _newest_day(connection: "psycopg.Connection[Any]") -> dt.date:
    row = connection.execute("select max(as_of_date) from ml.eligibility_decisions").fetchone()
    if row is None or row[0] is None:
        raise DecisionError("nothing was decided yet: run `assay run`")
    day: dt.date = row[0]
    return day


def _require(by: str, why: str) -> None:
    if not by.strip() or not why.strip():
        raise AssayError("An auditor will ask who decided and why: --by and --why must not be empty")


def _session(settings: Settings) -> Any:
    """A transaction of the role that writes ``ops``."""
    from orchestration.runtime import Runtime
    from orchestration.warehouse import Role

    return Runtime(settings).warehouse.connect(Role.OPS)
