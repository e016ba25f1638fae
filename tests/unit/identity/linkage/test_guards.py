"""What must not be learned: families, models of one make, colleagues and placeholders are no duplicates."""

import numpy as np
import pandas as pd
import pytest

from ml.identity.linkage import LinkageModel, explain, resolve
from ml.identity.linkage.config import LinkageConfig
from ml.identity.linkage.kinds import infer
from tests.unit.identity.linkage.made_up import FAMILY, GIVEN, f1, households, mistyped, people, person, worn
from tests.unit.identity.linkage.scenarios import Town, father_and_son, ordinary


def _shuffled(rng: np.random.Generator, rows: list[dict]) -> pd.DataFrame:
    frame = pd.DataFrame(rows).iloc[rng.permutation(len(rows))].reset_index(drop=True)
    return frame.assign(id=[f"r{number:05d}" for number in range(len(frame))])


def _families(persons: int, share: float, again: float, seed: int) -> pd.DataFrame:
    """Persons of whom a share has a twin or a father of the same name, with a phone and a mailbox of their own."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(persons):
        record = person(rng)
        members = [record]
        if rng.random() < share:
            other = record | {"phone": person(rng)["phone"]}
            if number % 2:
                other["first_name"] = str(rng.choice([name for name in GIVEN if name != record["first_name"]]))
            else:
                born = str(record["birth_date"])
                other["birth_date"] = f"{int(born[:4]) - 27}{person(rng)['birth_date'][4:]}"
            members.append(other)
        for member in members:
            truth = len(rows)
            rows.append({key: value for key, value in member.items() if key != "ssn"} | {"truth": truth})
            if rng.random() < again:
                rows.append({key: value for key, value in worn(rng, member).items() if key != "ssn"} | {"truth": truth})
    return _shuffled(rng, rows)


@pytest.mark.parametrize(
    ("share", "again"), [(share, again) for share in (0.0, 0.05, 0.3) for again in (0.0, 0.3, 1.0)]
)
def test_twins_and_namesakes_stay_apart_however_many_they_are(share: float, again: float) -> None:
    records = _families(600, share, again, seed=21)
    entities = resolve(records.drop(columns="truth"), id_column="id").entities
    truth = entities["record_id"].map(dict(zip(records["id"], records["truth"], strict=True)))
    assert (truth.groupby(entities["entity_id"]).nunique() > 1).sum() <= 8
    if again:
        assert f1(entities, records) >= 0.97


@pytest.mark.parametrize(("share", "again"), [(0.3, 0.3), (0.1, 0.1)])
def test_as_many_families_as_duplicates_are_told_by_name_birthday_and_address_alone(share: float, again: float) -> None:
    records = _families(600, share, again, seed=21).drop(columns="phone")
    entities = resolve(records.drop(columns="truth"), id_column="id").entities
    assert f1(entities, records) >= 0.92


@pytest.mark.parametrize("columns", [["title", "make"], ["title"]])
def test_models_of_one_make_are_no_duplicates(columns: list[str]) -> None:
    rng = np.random.default_rng(22)
    rows = []
    for number in range(800):
        make, what = rng.choice(["sony", "canon", "nikon", "bosch"]), rng.choice(["camera", "tv", "laptop", "drill"])
        model = f"{rng.choice(list('abcdefx'))}{rng.choice(list('tuvz'))}{number + 100}"
        rows.append({"title": f"{make} {what} {model} {rng.choice(['black', 'white'])}", "make": make})
    records = pd.DataFrame(rows)[columns].assign(sku=range(len(rows)))
    assert resolve(records, id_column="sku").report.linked_records <= 4


def test_no_level_that_speaks_against_a_match_is_learned_as_what_matches_show() -> None:
    model = resolve(_families(600, 0.3, 0.0, seed=23).drop(columns="truth"), id_column="id").model
    for one, m in zip(model.comparisons, model.m, strict=True):
        if one.kind in ("given_name", "birth_date"):
            assert m[-1] <= 0.151
    assert LinkageModel.from_json(model.to_json()) == model


def test_colleagues_who_share_a_phone_and_an_address_are_found_by_their_mailbox() -> None:
    rng = np.random.default_rng(24)
    rows = []
    for firm in range(40):
        home = person(rng)
        for employee in range(15):
            given, family = str(rng.choice(GIVEN)), str(rng.choice(FAMILY))
            record = {
                "first_name": given, "last_name": family, "email": f"{given}.{family}{employee}@firm{firm}.com",
                "company": f"{FAMILY[firm]} works", "phone": home["phone"], "address": home["address"],
                "truth": firm * 15 + employee,
            }  # fmt: skip
            rows.append(record)
            if rng.random() < 0.2:
                rows.append(record | {"first_name": mistyped(rng, given)})
    records = _shuffled(rng, rows)
    linkage = resolve(records.drop(columns="truth"), id_column="id")
    assert f1(linkage.entities, records) >= 0.65


@pytest.mark.parametrize("column", ["email", "phone", "ssn"])
def test_equal_numbers_and_mailboxes_link_although_nothing_else_is_there(column: str) -> None:
    rng = np.random.default_rng(25)
    values = [f"p{number}x{number * 7919 % 1000}@mail.com" for number in range(500)]
    if column != "email":
        values = [str(value) for value in rng.integers(10**9, 10**10, 500)]
    rows = [{column: value, "truth": k} for k, value in enumerate(values) for _ in range(1 + (k % 3 == 0))]
    records = _shuffled(rng, rows)
    assert f1(resolve(records.drop(columns="truth"), id_column="id").entities, records) >= 0.97


def test_names_alone_are_warned_of() -> None:
    records = people(300, seed=26)[["id", "first_name", "last_name"]]
    assert any("only names" in warning for warning in resolve(records, id_column="id").report.warnings)


@pytest.mark.parametrize("bulk", [600, 1500])
def test_placeholders_take_nothing_from_the_other_records(bulk: int) -> None:
    records = people(800, seed=27)[["id", "first_name", "last_name", "birth_date", "truth"]]
    same = {"first_name": "test", "last_name": "test", "birth_date": "1900-01-01", "truth": -1}
    filled = pd.DataFrame([same | {"id": f"x{number}"} for number in range(bulk)])
    alone = f1(resolve(records.drop(columns="truth"), id_column="id").entities, records)
    linkage = resolve(pd.concat([records, filled]).drop(columns="truth"), id_column="id")
    entities = linkage.entities[~linkage.entities["record_id"].str.startswith("x")]
    assert f1(entities, records) >= alone - 0.04
    assert any("placeholders" in warning for warning in linkage.report.warnings)


def test_the_order_of_columns_changes_nothing() -> None:
    records = people(200, seed=28).drop(columns="truth")
    edges = [resolve(records[list(order)], id_column="id").edges for order in (records, records.columns[::-1])]
    pd.testing.assert_frame_equal(*edges)


def test_german_names_of_columns_are_known() -> None:
    people_ = pd.DataFrame(
        {
            "Adresse": [f"Weg {k}" for k in range(99)],
            "Firmenname": [f"Bau {chr(97 + k % 26)}{k} GmbH" for k in range(99)],
        }
    )
    kinds = {one.name: one.kind for one in infer(people_, LinkageConfig()).columns}
    assert kinds == {"Adresse": "address", "Firmenname": "organisation"}


def _sharing_homes(shared: str, namesakes: float) -> pd.DataFrame:
    """Families with one telephone, mailbox or number; of some the second member has the first one's name."""
    rng = np.random.default_rng(41)
    rows, truth = [], 0
    for home in range(250):
        head = person(rng)
        common = {"last_name": head["last_name"], "phone": head["phone"]}
        if shared == "email":
            common["email"] = f"family{home}x{rng.integers(10**6)}@mail.com"
        elif shared == "health_no":
            common["health_no"] = str(rng.integers(10**8, 10**9))
        given = [str(name) for name in rng.choice(GIVEN, size=int(rng.integers(2, 5)), replace=False)]
        if rng.random() < namesakes:
            given[1] = given[0]
        for name in given:
            member = common | {"first_name": name, "birth_date": person(rng)["birth_date"], "truth": truth}
            rows += [dict(member) for _ in range(1 + int(rng.random() < 0.3))]
            truth += 1
    return _shuffled(rng, rows)


