"""What is said twice counts once: columns made of others, codes of towns, street and town, numbers of records."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from ml.identity.linkage import LinkageModel, explain, resolve
from tests.unit.identity.linkage.made_up import FAMILY, GIVEN, f1, mistyped, people, person


def _linked(records: pd.DataFrame, **columns: pd.Series) -> tuple[float, str]:
    linkage = resolve(records.drop(columns="truth").assign(**columns), id_column="id")
    return f1(linkage.entities, records), " ".join(linkage.report.warnings)


def _named(seed: int = 61) -> pd.DataFrame:
    """Whole names and birthdays, with some telephones missing."""
    records = people(500, seed=seed, again=0.6)
    return records.assign(name=records["first_name"] + " " + records["last_name"])[
        ["id", "name", "birth_date", "truth"]
    ]


_MADE_OF_NAMES: dict[str, Callable[[str, str], str]] = {
    "first_name": lambda given, family: given,
    "clan": lambda given, family: family,
    "greeting": lambda given, family: f"Dear {given}",
    "initials": lambda given, family: given[0] + family[0],
    "username": lambda given, family: f"{given[0]}{family}",
    "sort_name": lambda given, family: f"{family}, {given}",
    "email": lambda given, family: f"{given}.{family}@firm.com",
}


@pytest.mark.parametrize("column", _MADE_OF_NAMES)
def test_a_column_that_is_made_of_the_name_adds_no_evidence_and_is_told(column: str) -> None:
    records = _named()
    alone, _ = _linked(records)
    made = records["name"].map(lambda name: _MADE_OF_NAMES[column](*name.split()))
    figure, told = _linked(records, **{column: made})
    assert abs(figure - alone) <= 0.002
    assert f"column {column!r} is ignored: its values follow from 'name'" in told


def test_what_is_made_of_a_name_that_is_often_missing_counts_where_it_is() -> None:
    records = _named()
    made = records["name"].str.split().str[0]
    gone = np.random.default_rng(62).random(len(records)) < 0.3
    records["name"] = records["name"].mask(gone)
    linkage = resolve(records.drop(columns="truth").assign(first_name=made), id_column="id")
    assert any("counts only where they are missing" in one for one in linkage.report.warnings)
    assert LinkageModel.from_json(linkage.model.to_json()) == linkage.model
    whole = {"name": "mary ashton", "first_name": "mary", "birth_date": "1960-03-04"}
    levels = [
        explain(linkage.model, whole, whole | {"name": name}).set_index("evidence")["level"]
        for name in (whole["name"], None)
    ]
    assert [one["first_name"] for one in levels] == ["missing", "exact"]


def test_a_column_that_is_not_made_of_the_name_stays_evidence_and_so_does_a_declared_one() -> None:
    records = _named().assign(father=lambda made: np.roll(made["name"], 7))
    nicknames = np.random.default_rng(63).choice(GIVEN, len(records))
    assert "'nick'" not in _linked(records, nick=pd.Series(nicknames))[1]
    repeated = records.drop(columns="truth").assign(first_name=records["name"].str.split().str[0])
    kinds = resolve(repeated, {"columns": {"first_name": "given_name"}}, id_column="id").report.kinds
    assert kinds["first_name"] == "given_name"


def test_sex_says_nothing_more_where_the_first_names_agree() -> None:
    records = people(500, seed=64, again=0.6)[["id", "first_name", "last_name", "phone", "truth"]]
    alone, _ = _linked(records)
    names = records["first_name"].where(records["first_name"].isin(GIVEN))
    sex = names.groupby(records["truth"]).transform("first").map({name: "MF"[k % 2] for k, name in enumerate(GIVEN)})
    shown = records.drop(columns="truth").assign(gender=sex)
    linkage = resolve(shown, id_column="id")
    assert f1(linkage.entities, records) >= alone - 0.002
    by_id = shown.set_index("id")
    for one, other, probability in linkage.edges.iloc[::40].itertuples(index=False):
        told = explain(linkage.model, by_id.loc[one], by_id.loc[other]).set_index("evidence")
        assert told.loc["total", "bayes_factor"] == pytest.approx(probability, rel=1e-6)
        if by_id.loc[one, "first_name"] == by_id.loc[other, "first_name"]:
            assert told.loc["gender", "level"] in ("equal, as the names are", "missing")


def _moving(seed: int = 65) -> pd.DataFrame:
    """People of rare names who have moved to another town for every third second record."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(600):
        first = {"first_name": rng.choice(GIVEN), "last_name": f"{rng.choice(FAMILY)}{rng.choice(FAMILY)}"}
        home = {"address": person(rng)["address"], "city": f"{rng.choice(FAMILY)} {rng.choice(FAMILY)}"}
        rows.append(first | home | {"truth": number})
        if rng.random() < 0.5:
            if rng.random() < 0.35:
                home = {"address": person(rng)["address"], "city": f"{rng.choice(FAMILY)} {rng.choice(FAMILY)}"}
            if rng.random() < 0.1:
                first = first | {"first_name": mistyped(rng, first["first_name"])}
            rows.append(first | home | {"truth": number})
    frame = pd.DataFrame(rows).iloc[rng.permutation(len(rows))].reset_index(drop=True)
    return frame.assign(id=[f"r{number:05d}" for number in range(len(frame))])


