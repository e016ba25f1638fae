"""What the world is said to hold, and what its sources are said to get wrong, is there in the stated shares.

Measured on the sources' records of all five years (they are delivered whatever happens on the accounts) and the truth.
The true name of a customer is in the bank's e-mail address; names of spouses are left out, who may have changed theirs.
"""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ml.synthetic.columns import DAY
from ml.synthetic.world.config import WorldConfig
from ml.synthetic.world.faults import BENEFIT_REGISTRY, CORE_BANKING, CRM
from ml.synthetic.world.identities import SHARED_PHONE_SHARE, make_identities
from ml.synthetic.world.ledger.spending import FRAUD_A_MONTH, FRAUD_FALSE_SHARE, FRAUD_NOTICED_SHARE
from ml.synthetic.world.population import BANK_SHARE, MOVES_A_YEAR, TWIN_SHARE, make_population
from ml.synthetic.world.reference.names import NICKNAMES
from ml.synthetic.world.sources import benefit_registry, core_banking, crm
from ml.synthetic.world.timeline import make_timeline
from ml.synthetic.world.truth import truth_tables

CONFIG = WorldConfig(seed=3, people=20_000)
SOURCES = {"core_banking": CORE_BANKING, "crm": CRM, "benefit_registry": BENEFIT_REGISTRY}
NUMBERS = {"core_banking": "customer_no", "crm": "crm_id", "benefit_registry": "beneficiary_no"}
UNTIL = dt.date(2026, 9, 30)

Records = dict[str, pd.DataFrame]
each_source = pytest.mark.parametrize("source", SOURCES)


@pytest.fixture(scope="module")
def records() -> Records:
    """All versions of the records of each source with the person they are of; and the people of the truth."""
    parts: dict[str, list[pa.Table]] = {}
    for block in range(CONFIG.blocks):
        timeline = make_timeline(CONFIG, block)
        people, identities = timeline.population, timeline.identities
        tables = {
            "core_banking": core_banking.customers(CONFIG, people, identities),
            "crm": crm.persons(CONFIG, people, identities),
            "benefit_registry": benefit_registry.beneficiaries(CONFIG, people, identities, timeline.benefits),
            **truth_tables(timeline),
        }
        for name in (*SOURCES, "people", "records"):
            parts.setdefault(name, []).append(tables[name])
    all_rows = {
        name: pa.concat_tables(tables).unify_dictionaries().to_pandas(date_as_object=False)
        for name, tables in parts.items()
    }
    people = all_rows["people"].set_index("person")
    is_whose = all_rows["records"].set_index(["source", "record_no"])["person"]
    truth = people[["birth_date", "moved_on", "relation"]].rename(columns={"birth_date": "true_birth_date"})
    result = {"people": people}
    for source, number in NUMBERS.items():
        rows = all_rows[source]
        rows = rows[rows[DAY] < CONFIG.horizon_day].sort_values([number, "updated_on"], kind="stable")
        rows["person"] = rows[number].map(is_whose[source])
        rows["number"] = rows[number]
        result[source] = rows.join(truth, on="person")
    return result


def first_versions(records: Records, source: str) -> pd.DataFrame:
    """Each record as first noted, with the true first and family name where the bank's e-mail address tells."""
    bank = records["core_banking"].drop_duplicates("person").set_index("person")
    names = bank["email"].str.extract(r"^([a-z]+)\.([a-z]+)\d+@").set_axis(["true_first", "true_family"], axis=1)
    return records[source].drop_duplicates("number").join(names, on="person")


def with_true_names(records: Records, source: str) -> pd.DataFrame:
    rows = first_versions(records, source)
    rows = rows[rows["true_first"].notna() & (rows["relation"] != "SPOUSE")]
    rows = rows.assign(first=rows["first_name"].str.lower(), family=rows["last_name"].str.lower())
    nicknames = {name.lower(): short.lower() for name, short in NICKNAMES.items()}
    return rows.assign(nickname=rows["true_first"].map(nicknames), initial=rows["true_first"].str[0] + ".")


def test_twins_exist_in_the_stated_share(records: Records) -> None:
    people = records["people"].sort_index()
    before = people.shift()
    same_home = people["household_no"] == before["household_no"]
    is_twin = people["twin"] == people.index - 1
    younger = same_home & (people["relation"] == "CHILD") & (before["relation"] == "CHILD")
    assert is_twin[younger].mean() == pytest.approx(TWIN_SHARE, abs=0.01)
    assert is_twin[people["relation"] == "SIBLING"].mean() == pytest.approx(10 * TWIN_SHARE, abs=0.09)
    twins = people[people["twin"].notna()]
    other = people.loc[twins["twin"].astype(int)]
    assert (other["twin"].to_numpy() == twins.index).all()
    assert (other["birth_date"].to_numpy() == twins["birth_date"].to_numpy()).all()
    assert (other["household_no"].to_numpy() == twins["household_no"].to_numpy()).all()