@pytest.mark.parametrize(("shared", "namesakes"), [("phone", 0.0), ("phone", 0.3), ("email", 0.0), ("health_no", 0.0)])
def test_what_a_whole_family_uses_is_the_familys_and_joins_nobody(shared: str, namesakes: float) -> None:
    # A number or a mailbox is a person's own until the data show that people of other names and birthdays have it, too.
    records = _sharing_homes(shared, namesakes)
    entities = resolve(records.drop(columns="truth"), id_column="id").entities
    truth = entities["record_id"].map(dict(zip(records["id"], records["truth"], strict=True)))
    assert (truth.groupby(entities["entity_id"]).nunique() > 1).sum() <= 5
    assert f1(entities, records) >= 0.97


def _with_numbers(column: str, renewed: float) -> pd.DataFrame:
    """Households, whose people have numbers in a column; a share of the records has a number of its own."""
    rng = np.random.default_rng(42)
    records = households(200, seed=42).rename(columns={"ssn": column})
    own = rng.random(len(records)) < renewed
    return records.assign(**{column: records[column].mask(own, rng.integers(10**8, 10**9, len(records)).astype(str))})


def test_a_number_that_every_record_has_for_itself_is_no_evidence() -> None:
    records = _with_numbers("reference_no", renewed=1.0).assign(reference_no=lambda made: made.index + 271828182)
    linkage = resolve(records.drop(columns="truth"), {"columns": {"reference_no": "id_number"}}, id_column="id")
    assert f1(linkage.entities, records) >= 0.98
    told = explain(linkage.model, records.iloc[0], records.iloc[1]).set_index("evidence")
    assert abs(told.loc["reference_no", "bits"]) < 1