def test_who_has_moved_lives_in_another_street_and_another_town_for_one_reason() -> None:
    records = _moving()
    street, _ = _linked(records.drop(columns="city"))
    assert _linked(records)[0] >= street - 0.005


def test_a_code_of_the_town_counts_with_the_town() -> None:
    records = _moving().drop(columns="address")
    alone, _ = _linked(records)
    figure, told = _linked(records, town_code=records["city"].map(lambda city: str(sum(map(ord, city)) * 31 % 997)))
    assert figure >= alone - 0.005
    assert "column 'town_code' is ignored: its values follow from 'city'" in told


def test_a_branch_a_job_and_their_codes_are_counted_once_each() -> None:
    records = people(500, seed=66, again=0.6)[["id", "first_name", "last_name", "phone", "truth"]]
    rng = np.random.default_rng(66)
    branch = pd.Series(rng.integers(10, 40, 500))[records["truth"]].reset_index(drop=True)
    job = pd.Series(rng.choice(["clerk", "nurse", "driver", "cook"], 500))[records["truth"]].reset_index(drop=True)
    codes = {"branch": branch, "branch_head": branch.map(lambda one: FAMILY[one]), "job": job, "job_code": job.str[:2]}
    figure, told = _linked(records, **codes)
    assert figure >= _linked(records, branch=branch, job=job)[0] - 0.003
    assert sum(f"column {one!r} is ignored: its values" in told for one in codes) == 2


def _products(seed: int = 67) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(500):
        make, what = rng.choice(["sony", "canon", "nikon", "bosch"]), rng.choice(["camera", "tv", "laptop", "drill"])
        model = f"{rng.choice(list('abcdefx'))}{rng.choice(list('tuvz'))}{number + 100}"
        for shop in range(1 + number % 2):
            title = (f"{make} {what} {model} {rng.choice(['black', 'white'])}", f"{make} new {what} {model}")[shop]
            rows.append({"title": title, "make": make, "truth": number})
    frame = pd.DataFrame(rows).iloc[rng.permutation(len(rows))].reset_index(drop=True)
    return frame.assign(id=[f"r{number:05d}" for number in range(len(frame))])


@pytest.mark.parametrize("kind", ["unique", "nearly unique", "declared"])
def test_the_number_that_each_shop_gives_a_thing_parts_nothing(kind: str) -> None:
    records = _products()[["id", "title", "truth"]]
    alone, _ = _linked(records)
    assert alone >= 0.9
    digits = 4 if kind == "nearly unique" else 9
    numbers = np.random.default_rng(68).choice(10**digits, len(records), replace=digits == 4)
    sku = pd.Series([f"K{number:0{digits}d}" for number in numbers])
    config = {"columns": {"sku": "id_number"}} if kind == "declared" else None
    linkage = resolve(records.drop(columns="truth").assign(sku=sku), config, id_column="id")
    assert f1(linkage.entities, records) >= alone - 0.02
    assert ("sku" in linkage.report.kinds) == (kind != "unique")


def test_a_make_that_is_in_the_title_adds_nothing() -> None:
    records = _products()
    assert abs(_linked(records)[0] - _linked(records.drop(columns="make"))[0]) <= 0.002


def test_letters_that_are_all_alike_are_read_in_no_more_ways_than_there_are_ends() -> None:
    records = _named()
    same = pd.Series(["a" * 20 + " " + " ".join(["a" * 20] * 4)] * len(records)).where(records.index % 2 == 0, "b c")
    together = pd.Series(["a" * 39 + "z"] * len(records))
    linkage = resolve(records.drop(columns="truth").assign(display_name=same, nickname=together), id_column="id")
    assert len(linkage.entities) == len(records)
