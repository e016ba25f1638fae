"""Values that stand for one that is not known part nobody and join nobody, and are told."""

import numpy as np
import pytest

from ml.identity.linkage import LinkageModel, resolve
from ml.identity.linkage.cleaning import features
from ml.identity.linkage.config import LinkageConfig
from ml.identity.linkage.database import connect
from ml.identity.linkage.kinds import Column
from tests.unit.identity.linkage.made_up import f1, people


def _filled(column: str, value: str | None, share: float) -> tuple[float, str]:
    records = people(500, seed=71, again=0.6)
    records = records[["id", "first_name", "last_name", "truth", column]]
    filled = np.random.default_rng(72).random(len(records)) < share
    records[column] = records[column].mask(filled, value)
    linkage = resolve(records.drop(columns="truth"), id_column="id")
    assert LinkageModel.from_json(linkage.model.to_json()) == linkage.model
    return f1(linkage.entities, records), " ".join(linkage.report.warnings)


@pytest.mark.parametrize(
    ("column", "value", "share"),
    [
        ("birth_date", "1970-06-15", 0.25),
        ("ssn", "000000000", 0.08),
        ("ssn", "482913377", 0.25),
        ("phone", "9999999999", 0.2),
    ],
)
def test_a_value_of_a_multitude_is_as_good_as_none_and_told_without_showing_whose_it_might_be(
    column: str, value: str, share: float
) -> None:
    figure, told = _filled(column, value, share)
    blank, _ = _filled(column, None, share)
    assert abs(figure - blank) <= 0.002
    assert f"column {column!r}: " in told
    assert "taken as missing" in told
    assert (value in told) == (column == "birth_date")


def test_a_name_that_says_that_there_is_none_is_missing() -> None:
    records = people(500, seed=73, again=0.6)[["id", "first_name", "last_name", "birth_date", "truth"]]
    filled = np.random.default_rng(74).random(len(records)) < 0.2
    figures = []
    for value in ("BABY", None):
        given = records.assign(first_name=records["first_name"].mask(filled, value))
        figures.append(f1(resolve(given.drop(columns="truth"), id_column="id").entities, records))
    assert figures[0] == figures[1]


def test_a_surname_of_every_third_and_a_switchboard_of_few_are_no_fillers() -> None:
    records = people(400, seed=75)
    rng = np.random.default_rng(75)
    records["last_name"] = records["last_name"].mask(rng.random(len(records)) < 0.33, "singh")
    records["phone"] = records["phone"].mask(rng.random(len(records)) < 0.01, "5550001000")
    warnings = resolve(records.drop(columns="truth"), id_column="id").report.warnings
    assert not any("taken as missing" in one for one in warnings)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("0000-00-00", None), ("00/00/0000", None), ("99/99/9999", None), ("1985-00-00", None),
        ("1985-02-30", "19850230"), ("1985-02-03", "19850203"), ("19851302", "19851302"),
    ],
)  # fmt: skip
def test_an_impossible_day_is_missing_unless_it_may_be_a_slip(text: str, day: str | None) -> None:
    column = Column("born", "birth_date", ("%Y-%m-%d", "%d/%m/%Y", "%Y%m%d"))
    sql = features(column, f"'{text}'")["v"]
    assert connect(LinkageConfig(threads=1)).execute(f"SELECT {sql}").fetchone() == (day,)
