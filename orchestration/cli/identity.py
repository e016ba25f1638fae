"""``assay identity``: what people decide about who is who, and why the records say what they say.

Counts and ids only; values of records are printed where the caller asks for them.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import psycopg
from rich.console import Console
from rich.table import Column, Table

from orchestration.errors import AssayError
from orchestration.settings import Settings

if TYPE_CHECKING:
    from ml.identity.why import WeighColumns

Kind = Literal["must_link", "cannot_link"]

REVIEWS = (
    "select review_id, kind, party_id_a, party_id_b, rule_name, coalesce(against_override_id::text, ''),"
    " first_seen_on, last_seen_on from ops.identity_review_queue where review_status = 'open'"
    " order by first_seen_on, review_id limit %s"
)
OVERRIDES = (
    "select override_id, kind, party_id_a, party_id_b, decided_by, decided_at, valid_until,"
    " case when revoked_at is not null then 'revoked'"
    " when valid_until < (select as_of_date from ml.identity_clock) then 'expired'"
    " when exists (select 1 from ops.identity_review_queue as q where q.override_id = o.override_id"
    " and q.review_status = 'open') then 'contradicted'"
    " when exists (select 1 from ops.identity_ledger as l where l.override_id = o.override_id"
    " and l.event = 'override_applied') then 'applied' else 'in force' end"
    " from ops.identity_overrides as o order by override_id"
)


class IdentityError(AssayError, LookupError):
    """A record, a golden record or a decision is not there."""


def decide(
    settings: Settings,
    kind: Kind,
    party_ids: tuple[str, str],
    decided_by: str,
    reason: str,
    until: dt.date | None,
    console: Console,
) -> int:
    """Record that two records are one party, or are not; the next run follows it.

    Returns
    -------
    int
        The ``override_id``.

    Raises
    ------
    IdentityError
        One of the records is not there.
    AssayError
        Name or reason is empty, the two are one record, the date is past, or the same decision stands already.
    """
    _named(decided_by, reason)
    first, second = sorted(party_ids)
    if first == second:
        raise AssayError(f"{first!r} is given twice; a decision is about two records")
    with _connect(settings) as connection:
        for party_id in (first, second):
            _existing(connection, party_id)
        resolved = connection.execute("select as_of_date from ml.identity_clock").fetchone()
        if until is not None and resolved and until < resolved[0]:
            raise AssayError(
                f"--until is {until}, but {resolved[0]} was resolved already: the decision would never count. Name a "
                "later day or none"
            )
        try:
            row = connection.execute(
                "insert into ops.identity_overrides (kind, party_id_a, party_id_b, valid_until, decided_by, reason)"
                " values (%s, %s, %s, %s, %s, %s) returning override_id",
                (kind, first, second, until, decided_by, reason),
            ).fetchone()
        except psycopg.errors.UniqueViolation as error:
            raise AssayError(
                f"A {kind} of these two records until the same day stands already; `assay identity overrides` lists it"
            ) from error
        override_id = _number(row)
        _tell(connection, "override_decided", override_id)
        opposite = "cannot_link" if kind == "must_link" else "must_link"
        against = connection.execute(
            "select override_id from ops.identity_overrides where kind = %s and (party_id_a, party_id_b) = (%s, %s)"
            " and revoked_at is null order by override_id limit 1",
            (opposite, first, second),
        ).fetchone()
    told = f"override {override_id}: {kind} of {first} and {second}; the next run follows it."
    console.print(told, soft_wrap=True, markup=False)
    if against:
        console.print(
            f"[yellow]It contradicts override {against[0]}: the cannot_link wins, and the next run puts both into the "
            f"review queue. `assay identity revoke {against[0]}` takes the older one back.[/yellow]",
            soft_wrap=True,
        )
    return override_id


def revoke(settings: Settings, override_id: int, revoked_by: str, reason: str, console: Console) -> None:
    """Take a decision back; the next run resolves without it.

    Raises
    ------
    IdentityError
        There is no such decision, or it was taken back already.
    AssayError
        Name or reason is empty.
    """
    _named(revoked_by, reason)
    with _connect(settings) as connection:
        row = connection.execute(
            "update ops.identity_overrides set revoked_at = clock_timestamp(), revoked_by = %s, revoked_reason = %s"
            " where override_id = %s and revoked_at is null returning override_id",
            (revoked_by, reason, override_id),
        ).fetchone()
        if row is None:
            raise IdentityError(
                f"No override {override_id} is in force; `assay identity overrides` lists those there are"
            )
        _tell(connection, "override_revoked", override_id)
    console.print(f"override {override_id} is taken back; the next run resolves without it.")


def retrain_linkage(settings: Settings, by: str, console: Console) -> None:
    """Train the linkage model anew on the records that are loaded; the next run uses it.

    Raises
    ------
    IdentityError
        The portfolio has no linkage, or too few records.
    AssayError
        Nobody is named.
    """
    from ml.identity import InvalidRecordsError, retrain
    from orchestration.runtime import Runtime
    from orchestration.warehouse import Role

    if not by.strip():
        raise AssayError("An auditor will ask who had it trained: --by must not be empty")
    runtime = Runtime(settings)
    try:
        with runtime.exclusive("identity"), runtime.warehouse.connect(Role.ML) as connection:
            version = retrain(connection, settings.portfolio, by=by, cause="requested")
    except InvalidRecordsError as error:
        raise IdentityError(str(error)) from error
    console.print(f"identity_linkage {version} is in use; the next run compares all records with it.")


def print_overrides(settings: Settings, console: Console) -> None:
    """List all decisions with their state."""
    with _connect(settings) as connection:
        rows = connection.execute(OVERRIDES).fetchall()
    _print(
        console,
        "decisions about identity",
        ("override", "kind", "record", "record", "by", "decided at", "until", "state"),
        rows,
        "No decisions yet; `assay identity link A B --by --why` makes one.",
    )


def print_queue(settings: Settings, console: Console, limit: int = 50) -> None:
    """List the open contradictions, oldest first."""
    with _connect(settings) as connection:
        total = connection.execute(
            "select count(*) from ops.identity_review_queue where review_status = 'open'"
        ).fetchone()
        rows = connection.execute(REVIEWS, (limit,)).fetchall()
    _print(
        console,
        f"open reviews: {_number(total)}" + (f", the oldest {limit}" if _number(total) > limit else ""),
        ("review", "kind", "record", "record", "by", "against override", "first seen", "last seen"),
        rows,
        "Nothing to review.",
    )


def print_why(
    settings: Settings,
    party_ids: tuple[str, str],
    console: Console,
    *,
    with_values: bool = False,
    weigh: "WeighColumns | None" = None,
) -> None:
    """Print the evidence of a match or a non-match, column by column; ``weigh`` instead of the portfolio's own model.

    Raises
    ------
    IdentityError
        One of the records is not there.
    """
    from ml.identity.stored_linkage import weigh_columns
    from ml.identity.why import explain

    with _connect(settings) as connection:
        for party_id in party_ids:
            _existing(connection, party_id)
        found = explain(connection, *party_ids, with_values=with_values, weigh=weigh or weigh_columns(connection))
    console.print(f"[bold]{found.verdict}[/bold]: {found.party_id_a} and {found.party_id_b}", soft_wrap=True)
    for party_id, gr_ids in found.gr_ids.items():
        console.print(f"  {party_id}: {' -> '.join(gr_ids) or 'not resolved yet'}", soft_wrap=True)
    shown = ("record 1", "record 2") if with_values else ()
    _print(
        console,
        "columns, newest version of each record",
        ("column", "says", "weight", *shown),
        [
            (each.column, each.level, "" if each.weight is None else f"{each.weight:+.1f}", *(each.values or ()))
            for each in found.columns
        ],
        "Neither record has anything to compare.",
    )
    _print(
        console,
        "links between them" if found.links or not found.path else "the way from one to the other",
        ("record", "record", "by", "probability"),
        [(link.party_id_a, link.party_id_b, link.rule_name, f"{link.probability:.4f}")
         for link in (found.links or found.path)],
        "No link.",
    )  # fmt: skip
    for each in (*found.decisions, *found.reviews):
        console.print(f"{each.name}: {each.kind}, {each.state}", soft_wrap=True)


def print_history(settings: Settings, gr_id: str, console: Console) -> None:
    """Print what became of a golden record: events and records over time, redirects followed.

    Raises
    ------
    IdentityError
        The id was never given.
    """
    from ml.identity.history import history_of

    with _connect(settings) as connection:
        try:
            found = history_of(connection, gr_id)
        except LookupError as error:
            raise IdentityError(str(error)) from error
    if len(found.chain) > 1:
        console.print(f"{gr_id} is no more: {' -> '.join(found.chain)}", soft_wrap=True)
    _print(
        console,
        "what happened",
        ("known at", "event", "golden record", "other", "records", "cause", "model"),
        [(e.known_at, e.event, e.gr_id, e.other_gr_id, e.party_count, e.cause, e.model_version) for e in found.events],
        "The ledger says nothing: the id is older than it.",
    )
    _print(
        console,
        "records over time",
        ("record", "golden record", "by", "probability", "known from", "until"),
        [
            (
                m.party_id,
                m.gr_id,
                m.link_rule,
                "" if m.link_probability is None else f"{m.link_probability:.4f}",
                m.known_at,
                m.superseded_at or "now",
            )
            for m in found.members
        ],
        "It never held a record for longer than a run.",
    )


def _connect(settings: Settings) -> psycopg.Connection[Any]:
    from orchestration.runtime import Runtime
    from orchestration.warehouse import Role

    return Runtime(settings).warehouse.connect(Role.OPS)


def _named(person: str, reason: str) -> None:
    if not person.strip() or not reason.strip():
        raise AssayError("An auditor will ask who decided and why: --by and --why must not be empty")


def _existing(connection: psycopg.Connection[Any], party_id: str) -> None:
    there = connection.execute("select to_regclass('core.parties') is not null").fetchone()
    if not there or not there[0]:
        raise IdentityError("Nothing is loaded yet: run `assay run` first")
    if connection.execute("select 1 from core.parties where party_id = %s limit 1", (party_id,)).fetchone() is None:
        raise IdentityError(
            f"core.parties has no record {party_id!r}; expected a party_id such as core_banking:customer:17 "
            "(`assay psql --role admin` reads core.parties), not a gr_id"
        )


def _tell(connection: psycopg.Connection[Any], event: str, override_id: int) -> None:
    """Into the ledger, with the golden records that the decision is about."""
    connection.execute(
        "insert into ops.identity_ledger (event, gr_id, other_gr_id, cause, override_id, known_at)"
        " select %s, a.gr_id, nullif(b.gr_id, a.gr_id), 'override:' || o.override_id, o.override_id, clock_timestamp()"
        " from ops.identity_overrides as o"
        " left join ml.party_xref as a on a.party_id = o.party_id_a and a.retired_at is null"
        " left join ml.party_xref as b on b.party_id = o.party_id_b and b.retired_at is null"
        " where o.override_id = %s",
        (event, override_id),
    )


def _number(row: Sequence[Any] | None) -> int:
    return int(row[0]) if row else 0


def _print(console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], nothing: str) -> None:
    from rich.markup import escape

    # Where the terminal is narrow, long ids of records are broken; dates and states stay whole.
    heads = [Column(name, overflow="fold", no_wrap=not name.startswith("record")) for name in columns]
    table = Table(*heads, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(escape(_text(value)) for value in row))
    console.print(table if table.row_count else nothing)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return f"{value.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
    return str(value)
