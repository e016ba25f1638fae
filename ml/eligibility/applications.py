"""Applications out of the warehouse: those that are open on a day, and those whose outcome is known.

Belongs here: which applications, in which state, known by when. All of it is SQL over
``core.eligibility_applications``, which keeps every version; nothing is decided or learnt here.

What the model sees is what the application states. A figure that it lacks is not filled from the bank's books: the
bank knows one person's accounts, the form asks for a household, and a model that learnt one and saw the other would
err. It is missing evidence, and the decision says what would show it.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import psycopg
from psycopg import sql

from ml.bulk import copy_out
from ml.eligibility.policy import SUPPORT_POLICY, Policy

# Column of the application, by column of the service.
STATED = {
    "declared_monthly_income": "declared_monthly_income_amount",
    "family_size": "family_size",
    "employment_status": "employment_status",
    "avg_monthly_income": "avg_monthly_income_amount",
    "avg_monthly_expenses": "avg_monthly_expenses_amount",
    "credit_score": "credit_score",
    "total_debt": "total_debt_amount",
    "asset_value": "asset_value_amount",
    "liabilities_value": "liabilities_value_amount",
}
# What fairness is measured on; the model never sees them. Columns of core.applicant_groups.
CHARACTERISTICS = ("sex", "age_band", "region", "disability", "household_type")
TARGET, FAMILY = "eligible", "household_id"
# Whoever watches a model looks at the newest applications: half a standard deviation shows from about 300 on, and older
# ones than of 91 days say little of now (2026-11-28).
WATCHED_APPLICATIONS, WATCHED_DAYS = 300, 91

_KNOWN_PEOPLE = sql.SQL(
    "people as (select party_id, gr_id from ml.party_xref "
    "where known_at <= {cutoff} and (superseded_at is null or superseded_at > {cutoff}))"
)
# What an application states while it is open. A version that was superseded at once never counted; what was stated with
# the decision may be of afterwards.
_STATED = sql.SQL(
    "select distinct on (a.eid) a.* from core.eligibility_applications as a where a.known_at <= {cutoff} "
    "and a.applied_on <= {day} and (a.superseded_at is null or a.superseded_at > a.known_at) and {wanted} "
    "order by a.eid, (a.decided_on is null) desc, a.known_at desc"
)


@dataclass(frozen=True)
class OpenApplications:
    """Applications that wait for a decision at the end of a day.

    Attributes
    ----------
    frame : pandas.DataFrame
        By ``eid``: ``eid, gr_id, scheme_id, is_deceased`` and the columns of the policy; a value that the policy does
        not allow is missing.
    impossible : dict of str to int
        Values that the policy does not allow, by column.
    without_person : int
        Applications whose applicant has no golden record: nobody can be told, so they are not decided.
    stale : int
        Applications that have waited for longer than anybody decides: the source forgot them.
    """

    frame: pd.DataFrame
    impossible: dict[str, int]
    without_person: int
    stale: int


def read_open(
    connection: psycopg.Connection[Any], as_of_date: dt.date, knowledge_cutoff: dt.datetime, open_days: int = 365
) -> OpenApplications:
    """Applications made by the end of a day and not decided then, in the state known by the cut-off.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``.
    as_of_date, knowledge_cutoff : date, datetime
        Versions of applications, people and deaths that became known later do not exist.
    open_days : int
        Who has waited for more days is counted as stale and left out.
    """
    query = sql.SQL(
        "with {people}, "
        # The newest version of each record, as for golden records: a death told by mistake and taken back is none.
        "records as (select distinct on (p.party_id) people.gr_id, p.death_date from core.parties as p "
        "join people on people.party_id = p.party_id where p.valid_from <= {day} and p.known_at <= {cutoff} "
        "order by p.party_id, p.valid_from desc, p.known_at desc), "
        "deceased as (select distinct gr_id from records where death_date <= {day}) "
        "select a.eid, people.gr_id, a.scheme_id, deceased.gr_id is not null as is_deceased, "
        "a.applied_on < {day}::date - {open_days} as is_stale, {facts} "
        "from core.eligibility_applications as a left join people on people.party_id = a.party_id "
        "left join deceased on deceased.gr_id = people.gr_id "
        "where a.applied_on <= {day} and (a.decided_on is null or a.decided_on > {day}) "
        "and a.known_at <= {cutoff} and (a.superseded_at is null or a.superseded_at > {cutoff}) order by a.eid"
    ).format(
        people=_KNOWN_PEOPLE.format(cutoff=sql.Literal(knowledge_cutoff)),
        day=sql.Literal(as_of_date),
        cutoff=sql.Literal(knowledge_cutoff),
        open_days=sql.Literal(open_days),
        facts=_facts("a"),
    )
    found = copy_out(connection, query)
    stale = found["is_stale"].astype(bool).to_numpy()
    nobody = found["gr_id"].isna().to_numpy() & ~stale
    frame = found.loc[~stale & ~nobody].drop(columns="is_stale").reset_index(drop=True)
    usable, impossible = usable_facts(frame)
    return OpenApplications(usable, impossible, int(nobody.sum()), int(stale.sum()))


def read_decided(
    connection: psycopg.Connection[Any], as_of_date: dt.date, knowledge_cutoff: dt.datetime
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Applications whose outcome was known by the cut-off, with what they stated while they were open.

    The outcome is the reviewer's; where a person looked at a random sample of decisions, theirs, from the day after on:
    a rerun of the day learns nothing that its first run did not know. It is known at the next day's cut-off: the person
    acted after the day's own, and what learns from it looks back at the day.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``.
    as_of_date, knowledge_cutoff : date, datetime
        See :func:`read_open`.

    Returns
    -------
    frame : pandas.DataFrame
        By ``eid``: ``eid, gr_id, household_id`` (the golden record where no household is known), ``applied_on,
        known_at`` (of the outcome), ``eligible`` (1 needs support), the policy's columns and ``CHARACTERISTICS``, which
        are those that people have now.
    impossible : dict of str to int
        See :class:`OpenApplications`.
    """
    query = sql.SQL(
        "with {people}, {outcomes}, "
        "stated as ({stated}), "
        # The household as registered by the cut-off: a family of core.golden_records is of now, and merges change it.
        "households as (select distinct on (people.gr_id) people.gr_id, b.household_id from core.beneficiaries as b "
        "join people on people.party_id = b.party_id where b.valid_from <= {day} and b.known_at <= {cutoff} "
        "order by people.gr_id, b.valid_from desc, b.known_at desc, b.party_id) "
        "select a.eid, coalesce(people.gr_id, a.party_id) as gr_id, "
        "coalesce(h.household_id, people.gr_id, a.party_id) as household_id, a.applied_on, o.known_at, "
        "o.is_eligible::integer as eligible, {facts}, {groups} "
        "from outcomes as o join stated as a using (eid) left join people on people.party_id = a.party_id "
        "left join households as h on h.gr_id = people.gr_id "
        "left join core.gr_redirects as r on r.gr_id_from = people.gr_id "
        "left join core.applicant_groups as c on c.gr_id = coalesce(r.gr_id_to, people.gr_id) order by a.eid"
    ).format(
        people=_KNOWN_PEOPLE.format(cutoff=sql.Literal(knowledge_cutoff)),
        day=sql.Literal(as_of_date),
        cutoff=sql.Literal(knowledge_cutoff),
        stated=_stated(as_of_date, knowledge_cutoff, sql.SQL("a.eid in (select eid from outcomes)")),
        outcomes=known_outcomes(as_of_date, knowledge_cutoff),
        facts=_facts("a"),
        groups=sql.SQL(", ").join(sql.SQL("c.{}").format(sql.Identifier(name)) for name in CHARACTERISTICS),
    )
    return usable_facts(copy_out(connection, query))