def test_people_move_and_die_in_the_stated_shares(records: Records) -> None:
    people = records["people"]
    year = pd.Timestamp(CONFIG.start) + pd.Timedelta(days=365)
    moves = people.drop_duplicates("household_no")["moved_on"]
    assert (moves < year).mean() == pytest.approx(1 - np.exp(-MOVES_A_YEAR), abs=0.012)
    assert moves.notna().mean() == pytest.approx(1 - np.exp(-5 * MOVES_A_YEAR), abs=0.02)
    assert 0.005 < (people["death_date"] < year).mean() < 0.015  # about 1 %, of a population of this age


def test_adults_are_customers_in_the_stated_share(records: Records) -> None:
    people = records["people"]
    adult = people.index[people["birth_date"] < pd.Timestamp(CONFIG.start) - pd.Timedelta(days=18 * 365.25)]
    # A few die before they would have become customers.
    assert adult.isin(records["core_banking"]["person"]).mean() == pytest.approx(BANK_SHARE, abs=0.015)


@pytest.mark.parametrize("source", ["core_banking", "benefit_registry"])
def test_telephones_are_shared_within_households_in_the_stated_share(records: Records, source: str) -> None:
    rows = first_versions(records, source).dropna(subset=["phone"])
    rows = rows.assign(household_no=rows["person"].map(records["people"]["household_no"]))
    pairs = rows.merge(rows, on="household_no", suffixes=("", "_other"))
    pairs = pairs[pairs["person"] < pairs["person_other"]]
    same = (pairs["phone"] == pairs["phone_other"]).mean()
    # Both give the household's telephone.
    assert np.sqrt(same) == pytest.approx(SHARED_PHONE_SHARE, abs=0.03)


@each_source
def test_names_have_typos_in_the_stated_share(records: Records, source: str) -> None:
    rows, rates = with_true_names(records, source), SOURCES[source]
    known = rows[["true_first", "nickname", "initial"]].eq(rows["first"], axis=0).any(axis=1)
    wrong = ~known | (rows["family"] != rows["true_family"])
    assert wrong.mean() == pytest.approx(rates.typo, abs=0.004 + 0.1 * rates.typo)


@each_source
def test_nicknames_and_initials_stand_for_first_names_in_the_stated_shares(records: Records, source: str) -> None:
    rows, rates = with_true_names(records, source), SOURCES[source]
    assert (rows["first"] == rows["initial"]).mean() == pytest.approx(rates.initial, abs=0.15 * rates.initial)
    known = rows.dropna(subset=["nickname"])
    expected = rates.nickname * (1 - rates.initial)
    assert (known["first"] == known["nickname"]).mean() == pytest.approx(expected, abs=0.1 * rates.nickname)


@each_source
def test_birth_dates_are_transposed_and_missing_in_the_stated_shares(records: Records, source: str) -> None:
    rows, rates = first_versions(records, source), SOURCES[source]
    noted, true = rows["birth_date"], rows["true_birth_date"]
    assert noted.isna().mean() == pytest.approx(rates.missing_birth, abs=0.015 * (rates.missing_birth > 0))
    wrong = noted.notna() & (noted != true)
    assert wrong.sum() / noted.notna().sum() == pytest.approx(rates.transposed_birth, abs=0.002 + rates.typo / 20)
    noted, true = noted[wrong], true[wrong]
    swapped = (noted.dt.day == true.dt.month) & (noted.dt.month == true.dt.day)
    assert (noted.dt.year == true.dt.year).all()
    assert (swapped | (noted.dt.month == true.dt.month)).all()
    assert swapped.mean() > 0.2  # of all days a third can be read as a month, other than their own


def test_social_security_numbers_are_missing_and_wrong_in_the_stated_shares(records: Records) -> None:
    bank, registry = (first_versions(records, source) for source in ("core_banking", "benefit_registry"))
    assert bank["ssn"].isna().mean() == CORE_BANKING.missing_ssn
    assert registry["ssn"].isna().mean() == pytest.approx(BENEFIT_REGISTRY.missing_ssn, abs=0.015)
    both = bank.merge(registry.dropna(subset=["ssn"]), on="person", suffixes=("", "_other"))
    wrong = both[both["ssn"] != both["ssn_other"]]
    # Two digits swapped, by either source; in a tenth they are the same digit.
    expected = 0.9 * (CORE_BANKING.wrong_ssn + BENEFIT_REGISTRY.wrong_ssn)
    assert len(wrong) / len(both) == pytest.approx(expected, abs=0.004)
    assert (wrong["ssn"].map(sorted) == wrong["ssn_other"].map(sorted)).all()


@each_source
def test_telephones_are_missing_in_the_stated_share(records: Records, source: str) -> None:
    missing, rate = first_versions(records, source)["phone"].isna().mean(), SOURCES[source].missing_phone
    assert missing == pytest.approx(rate, abs=0.004 + 0.1 * rate)


def last_by(records: Records, source: str, day: pd.Series) -> pd.DataFrame:
    """The latest version of each record noted by a day (indexed by record)."""
    rows = records[source]
    return rows[rows["updated_on"] <= rows["number"].map(day)].drop_duplicates("number", keep="last")


