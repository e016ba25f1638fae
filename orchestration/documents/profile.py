"""A person's whole profile as one JSON document.

Without personal data it is what published gold says, read as BI reads it. Every section stands in every document and in
the same order; it is null where the portfolio has no such table, an empty list where the person has no such row.

``publication``    day, cut-off and wall clock of the gold that was read
``identity``       current id, ``asked_for`` where a retired id was given, status, records and sources it is made of
``demographics``   sex, year of birth, age, place, occupation, segment
``family``         household and the ids of its other members
``relationships``  other people by id, direction (from, to) and type
``accounts``       number and balances
``activity``       transactions of 90 days, service contacts
``credit``         bureau report
``value``          lifetime value, churn risk, engagement, each with the parts that were known
``income``         declared and observed income; the inferred band with confidence, method and evidence
``community``      cluster and how many people it has
``benefits``       totals, per scheme, and what is made of them per person
``flags``          with severity, score, state and evidence
``scores``         of models, with reasons
``applications``   for schemes
``lineage``        which source gave which attribute, what decided, how many other values there are
``personal``       only where asked for: see :mod:`orchestration.documents.personal`
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from orchestration.errors import AssayError

Document = dict[str, Any]
# Fields of profile_360 by section; one that a portfolio or an older gold does not have is left out.
PROFILE_FIELDS: Mapping[str, tuple[str, ...]] = {
    "demographics": (
        "sex", "age", "age_group", "city", "state", "region", "district_id", "occupation", "dependants_count",
        "customer_segment", "segment_basis",
    ),
    "accounts": (
        "accounts_count", "products_count", "customer_since_on", "tenure_months", "deposit_balance_amount",
        "investment_balance_amount", "credit_balance_amount", "loan_balance_amount", "loan_balance_basis",
        "total_balance_amount", "total_liabilities_amount", "net_position_amount",
    ),
    "activity": (
        "is_activity_covered", "transactions_90d_count", "transaction_volume_90d_amount", "external_volume_90d_amount",
        "avg_transaction_amount", "transaction_volatility_amount", "unique_categories_count", "mobile_usage_pct",
        "digital_usage_pct", "weekend_activity_pct", "channels", "last_transaction_on", "contacts_12m_count",
        "avg_satisfaction_score",
    ),
    "credit": (
        "bureau_reported_on", "credit_score", "credit_score_band", "credit_utilization_pct", "past_due_accounts_count",
        "late_payments_count", "missed_payments_count",
    ),
    "value": (
        "lifetime_value_amount", "lifetime_value_components", "churn_risk_pct", "churn_risk_components",
        "engagement_score", "engagement_components",
    ),
    "income": (
        "declared_annual_income_amount", "observed_annual_income_amount", "annual_income_amount", "income_basis",
        "income_bracket", "inferred_income_band", "income_band_confidence",
    ),
}  # fmt: skip
IDENTITY_FIELDS = (
    "gr_id", "status", "is_customer", "party_type", "party_count", "source_systems", "first_known_at", "last_known_at",
    "conflicting_attributes_count",
)  # fmt: skip
# Tables with several rows a person: section, table, order of the rows.
LISTS: Mapping[str, tuple[str, str]] = {
    "flags": ("analytics_flags", "flag_type, first_seen_on, flag_id"),
    "scores": ("risk_scores", "model_name, as_of_date, exposure_id"),
    "applications": ("eligibility_applications", "applied_on, eid"),
    "lineage": ("golden_record_lineage", "attribute"),
}
# Said once, in identity and publication; what a bank writes on its letters: the number of the account at risk; and what
# says nothing to a reader: hashes by which a decision finds its evidence again.
_OF_EVERY_ROW = ("gr_id", "last_updated", "exposure_id", "evidence_keys")
BENEFITS_BY_SCHEME = """
    select be.scheme_id, sm.scheme_name, sm.category, count(*) as events_count, sum(be.amount) as total_amount,
        min(be.event_date) as first_on, max(be.event_date) as last_on
    from benefit_events as be left join scheme_master as sm on be.scheme_id = sm.scheme_id
    where be.gr_id = %s
    group by be.scheme_id, sm.scheme_name, sm.category
    order by be.scheme_id
"""
RELATIONSHIPS = """
    select case when gr_id_from = %(id)s then gr_id_to else gr_id_from end as gr_id,
        case when gr_id_from = %(id)s then 'to' else 'from' end as direction, r.*
    from gr_relationships as r
    where gr_id_from = %(id)s or gr_id_to = %(id)s
    order by 1, relationship_type, 2
