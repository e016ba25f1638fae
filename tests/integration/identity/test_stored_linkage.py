"""The linkage model over the warehouse: day by day what one day gives, trained once, retrained when asked."""

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from psycopg import sql

from ml.identity import EvidenceResolver, ExactRules, StoredLinkage, resolve_and_store, retrain
from orchestration.warehouse import Warehouse

KINDS = {
    "first_name": "given_name",
    "last_name": "family_name",
    "birth_date": "birth_date",
    "phone": "phone",
}
DAY = dt.date(2026, 3, 1)
FIRST_NAMES = ["Anna", "Boris", "Clara", "David", "Elena", "Farid", "Greta", "Hugo", "Irina", "Jakob"]
LAST_NAMES = ["Novak", "Okafor", "Petrov", "Quist", "Rahman", "Sato", "Tanaka", "Ulrich", "Varga", "Wagner"]


@dataclass(frozen=True)
class Settings:
    record_types: tuple[str, ...] = ("client", "contact")
    columns: dict[str, str] = field(default_factory=lambda: dict(KINDS))


@dataclass(frozen=True)
class Config:
    anchor_record_type: str = "client"
    identity_rules: tuple[()] = ()
    linkage: Settings = Settings()


def people(count: int = 120) -> pd.DataFrame:
    """A client and, of every second, a contact with a typo or without telephone; one row a record."""
    rng = np.random.default_rng(7)
    rows = []
    for number in range(count):
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        born = dt.date(1950, 1, 1) + dt.timedelta(days=int(rng.integers(0, 20_000)))
        phone = f"5{rng.integers(10**8, 10**9)}"
        rows.append((f"a:client:{number:04d}", "client", first, last, born, phone))
        if number % 2:
            wrong = number % 4 == 1
            rows.append(
                (
                    f"b:contact:{number:04d}",
                    "contact",
                    first,
                    last + "s" if wrong else last,
                    born,
                    phone if wrong else None,
                )
            )
    columns = ["party_id", "record_type", "first_name", "last_name", "birth_date", "phone"]
    return pd.DataFrame(rows, columns=columns)


def create(warehouse: Warehouse) -> None:
    with warehouse.connect("assay_dbt") as connection:
        connection.execute(
            "create table core.parties (party_id text, record_type text, first_name text, last_name text,"
            " birth_date date, phone text, valid_from date, deleted_on date, known_at timestamptz)"
        )


def add(warehouse: Warehouse, rows: pd.DataFrame, day: dt.date = DAY) -> None:
    at = dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)
    with warehouse.connect("assay_dbt") as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into core.parties (party_id, record_type, first_name, last_name, birth_date, phone, valid_from,"
            " known_at) values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [(*row, day, at) for row in rows.itertuples(index=False, name=None)],
        )


def run(warehouse: Warehouse, day: dt.date = DAY) -> tuple[int, int]:
    """Golden records, and versions that were compared."""
    cutoff = dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC) + dt.timedelta(hours=26)
    with warehouse.connect("assay_ml") as connection:
        source = StoredLinkage(connection, Config().linkage, cutoff)
        summary = resolve_and_store(
            connection,
            Config(),
            EvidenceResolver((ExactRules(), source)),
            as_of_date=day,
            knowledge_cutoff=cutoff,
        )
        return summary.golden_records, source.compared_versions


def rows_of(warehouse: Warehouse, query: str) -> list[tuple[object, ...]]:
    with warehouse.connect() as connection:
        return connection.execute(sql.SQL(query)).fetchall()


EDGES = (
    "select party_id_a, party_id_b, round(match_probability::numeric, 9), evidence_known_at from ml.linkage_edges "
    "order by 1, 2"
)
LINKED = (
    "select substr(a.party_id, 10), substr(b.party_id, 11) "
    "from ml.party_xref as a join ml.party_xref as b using (gr_id) "
    "where a.party_id like 'a:client:%' and b.party_id like 'b:contact:%' "
    "and a.retired_at is null and b.retired_at is null order by 1, 2"
)


def test_contacts_with_typos_are_linked_to_their_client_and_nobody_else(warehouse: Warehouse) -> None:
    create(warehouse)
    add(warehouse, people())
    run(warehouse)
    pairs = rows_of(warehouse, LINKED)
    assert [pair for pair in pairs if pair[0] != pair[1]] == []
    assert len(pairs) >= 58  # of 60
    assert rows_of(warehouse, "select distinct cause from ops.identity_ledger where event = 'model_trained'") == [
        ("first_run",)
    ]