def known_outcomes(as_of_date: dt.date, knowledge_cutoff: dt.datetime) -> sql.Composed:
    """The table expression ``outcomes``: what people found of each application, as known by the cut-off.

    ``eid, is_eligible, known_at, undecided_on``: the last day on which nobody had decided yet. See
    :func:`read_decided`.
    """
    # A zone without a name has no days of its own.
    zone = getattr(knowledge_cutoff.tzinfo, "key", "UTC")
    local = knowledge_cutoff if zone != "UTC" else knowledge_cutoff.astimezone(dt.UTC)
    return sql.SQL(
        "reviewed as (select distinct on (eid) eid, is_eligible, as_of_date, "
        "({local}::timestamp - ({day}::date - as_of_date - 1) * interval '1 day') at time zone {zone} as known_at "
        "from ops.eligibility_review_outcomes where as_of_date < {day} order by eid, outcome_id desc), "
        "decided as (select a.eid, a.is_eligible, a.decided_on, a.known_at from core.eligibility_applications as a "
        "where a.is_eligible is not null and a.decided_on <= {day} and a.known_at <= {cutoff} "
        "and (a.superseded_at is null or a.superseded_at > {cutoff})), "
        "outcomes as (select eid, coalesce(r.is_eligible, d.is_eligible) as is_eligible, "
        "coalesce(r.known_at, d.known_at) as known_at, least(r.as_of_date, d.decided_on - 1) as undecided_on "
        "from decided as d full join reviewed as r using (eid))"
    ).format(
        day=sql.Literal(as_of_date),
        cutoff=sql.Literal(knowledge_cutoff),
        local=sql.Literal(local.replace(tzinfo=None)),
        zone=sql.Literal(zone),
    )


