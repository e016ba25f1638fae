"""Tables as they come: empty, tiny, constant, with broken ids, with blocks that would not end."""

import numpy as np
import pandas as pd
import pytest

from ml.identity.linkage import LinkageConfig, LinkageError, explain, resolve
from tests.unit.identity.linkage.made_up import people


@pytest.mark.parametrize("rows", [0, 1])
def test_a_table_of_no_or_one_record_has_no_pairs(rows: int) -> None:
    records = people(5, seed=1).drop(columns="truth").iloc[:rows]
    linkage = resolve(records, id_column="id")
    assert len(linkage.entities) == rows
    assert linkage.edges.empty
    assert linkage.entities["confidence"].isna().all()


def test_a_table_of_two_equal_records_is_resolved() -> None:
    record = {"first_name": "ann", "last_name": "lee", "email": "ann@lee.example"}
    linkage = resolve(pd.DataFrame([record | {"id": 1}, record | {"id": 2}]), id_column="id")
    assert len(linkage.entities) == 2
    assert linkage.entities["confidence"].isna().all()
    assert any("no column tells records apart" in warning for warning in linkage.report.warnings)


def test_empty_and_constant_columns_are_left_out_and_told() -> None:
    records = people(60, seed=2).drop(columns="truth").assign(nothing=None, same="x", blank="unknown")
    linkage = resolve(records, id_column="id")
    assert not {"nothing", "same", "blank"} & set(linkage.report.kinds)
    told = " ".join(linkage.report.warnings)
    assert "'nothing' is ignored: it is empty" in told
    assert "'same' is ignored: it is constant" in told
    assert "'blank' is ignored: it is empty" in told


def test_a_table_without_any_value_links_nothing() -> None:
    linkage = resolve(pd.DataFrame({"id": range(5), "name": [None] * 5, "dob": [np.nan] * 5}), id_column="id")
    assert linkage.entities["entity_id"].tolist() == list(range(5))


def test_records_whose_values_are_all_missing_stay_alone() -> None:
    records = people(80, seed=3).drop(columns="truth")
    columns = [name for name in records if name != "id"]
    records.loc[:9, columns] = None
    linkage = resolve(records, id_column="id")
    told = linkage.entities.set_index("record_id")
    assert (told["entity_id"][records["id"][:10]] == records["id"][:10].to_numpy()).all()
    assert set(told.index[told["confidence"].isna()]) == set(records["id"][:10])
    assert linkage.report.uncompared_records == 10


def test_repeated_missing_and_absent_ids_are_errors_with_counts() -> None:
    records = pd.DataFrame({"id": [1, 1, 2], "name": ["a", "b", "c"]})
    with pytest.raises(LinkageError, match="2 of 3 records share their 'id'"):
        resolve(records, id_column="id")
    with pytest.raises(LinkageError, match="1 of 3 records have no 'id'"):
        resolve(records.assign(id=[1, None, 2]), id_column="id")
    with pytest.raises(LinkageError, match=r"no id column 'key'.*'id', 'name'"):
        resolve(records, id_column="key")


def test_columns_of_one_name_are_refused() -> None:
    records = pd.DataFrame([[1, "a", "b"]], columns=["id", "name", "name"])
    with pytest.raises(LinkageError, match=r"\['name'\].*more than once"):
        resolve(records, id_column="id")


@pytest.mark.parametrize("ids", [int, str])
def test_ids_come_back_as_they_were_given(ids: type) -> None:
    records = people(40, seed=4).drop(columns="truth")
    records["id"] = [ids(number * 7 + 3) for number in range(len(records))]
    linkage = resolve(records, id_column="id")
    for column in (linkage.entities["record_id"], linkage.entities["entity_id"], linkage.edges["record_id_a"]):
        assert all(isinstance(value, ids) for value in column)
        assert set(column) <= set(records["id"])
        assert column.dtype == records["id"].dtype
    assert (linkage.edges["record_id_a"] < linkage.edges["record_id_b"]).all()


def test_the_id_is_never_evidence() -> None:
    records = people(80, seed=5)
    plain = resolve(records.drop(columns="truth"), id_column="id")
    telling = records.assign(id=records["truth"].map("p{:04d}".format) + "-" + records["id"])
    told = resolve(telling.drop(columns="truth"), id_column="id")
    assert plain.report.kinds == told.report.kinds
    assert len(plain.edges) == pytest.approx(len(told.edges), abs=3)