"""


class UnknownGoldenRecordError(AssayError, LookupError):
    """Gold has no such golden record."""


def profile_document(connection: psycopg.Connection[Any], gr_id: str) -> Document:
    """The profile of a golden record, without personal data.

    Parameters
    ----------
    connection : psycopg.Connection
        Of the BI login.
    gr_id : str
        Current or retired id.

    Returns
    -------
    dict
        Sections as this module's docstring names them, in that order.

    Raises
    ------
    UnknownGoldenRecordError
        Gold has no such id.
    AssayError
        Nothing is published yet, or gold was published anew meanwhile.
    """
    gold = _Gold(connection)
    publication = gold.publication()
    current = gold.current_id(gr_id)
    profile = gold.row("profile_360", current) or {}
    record = gold.row("golden_records", current)
    if record is None:
        raise UnknownGoldenRecordError(
            f"Gold of {publication['snapshot_date']} has no golden record {gr_id!r}, neither current nor retired; "
            "those there are stand in golden_records (`assay psql`)"
        )
    document: Document = {"publication": publication, "identity": _identity(record, gr_id)}
    sections = {name: _fields(profile, fields) for name, fields in PROFILE_FIELDS.items()}
    sections["demographics"] = {"birth_year": record["birth_year"]} | sections["demographics"]
    sections["income"] |= {"evidence": gold.rows("income_bands", current)}
    document |= {
        "demographics": sections["demographics"],
        "family": gold.family(current, record["family_id"]),
        "relationships": gold.relationships(current),
        **{name: sections[name] for name in ("accounts", "activity", "credit", "value", "income")},
        "community": gold.community(profile),
        "benefits": gold.benefits(current),
        **{name: gold.rows(table, current, order) for name, (table, order) in LISTS.items()},
    }
    if gold.publication() != publication:
        raise AssayError("Gold was published anew meanwhile: the profile would be of two days. Ask again")
    return document


def _identity(record: Document, asked_for: str) -> Document:
    identity = _fields(record, IDENTITY_FIELDS)
    identity["source_systems"] = str(record["source_systems"]).split(",")
    return identity | ({"asked_for": asked_for} if asked_for != record["gr_id"] else {})


def _fields(row: Document, names: Sequence[str]) -> Document:
    return {name: row[name] for name in names if name in row}


class _Gold:
    """Gold as the session's search path shows it: sections of tables that are there, None of those that are not."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._tables = {
            row[0]
            for row in connection.execute(
                "select table_name from information_schema.tables where table_schema = 'gold'"
            ).fetchall()
        }
        if "publication" not in self._tables:
            raise AssayError("Nothing is published yet: `assay run` publishes gold")

    def _query(self, query: sql.SQL | sql.Composed, parameters: Any) -> list[Document]:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, parameters).fetchall()

    def publication(self) -> Document:
        query = "select snapshot_date, data_cutoff, published_at, portfolio, currency, time_zone from publication"
        (row,) = self._query(sql.SQL(query), None)
        return row

    def current_id(self, gr_id: str) -> str:
        """Where redirects lead; an id that nobody redirected is taken as it is."""
        if "gr_redirects" not in self._tables:
            return gr_id
        followed = "select gr_id_to from gr_redirects where gr_id_from = %s"
        seen = {gr_id}
        while (rows := self._query(sql.SQL(followed), (gr_id,))) and rows[0]["gr_id_to"] not in seen:
            gr_id = rows[0]["gr_id_to"]
            seen.add(gr_id)
        return gr_id

    def row(self, table: str, gr_id: str) -> Document | None:
        rows = self.rows(table, gr_id, drop=())
        return rows[0] if rows else None

    def rows(
        self, table: str, gr_id: str, order: str | None = None, drop: Sequence[str] = _OF_EVERY_ROW
    ) -> list[Document] | None:
        if table not in self._tables:
            return None
        query = sql.SQL("select * from {} where gr_id = %s").format(sql.Identifier(table))
        if order is not None:
            query += sql.SQL(" order by ") + sql.SQL(order)  # of LISTS
        return [
            {name: value for name, value in row.items() if name not in drop} for row in self._query(query, (gr_id,))
        ]

    def family(self, gr_id: str, family_id: str | None) -> Document:
        query = "select gr_id from golden_records where family_id = %s and gr_id <> %s order by gr_id"
        members = self._query(sql.SQL(query), (family_id, gr_id))
        return {"family_id": family_id, "members": [row["gr_id"] for row in members]}

    def relationships(self, gr_id: str) -> list[Document]:
        drop = ("gr_id_from", "gr_id_to", "last_updated")
        rows = self._query(sql.SQL(RELATIONSHIPS), {"id": gr_id})
        return [{name: value for name, value in row.items() if name not in drop} for row in rows]

    def community(self, profile: Document) -> Document | None:
        if "cluster_id" not in profile:
            return None
        query = "select count(*) as members_count from profile_360 where cluster_id = %s"
        (row,) = self._query(sql.SQL(query), (profile["cluster_id"],))
        return {"cluster_id": profile["cluster_id"], "members_count": row["members_count"] or None}

    def benefits(self, gr_id: str) -> Document | None:
        if "benefit_events" not in self._tables:
            return None
        by_scheme = self._query(sql.SQL(BENEFITS_BY_SCHEME), (gr_id,))
        return {
            "events_count": sum(row["events_count"] for row in by_scheme),
            "total_amount": sum((row["total_amount"] for row in by_scheme if row["total_amount"] is not None), start=0),
            "by_scheme": by_scheme,
            "per_person": self.rows("person_benefits", gr_id),
        }