def test_another_passport_speaks_less_against_a_person_than_another_lifelong_number() -> None:
    differing = {}
    for column in ("passport", "national_id"):
        records = _with_numbers(column, renewed=0.1)
        linkage = resolve(records.drop(columns="truth"), id_column="id")
        assert f1(linkage.entities, records) >= 0.93, column
        titles = [one.title for one in linkage.model.comparisons]
        differing[column] = linkage.model.m[titles.index(column)][-1]
    assert differing["passport"] > 3 * differing["national_id"], differing


def test_errors_of_people_without_a_household_teach_nothing_about_households() -> None:
    rng = np.random.default_rng(43)
    records = people(500, seed=43, again=1.0)
    wrong = rng.random(len(records)) < 0.12
    records["birth_date"] = records["birth_date"].mask(wrong, [person(rng)["birth_date"] for _ in wrong])
    wrong = rng.random(len(records)) < 0.12
    records["first_name"] = records["first_name"].mask(wrong, rng.choice(GIVEN, len(records)))
    linkage = resolve(records.drop(columns="truth"), id_column="id")
    told = dict(zip([one.title for one in linkage.model.comparisons], linkage.model.kin, strict=True))
    assert (told["first_name"], told["birth_date"], told["phone"]) == (0.03, 0.03, 0.6)
    assert f1(linkage.entities, records) >= 0.97


def test_what_namesakes_twins_and_mailboxes_share_is_learned_where_households_show() -> None:
    kin = {}
    for share in (0.0, 0.4):
        model = resolve(_families_with_mailbox(share).drop(columns="truth"), id_column="id").model
        kin[share] = dict(zip([one.title for one in model.comparisons], model.kin, strict=True))
    assert kin[0.0]["phone"] > 0.9
    assert kin[0.0]["first_name"] < 0.05
    assert kin[0.4]["first_name"] > 0.08
    assert kin[0.0]["email"] <= 0.11
    assert kin[0.4]["email"] > 0.15