def test_numbers_dates_and_texts_of_one_meaning_are_equal() -> None:
    records = people(120, seed=6, again=0.0).drop(columns="truth")
    copies = records.copy()
    copies["id"] = "c" + copies["id"]
    records["postcode"] = records["postcode"].astype(float)
    copies["birth_date"] = copies["birth_date"].str.replace("-", "")
    copies["first_name"] = copies["first_name"].str.upper() + " "
    copies["phone"] = "+1 (" + copies["phone"].str[:3] + ") " + copies["phone"].str[3:]
    copies["ssn"] = copies["ssn"].str[:3] + "-" + copies["ssn"].str[3:]
    both = pd.concat([records.astype({"postcode": object}), copies])
    entities = resolve(both, id_column="id").entities
    assert entities["entity_id"].nunique() == len(records)
    assert (entities["entity_id"] == "c" + entities["record_id"].str.removeprefix("c")).all()


def test_very_long_texts_and_odd_signs_are_survived() -> None:
    records = people(60, seed=7).drop(columns="truth")
    records["notes"] = ["word " * 20_000 + str(number) for number in range(len(records))]
    records.loc[0, "last_name"] = "o'''; DROP TABLE record; --"
    records.loc[1, "address"] = "\u202e\u0000\ufffd\U0001f600 {}%s"
    assert len(resolve(records, id_column="id").entities) == len(records)


def test_a_column_name_of_any_kind_is_survived() -> None:
    records = people(60, seed=8).drop(columns="truth").rename(columns={"phone": 'tel "x"; --', "address": 7})
    assert len(resolve(records, id_column="id").entities) == len(records)


def test_fifty_thousand_equal_names_finish_with_few_pairs_and_a_warning() -> None:
    rng = np.random.default_rng(9)
    count = 50_000
    records = pd.DataFrame(
        {
            "id": np.arange(count),
            "first_name": "john",
            "last_name": "smith",
            "birth_date": np.datetime64("1940-01-01") + rng.integers(0, 25_000, count),
            "city": rng.choice(["york", "hull", "leeds"], count),
        }
    )
    others = people(500, seed=9).drop(columns=["truth", "ssn", "phone", "address", "postcode"])
    others = others.assign(id=np.arange(len(others)) + count, city="york")
    linkage = resolve(pd.concat([records, others], ignore_index=True), id_column="id")
    assert sum(linkage.report.pairs_by_rule.values()) < 3_000_000
    assert any("500 records" in warning for warning in linkage.report.warnings)


def test_kinds_can_be_said_and_columns_left_out() -> None:
    records = people(80, seed=10).drop(columns="truth").rename(columns={"first_name": "a", "last_name": "b"})
    config = {"columns": {"a": "given name", "b": "surname", "postcode": "ignore"}}
    linkage = resolve(records, config, id_column="id")
    assert linkage.report.kinds["a"] == "given_name"
    assert linkage.report.kinds["b"] == "family_name"
    assert "postcode" not in linkage.report.kinds


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"colums": {}}, "colums.*known keys are columns"),
        ({"columns": {"first_name": "nam"}}, "'first_name' has the kind 'nam'; known kinds are given_name"),
        ({"columns": {"nobody": "email"}}, "names the columns \\['nobody'\\]"),
        ({"block_limit": 0}, "block_limit"),
        ({"threads": 100_000}, "threads.*256"),
        ({"columns": {1: "full_name"}}, "columns: .*1: a column and its kind are texts; quote"),
    ],
)
def test_what_a_configuration_gets_wrong_is_named(config: dict, message: str) -> None:
    with pytest.raises(LinkageError, match=message):
        resolve(people(10, seed=1), config, id_column="id")


def test_a_configuration_is_read_from_yaml(tmp_path) -> None:
    path = tmp_path / "kinds.yml"
    path.write_text("columns:\n  a: given name\nblock_limit: 50\n")
    config = LinkageConfig.from_yaml(path)
    assert (config.columns, config.block_limit) == ({"a": "given_name"}, 50)
    path.write_text("- a")
    with pytest.raises(LinkageError, match=r"kinds\.yml: holds a list"):
        LinkageConfig.from_yaml(path)
    path.write_bytes("columns:\n  prénom: given_name\n".encode("latin-1"))
    with pytest.raises(LinkageError, match=r"kinds\.yml: is not UTF-8 from byte 14"):
        LinkageConfig.from_yaml(path)


def test_an_explanation_adds_up_and_shows_no_values() -> None:
    records = people(150, seed=11).drop(columns="truth")
    linkage = resolve(records, id_column="id")
    rows = records.set_index("id")
    for one, other, probability in linkage.edges.iloc[::20].itertuples(index=False):
        told = explain(linkage.model, rows.loc[one], rows.loc[other])
        assert told["bayes_factor"].iloc[-1] == pytest.approx(probability, abs=1e-12)
        assert told["bits"].iloc[:-1].sum() == pytest.approx(told["bits"].iloc[-1], abs=1e-6)
        shown = told.to_string()
        assert not any(str(value) in shown for value in rows.loc[one, ["ssn", "phone", "address"]].dropna())
