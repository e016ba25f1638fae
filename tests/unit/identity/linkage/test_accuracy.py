"""Without labels and without a configuration: floors of accuracy on made-up tables of different kinds."""

import numpy as np
import pandas as pd

from ml.identity.linkage import explain, resolve
from tests.unit.identity.linkage.made_up import f1, households, mistyped, people


def test_persons_with_mistyped_names_and_gaps_are_found() -> None:
    records = people(400, seed=1)
    linkage = resolve(records.drop(columns="truth"), id_column="id")
    assert f1(linkage.entities, records) >= 0.99


def test_twins_and_members_of_a_household_stay_apart() -> None:
    records = households(250, seed=2)
    linkage = resolve(records.drop(columns="truth"), id_column="id")
    assert f1(linkage.entities, records) >= 0.98
    truth = dict(zip(records["id"], records["truth"], strict=True))
    mixed = linkage.entities.assign(truth=linkage.entities["record_id"].map(truth)).groupby("entity_id")["truth"]
    assert (mixed.nunique() > 1).mean() < 0.01


def test_two_records_of_a_twin_and_one_of_the_other_are_two_entities() -> None:
    records = people(300, seed=3)
    twin = {
        "first_name": "anna", "last_name": "featherstone", "birth_date": "1990-05-17", "ssn": "123456789",
        "phone": "5550001111", "address": "7 quiet street", "postcode": "10101",
    }  # fmt: skip
    other = twin | {"first_name": "beatrice", "ssn": "987654321"}
    added = pd.DataFrame([twin | {"id": "t1"}, twin | {"id": "t2", "phone": None}, other | {"id": "t3"}])
    linkage = resolve(pd.concat([records.drop(columns="truth"), added]), id_column="id")
    entity = linkage.entities.set_index("record_id")["entity_id"]
    assert entity["t1"] == entity["t2"]
    assert entity["t3"] == "t3"


def test_names_in_other_scripts_are_compared_as_they_are() -> None:
    rng = np.random.default_rng(4)
    names = {
        "zh": [a + b + c for a in "王李张刘陈杨" for b in "伟芳娜敏静" for c in "丽强磊军"],
        "ru": [f"{b} {a}" for a in ("Иван", "Пётр", "Мария", "Ольга") for b in ("Смирнов", "Попов", "Зайцев")],
        "ar": [f"{a} {b}" for a in ("محمد", "فاطمة", "حسن", "مريم") for b in ("المصري", "حداد", "خوري", "منصور")],
    }  # fmt: skip
    rows = []
    for number in range(400):
        script = ("zh", "ru", "ar")[number % 3]
        record = {
            "name": str(rng.choice(names[script])), "truth": number, "mobile": str(rng.integers(10**9, 10**10)),
            "born": f"{rng.integers(1940, 2010)}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}",
        }  # fmt: skip
        rows.append(record)
        if number % 2:
            rows.append(record | {"name": " ".join(reversed(record["name"].split())), "mobile": None})
    records = pd.DataFrame(rows).assign(id=range(len(rows)))
    linkage = resolve(records.drop(columns="truth"), id_column="id")
    assert linkage.report.kinds == {"name": "full_name", "mobile": "phone", "born": "birth_date"}
    assert f1(linkage.entities, records) >= 0.97


def test_things_are_told_apart_by_their_rare_words() -> None:
    rng = np.random.default_rng(5)
    rows = []
    for number in range(400):
        make, what = rng.choice(["sony", "canon", "nikon"]), rng.choice(["digital camera", "led tv", "laptop"])
        model = "".join(rng.choice(list("abcdefgh"), 3)) + str(rng.integers(100, 9999))
        title = f"{make} {model} {what} {rng.choice(['black', 'white'])}"
        rows.append({"title": title, "truth": number})
        if number % 2:
            rows.append({"title": " ".join(rng.permutation(title.split()[1:])), "truth": number})
    records = pd.DataFrame(rows).assign(sku=range(len(rows)))
    linkage = resolve(records.drop(columns="truth"), id_column="sku")
    assert f1(linkage.entities, records, "sku") >= 0.95


def test_a_table_without_duplicates_stays_as_it_is() -> None:
    records = people(400, seed=6, again=0.0)
    linkage = resolve(records.drop(columns="truth"), id_column="id")
    assert linkage.report.entities >= len(records) - 1


def test_a_value_that_every_tenth_record_holds_proves_nothing() -> None:
    records = people(300, seed=7)
    rng = np.random.default_rng(7)
    records.loc[rng.random(len(records)) < 0.1, "phone"] = "9999999999"
    records.loc[rng.random(len(records)) < 0.1, "birth_date"] = "1900-01-01"
    linkage = resolve(records.drop(columns="truth"), id_column="id")
    assert f1(linkage.entities, records) >= 0.98


def test_exchanged_names_and_short_names_are_evidence_for() -> None:
    records = people(300, seed=8)
    model = resolve(records.drop(columns="truth"), id_column="id").model
    base = {
        "first_name": "robert", "last_name": "greenwood", "birth_date": "1971-06-24", "ssn": None, "phone": None,
        "address": None, "postcode": None,
    }  # fmt: skip
    levels = {}
    for first, last in (("greenwood", "robert"), ("bob", "greenwood"), ("r.", "greenwood"), ("robetr", "greenwood")):
        told = explain(model, base, base | {"first_name": first, "last_name": last}).set_index("evidence")
        levels[first] = told.loc["first_name", "level"]
        assert told.loc["first_name", "bits"] > 0
    assert levels == {
        "greenwood": "given and family name exchanged",
        "bob": "short or pet name",
        "r.": "initial or beginning",
        "robetr": "one letter off",
    }


def test_mistyping_changes_a_text() -> None:
    rng = np.random.default_rng(9)
    assert all(mistyped(rng, "abcdef") != "abcdef" for _ in range(50))