def _families_with_mailbox(share: float) -> pd.DataFrame:
    """Families with one telephone; in a share of them the son has his father's name and mailbox."""
    town = Town(44)
    for _ in range(150):
        ordinary(town, 0)
        if town.rng.random() < share:
            father_and_son(town, 0)
    return town.table().drop(columns="kind")


def test_one_lifelong_number_at_one_address_is_one_person_though_name_and_birthday_are_wrong() -> None:
    model = resolve(people(400, seed=45).drop(columns="truth"), id_column="id").model
    record = person(np.random.default_rng(45)) | {"phone": None, "birth_date": "1960-03-04"}
    other = record | {"first_name": "zebediah", "birth_date": "1967-11-29"}
    assert explain(model, record, other).set_index("evidence").loc["total", "bayes_factor"] >= model.threshold
    without = [one | {"ssn": None} for one in (record, other)]
    assert explain(model, *without).set_index("evidence").loc["total", "bayes_factor"] < 0.01


def _alone(seed: int) -> tuple[pd.DataFrame, np.ndarray, np.random.Generator]:
    """People who live with nobody, the records that come second, and a generator."""
    records = people(500, seed=seed, again=0.6)
    return records, records["truth"].duplicated().to_numpy(), np.random.default_rng(seed)


@pytest.mark.parametrize("filler", ["1900-01-01", "9999-12-31"])
def test_a_birthday_that_stands_for_an_unknown_one_parts_nobody_and_is_warned_of(filler: str) -> None:
    records, again, rng = _alone(46)
    filled = again & (rng.random(len(records)) < 0.15)
    records["birth_date"] = records["birth_date"].mask(filled, filler)
    linkage = resolve(records.drop(columns=["truth", "ssn", "address", "postcode"]), id_column="id")
    assert f1(linkage.entities, records) >= 0.97
    (warning,) = [one for one in linkage.report.warnings if "birth_date" in one]
    assert f"{filler} stands in {filled.sum()} of {len(records)} records" in warning
    (born,) = [one for one in linkage.model.columns if one.kind == "birth_date"]
    assert born.fillers == (filler.replace("-", ""),)
    assert LinkageModel.from_json(linkage.model.to_json()) == linkage.model


@pytest.mark.parametrize("heaped", ["the year is all that is known", "a cohort is born on one day"])
def test_birthdays_that_many_have_are_no_fillers(heaped: str) -> None:
    records, _, rng = _alone(47)
    if heaped.startswith("the year"):
        records["birth_date"] = records["birth_date"].str.slice(0, 4) + "-01-01"
    else:
        cohort = rng.random(records["truth"].nunique()) < 0.05
        records["birth_date"] = records["birth_date"].mask(cohort[records["truth"]], "2001-10-01")
    linkage = resolve(records.drop(columns="truth"), id_column="id")
    assert not any("birth_date" in one for one in linkage.report.warnings)


def test_a_guessed_birthday_parts_nobody_where_no_homes_are() -> None:
    records, again, rng = _alone(48)
    guessed = again & (rng.random(len(records)) < 0.1)
    records["birth_date"] = records["birth_date"].mask(guessed, [person(rng)["birth_date"] for _ in guessed])
    shown = ["id", "first_name", "last_name", "birth_date", "phone", "truth"]
    records = records[shown].assign(phone=records.groupby("truth")["phone"].transform("first"))
    assert f1(resolve(records.drop(columns="truth"), id_column="id").entities, records) >= 0.97


def test_one_wrong_lifelong_number_parts_nobody_whose_names_and_birthday_are_equal() -> None:
    records, again, rng = _alone(49)
    kept = ["first_name", "last_name", "birth_date", "ssn"]
    records[kept] = records.groupby("truth")[kept].transform("first")
    wrong = again & (rng.random(len(records)) < 0.2)
    records["ssn"] = records["ssn"].mask(wrong, rng.integers(10**8, 10**9, len(records)).astype(str))
    assert f1(resolve(records[["id", *kept]], id_column="id").entities, records) >= 0.99