def read_newest(
    connection: psycopg.Connection[Any], as_of_date: dt.date, knowledge_cutoff: dt.datetime
) -> pd.DataFrame:
    """The newest applications as of a day, decided or not, each once: what a model sees of late.

    Not those that are open: who waits for long is among them on many days, so that a day would tell little that the day
    before did not, and slow cases would weigh more than they did in training.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``.
    as_of_date, knowledge_cutoff : date, datetime
        See :func:`read_open`.

    Returns
    -------
    pandas.DataFrame
        ``eid, gr_id`` and the policy's columns, of as many whole days back as hold ``WATCHED_APPLICATIONS``, of
        ``WATCHED_DAYS`` at most; a value that the policy does not allow is missing.
    """
    lately = sql.SQL("a.applied_on > {}").format(sql.Literal(as_of_date - dt.timedelta(days=WATCHED_DAYS)))
    query = sql.SQL(
        "with {people}, stated as ({stated}), "
        "placed as (select s.*, rank() over (order by s.applied_on desc) as place from stated as s) "
        "select a.eid, coalesce(people.gr_id, a.party_id) as gr_id, {facts} from placed as a "
        "left join people on people.party_id = a.party_id where a.place <= {enough} order by a.eid"
    ).format(
        people=_KNOWN_PEOPLE.format(cutoff=sql.Literal(knowledge_cutoff)),
        stated=_stated(as_of_date, knowledge_cutoff, lately),
        enough=sql.Literal(WATCHED_APPLICATIONS),
        facts=_facts("a"),
    )
    return usable_facts(copy_out(connection, query))[0]


def made_by_day(
    connection: psycopg.Connection[Any], as_of_date: dt.date, knowledge_cutoff: dt.datetime, days: int
) -> list[int]:
    """Applications made on each of so many days, the day itself last; no day before the first application counts.

    Of each day those known as soon after it as the cut-off comes after the last one: forms that come late are not yet
    there for the day, and must not make the days before look better.
    """
    rows = connection.execute(
        "with made as (select eid, applied_on, min(known_at) as known_at from core.eligibility_applications "
        "where applied_on <= %(day)s and known_at <= %(cutoff)s group by eid, applied_on) "
        "select count(made.eid) from generate_series(%(day)s::date - %(days)s + 1, %(day)s::date, interval '1 day') "
        "as d (made_on) left join made on made.applied_on = d.made_on::date "
        "and made.known_at <= %(cutoff)s - (%(day)s::date - made.applied_on) * interval '1 day' "
        "where d.made_on::date >= (select min(applied_on) from made) or d.made_on::date = %(day)s "
        "group by d.made_on order by d.made_on",
        {"day": as_of_date, "cutoff": knowledge_cutoff, "days": days},
    ).fetchall()
    return [int(count) for (count,) in rows]


def newest_decided_day(connection: psycopg.Connection[Any]) -> dt.date | None:
    """The newest day of which there are decisions; None: there are none yet."""
    row = connection.execute("select max(as_of_date) from ml.eligibility_decisions").fetchone()
    return row[0] if row else None


def usable_facts(frame: pd.DataFrame, policy: Policy = SUPPORT_POLICY) -> tuple[pd.DataFrame, dict[str, int]]:
    """The frame with values that the policy does not allow left empty, and how many there were by column.

    One impossible value must not stop everybody's decision, nor count for or against its applicant: it is as good as
    not known. Whoever scores a row by hand is told of it instead (``ml.eligibility.score``).
    """
    usable, impossible = frame.copy(), {}
    for fact in policy.facts:
        values = usable[fact.name]
        if fact.kind == "level":
            text = values.astype("string").str.strip().str.casefold()
            # In the policy's spelling: another one is no other level.
            usable[fact.name] = text.map({level.casefold(): level for level in fact.levels}).astype(object)
            allowed = usable[fact.name].notna().to_numpy(bool)
        else:
            numbers = pd.to_numeric(values, errors="coerce").to_numpy(float)
            with np.errstate(invalid="ignore"):
                allowed = np.isfinite(numbers) & (numbers >= (-np.inf if fact.minimum is None else fact.minimum))
                allowed &= (numbers == np.floor(numbers)) if fact.is_whole else True
            usable[fact.name] = numbers
        if wrong := int((values.notna().to_numpy() & ~allowed).sum()):
            impossible[fact.name] = wrong
        usable[fact.name] = usable[fact.name].where(allowed)
    return usable, impossible


def _stated(day: dt.date, cutoff: dt.datetime, wanted: sql.Composable) -> sql.Composed:
    return _STATED.format(day=sql.Literal(day), cutoff=sql.Literal(cutoff), wanted=wanted)


def _facts(alias: str) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("{}.{}").format(sql.Identifier(alias), sql.Identifier(stated)) + sql.SQL(" as ") + sql.Identifier(name)
        for name, stated in STATED.items()
    )