def test_a_rerun_compares_nothing_and_writes_nothing(warehouse: Warehouse) -> None:
    create(warehouse)
    add(warehouse, people())
    run(warehouse)
    before = rows_of(warehouse, EDGES), rows_of(warehouse, "select * from ops.identity_ledger order by 1")
    assert run(warehouse)[1] == 0
    assert (rows_of(warehouse, EDGES), rows_of(warehouse, "select * from ops.identity_ledger order by 1")) == before


def test_days_one_after_another_give_the_pairs_of_all_days_at_once(warehouse: Warehouse) -> None:
    create(warehouse)
    everybody = people(160).sample(frac=1, random_state=3)
    add(warehouse, everybody.iloc[:120])
    run(warehouse)
    rest, day = everybody.iloc[120:], DAY
    for part in np.array_split(np.arange(len(rest)), 4):
        day += dt.timedelta(days=1)
        add(warehouse, rest.iloc[part], day)
        assert run(warehouse, day)[1] == len(part)
    by_day = rows_of(warehouse, EDGES)
    with warehouse.connect("assay_ml") as connection:
        connection.execute("delete from ml.linkage_versions")
        connection.execute("delete from ml.linkage_edges")
    run(warehouse, day)
    assert rows_of(warehouse, EDGES) == by_day


def test_a_new_version_compares_that_record_alone_and_links_from_then_on(warehouse: Warehouse) -> None:
    create(warehouse)
    everybody = people()
    stranger = everybody["party_id"].eq("b:contact:0001")
    add(warehouse, everybody.assign(first_name=everybody["first_name"].mask(stranger, "Xaver"),
                                    birth_date=everybody["birth_date"].mask(stranger, dt.date(1940, 5, 5)),
                                    last_name=everybody["last_name"].mask(stranger, "Zzyzx"),
                                    phone=everybody["phone"].mask(stranger, "900000001")))  # fmt: skip
    run(warehouse)
    assert ("0001", "0001") not in rows_of(warehouse, LINKED)
    later = DAY + dt.timedelta(days=5)
    add(warehouse, everybody[stranger], later)
    assert run(warehouse, later)[1] == 2  # both versions of the record
    assert ("0001", "0001") in rows_of(warehouse, LINKED)
    (known,) = rows_of(
        warehouse,
        "select evidence_known_at::date from ml.linkage_edges "
        "where party_id_a = 'a:client:0001' and party_id_b = 'b:contact:0001'",
    )
    assert known == (later,)


def test_retraining_is_an_event_and_the_next_run_compares_everything(warehouse: Warehouse) -> None:
    create(warehouse)
    add(warehouse, people(100))
    run(warehouse)
    add(warehouse, people(120).iloc[150:], DAY + dt.timedelta(days=1))
    with warehouse.connect("assay_ml") as connection:
        version = retrain(connection, Config(), by="Ada", cause="schedule")
    assert rows_of(
        warehouse,
        f"select cause, model_version = '{version}' from ops.identity_ledger where event = 'model_trained' "
        "order by ledger_id",
    ) == [("first_run", False), ("schedule", True)]
    assert run(warehouse, DAY + dt.timedelta(days=1))[1] == 180
    assert rows_of(warehouse, "select distinct model_version from ml.linkage_edges") == [(version,)]


def test_four_times_the_records_train_the_model_anew(warehouse: Warehouse) -> None:
    create(warehouse)
    everybody = people(160)
    add(warehouse, everybody.iloc[:55])
    run(warehouse)
    add(warehouse, everybody.iloc[55:], DAY + dt.timedelta(days=1))
    run(warehouse, DAY + dt.timedelta(days=1))
    trainings = "select cause from ops.identity_ledger where event = 'model_trained' order by ledger_id"
    assert rows_of(warehouse, trainings) == [("first_run",), ("grown",)]
    assert len(rows_of(warehouse, LINKED)) >= 77  # of 80


@pytest.mark.parametrize("records", [0, 1, 49])
def test_hardly_any_records_are_no_error(warehouse: Warehouse, records: int) -> None:
    create(warehouse)
    everybody = people(49)
    add(warehouse, everybody[everybody["record_type"].eq("client")].head(records))
    assert run(warehouse) == (records, 0)