@each_source
def test_moves_are_never_learned_of_in_the_stated_share(records: Records, source: str) -> None:
    rows = records[source]
    first = rows.drop_duplicates("number").set_index("number")
    # Registered before the move, with time enough to learn of it and to live on.
    died = first["person"].map(records["people"]["death_date"])
    time = pd.Timedelta(days=210)
    moved = first["moved_on"].notna() & (first["updated_on"] < first["moved_on"])
    moved &= (first["moved_on"] + time < pd.Timestamp(CONFIG.horizon)) & ~(died < first["moved_on"] + time)
    first = first[moved]
    last = rows.drop_duplicates("number", keep="last").set_index("number").loc[first.index]
    learned = last["address"] != first["address"]
    if source == "benefit_registry":  # learns of a household's move as a whole
        learned = learned.groupby(first["person"].map(records["people"]["household_no"])).first()
    assert (~learned).mean() == pytest.approx(SOURCES[source].old_address, abs=0.06)


def renamed(records: Records, source: str) -> pd.Series:
    """Day on which a source noted another family name than before, by person."""
    rows = records[source]
    changed = (rows["number"] == rows["number"].shift()) & (rows["last_name"] != rows["last_name"].shift())
    return rows[changed].groupby("person")["updated_on"].min()


@each_source
def test_married_names_are_never_learned_of_in_the_stated_share(records: Records, source: str) -> None:
    """Of a marriage tells any other source; this one must have had the record before, and the time to learn of it."""
    others = pd.concat([renamed(records, other) for other in SOURCES if other != source])
    told = others.groupby(level=0).min()
    told = told[told < pd.Timestamp(CONFIG.horizon) - pd.Timedelta(days=210)]
    rows = records[source].drop_duplicates("number")
    rows = rows.assign(told=rows["person"].map(told), died=rows["person"].map(records["people"]["death_date"]))
    # At least 200 days before another source noted it, the latest, so before the marriage.
    rows = rows[(rows["updated_on"] + pd.Timedelta(days=200) < rows["told"])]
    rows = rows[~(rows["died"] < rows["told"] + pd.Timedelta(days=210))]
    assert len(rows) > 100
    number = records[source]["number"]
    changed = number[
        (number == number.shift()) & (records[source]["last_name"] != records[source]["last_name"].shift())
    ]
    assert (~rows["number"].isin(changed)).mean() == pytest.approx(SOURCES[source].old_name, abs=0.09)


def test_numbers_of_people_are_unique_over_the_world() -> None:
    identities = [make_identities(CONFIG, make_population(CONFIG, block)) for block in range(CONFIG.blocks)]
    for name in ("ssn", "mobile"):
        values = np.concatenate([getattr(one, name) for one in identities])
        assert len(np.unique(values.astype(str))) == CONFIG.people
    phones = np.concatenate([one.mobile for one in identities])
    homes = np.concatenate([one.household_phone for one in identities])
    assert not np.isin(homes.astype(str), phones.astype(str)).any()


@pytest.fixture(scope="module")
def bank(world_of: Any) -> dict[str, pd.DataFrame]:
    world: dict[str, pd.DataFrame] = world_of(11, 10_000, UNTIL)
    return world


def test_card_data_are_abused_in_the_stated_share_of_customers_and_months(bank: dict[str, pd.DataFrame]) -> None:
    holders = bank["core_banking.account_holders"]
    owner = holders[holders["role"] == "OWNER"].set_index("account_no")["customer_no"]
    accounts = bank["core_banking.accounts"]
    old = accounts.loc[(accounts["product_code"] == "CHK") & (accounts["opened_on"] < "2025-10-01"), "account_no"]
    customers = owner.loc[old].unique()
    rows = bank["core_banking.transactions"]
    fraud = rows[rows["txn_id"].isin(bank["truth.fraud"]["txn_id"])]
    assert (fraud["txn_code"] == "CARD").all()
    victim, month = fraud["account_no"].map(owner), fraud["booked_at"].dt.to_period("M")
    struck = pd.DataFrame({"victim": victim, "month": month})[victim.isin(customers)].drop_duplicates()
    assert len(struck) / (12 * len(customers)) == pytest.approx(FRAUD_A_MONTH, abs=0.003)
    assert 2.5 < len(fraud) / len(pd.DataFrame({"victim": victim, "month": month}).drop_duplicates()) < 4.5


def test_the_bank_s_mark_misses_fraud_and_hits_honest_payments_in_the_stated_shares(
    bank: dict[str, pd.DataFrame],
) -> None:
    rows = bank["core_banking.transactions"]
    is_fraud, is_marked = rows["txn_id"].isin(bank["truth.fraud"]["txn_id"]), rows["fraud"] == "Y"
    assert is_marked[is_fraud].mean() == pytest.approx(FRAUD_NOTICED_SHARE, abs=0.03)
    honest = ~is_fraud & (rows["txn_code"] == "CARD")
    assert is_marked[honest].mean() == pytest.approx(FRAUD_FALSE_SHARE, rel=0.15)
    assert not is_marked[~is_fraud & ~honest].any()
