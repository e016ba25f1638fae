"""``assay decision``: what was decided of an application and why, and what people put in its place.

Every word of a person is a row that nobody changes; the newest counts, and runs that are made again find it.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestration.cli.interventions import chosen
from orchestration.errors import AssayError
from orchestration.settings import Settings

if TYPE_CHECKING:
    import psycopg

Decision = Literal["APPROVE", "REVIEW", "SOFT_DECLINE"]
Appeal = Literal["FILED", "UPHELD", "REJECTED"]

# As gold.eligibility_decisions has it: an application that its source decided and opened again is a new case, of which
# nobody has said anything yet.
_SAID = """
with said as (
    select o.override_id, o.decision, o.appeal_state, o.final_decision
    from ops.eligibility_overrides as o
    where o.eid = %(eid)s and not exists (
        select 1 from core.eligibility_applications as a
        where a.eid = o.eid and a.decided_on > o.as_of_date and a.decided_on <= %(day)s
        and a.known_at <= %(cutoff)s and (a.superseded_at is null or a.superseded_at > a.known_at)
    )
)
select
    (select decision from said where decision is not null order by override_id desc limit 1),
    (select appeal_state from said where appeal_state is not null order by override_id desc limit 1),
    (select final_decision from said where appeal_state = 'filed' order by override_id desc limit 1)
"""


class DecisionError(AssayError, LookupError):
    """An application was never decided, or what is asked of it can't be; the message says which and what to do."""


@dataclass(frozen=True)
class Decided:
    """An application's newest decision with what people said of it since its source last decided it.

    Attributes
    ----------
    row : dict
        Of ``ml.eligibility_decisions``.
    override, appeal_state, appealed : str or None
        A person's decision, the state of the appeal, and the decision that it is against.
    open_on : date or None
        The newest decided day, where the application was open then; None: its source has decided it, or forgot it.
    """

    row: dict[str, Any]
    override: str | None
    appeal_state: str
    appealed: str | None
    open_on: dt.date | None

    @property
    def final(self) -> str | None:
        """What is in force: nobody's decision holds for someone who has died."""
        return None if self.row["decision"] is None else self.override or self.row["decision"]

    @property
    def shown(self) -> str:
        """Where what people say of it will be seen."""
        if self.open_on is not None:
            return "gold shows it from the next publication on."
        return (
            f"the application has not been open since {self.row['as_of_date']}, so that gold does not show it: it "
            "stands in `assay decision show`, and its source has to be told."
        )


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

    def print_(text: str) -> None:
        _print(console, text)

    print_(f"{eid}, {row['gr_id']}, scheme {row['scheme_id']}, as of {row['as_of_date']}: {row['score_status']}{odds}")
    print_(f"model's decision {row['decision'] or 'none'}{limits}; {version}")
    print_(f"decision {found.final or 'none'}; appeal {found.appeal_state}")
    if found.open_on is None:
        print_(f"  not open any more since {row['as_of_date']}: its source has decided it, or forgot it")
    for title, key in (("because", "reasons"), ("missing", "missing_evidence"), ("would change it", "would_change")):
        for entry in row[key]:
            print_(f"  {title}: {entry['text']}")
    if drawn:
        print_(f"  drawn for review on {drawn[0]}")
    for at, day, decision, appeal, by, reason in people:
        print_(f"  {at:%Y-%m-%d %H:%M} {decision or f'appeal {appeal}'} (as of {day}) by {by}: {reason}")


def override_decision(settings: Settings, eid: str, decision: str, by: str, why: str, console: Console) -> None:
    """Put a person's decision in place of the model's, until the source decides; where it is shown is said.

    One that contradicts how an appeal was settled opens the appeal again.

    Raises
    ------
    DecisionError
        No day has decided the application, or its applicant has died.
    AssayError
        The decision is unknown, or name or reason is empty.
    """
    from ml.eligibility.people import appeal_after_override

    decision = chosen("--decision", decision, Decision)
    _require(by, why)
    with _session(settings) as connection:
        found = _decided(connection, settings, eid)
        _require_living(found)
        _say(connection, found, by, why, decision=decision)
        state = appeal_after_override(found.appeal_state, appealed=found.appealed, final=decision)
        if reopens := state != found.appeal_state:
            # Against what it was against at first.
            _say(connection, replace(found, override=found.appealed), by, why, appeal_state=state)
    _print(console, f"{eid}: {found.final} -> {decision} by {by.strip()}; {found.shown}")
    if reopens:
        _print(console, f"{eid}: this contradicts the appeal, which was {found.appeal_state}: it is open again")


def appeal_decision(settings: Settings, eid: str, state: str, by: str, why: str, console: Console) -> None:
    """Write the next step of an appeal down. It is upheld only with a more favourable decision than the one it is
    against in force, and rejected only without.

    Raises
    ------
    DecisionError
        No day has decided the application, its applicant has died, or the state does not follow the present one.
    AssayError
        The state is unknown, or name or reason is empty.
    """
    from ml.eligibility.people import next_appeal_state

    state = chosen("--state", state, Appeal).lower()
    _require(by, why)
    with _session(settings) as connection:
        found = _decided(connection, settings, eid)
        _require_living(found)
        try:
            next_appeal_state(found.appeal_state, state, appealed=found.appealed, final=found.final)
        except ValueError as error:
            raise DecisionError(f"{eid}: {error}") from error
        _say(connection, found, by, why, appeal_state=state)
    _print(console, f"{eid}: appeal {found.appeal_state} -> {state}; {found.shown}")


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
        table.add_row(*(Text(cell) for cell in (eid, gr_id, str(day), decision, result, by or "")))
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
    _print(console, f"{eid}: {'in need' if in_need else 'not in need'}; trainings of days after {day} learn from it.")


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
        "(eid, as_of_date, model_version, model_decision, final_decision, decision, appeal_state, decided_by, reason) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            row["eid"], row["as_of_date"], row["model_version"], row["decision"], found.final, decision, appeal_state,
            by.strip(), why.strip(),
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
        _SAID, {"eid": eid, "day": row["as_of_date"], "cutoff": row["knowledge_cutoff"]}
    ).fetchone()
    assert said is not None
    newest = _newest_day(connection)
    override, state, appealed = said
    return Decided(row, override, state or "none", appealed, newest if row["as_of_date"] == newest else None)


def _newest_day(connection: "psycopg.Connection[Any]") -> dt.date:
    row = connection.execute("select max(as_of_date) from ml.eligibility_decisions").fetchone()
    if row is None or row[0] is None:
        raise DecisionError("nothing was decided yet: run `assay run`")
    day: dt.date = row[0]
    return day


def _require_living(found: Decided) -> None:
    if found.row["decision"] is None:
        raise DecisionError(
            f"{found.row['eid']}: the applicant has died by the records of {found.row['as_of_date']}, and nothing is "
            "decided of the application. If that is wrong, its source has to correct the date of death; the next day "
            "decides the application then"
        )


def _print(console: Console, text: str) -> None:
    # What people type may look like markup.
    console.print(text, soft_wrap=True, markup=False)


def _require(by: str, why: str) -> None:
    if not by.strip() or not why.strip():
        raise AssayError("An auditor will ask who decided and why: --by and --why must not be empty")


def _session(settings: Settings) -> Any:
    """A transaction of the role that writes ``ops``."""
    from orchestration.runtime import Runtime
    from orchestration.warehouse import Role

    return Runtime(settings).warehouse.connect(Role.OPS)
