"""Who is to be told apart, and who is one person: kinds of people as specification, all at the one fixed threshold."""

from functools import cache

import pandas as pd
import pytest

from ml.identity.linkage import Linkage, explain, resolve
from tests.unit.identity.linkage import scenarios
from tests.unit.identity.linkage.scenarios import KINDS, Kind, f1_by_kind

_HARD = [kind for kind in KINDS if kind is not scenarios.ordinary]
_LEAST = 0.97


@cache
def _town(script: str) -> tuple[pd.DataFrame, Linkage]:
    records = scenarios.town(script)
    return records, resolve(records.drop(columns=["truth", "kind"]), id_column="id")


@pytest.mark.parametrize("script", ["latin", "cyrillic", "arabic"])
def test_all_kinds_in_one_table_are_told_in_any_script(script: str) -> None:
    records, linkage = _town(script)
    figures = f1_by_kind(linkage.entities, records)
    assert min(figures.values()) >= _LEAST, figures


@pytest.mark.parametrize("kind", _HARD, ids=lambda kind: kind.__name__)
def test_a_kind_by_itself_among_ordinary_homes_is_told(kind: Kind) -> None:
    # No other kind teaches here what households share, and the hard pairs are many beside the ordinary ones.
    records = scenarios.town(kinds={scenarios.ordinary: 150, kind: KINDS[kind]}, seed=5)
    figures = f1_by_kind(resolve(records.drop(columns=["truth", "kind"]), id_column="id").entities, records)
    assert min(figures.values()) >= _LEAST, figures


_MAN: scenarios.Record = {
    "first_name": "thomas", "last_name": "eastwood", "birth_date": "1958-06-24", "national_id": "271828182",
    "phone": "5551234567", "email": "family.e@mail.com", "address": "7 quiet street", "postcode": "10101",
}  # fmt: skip


def _probability(model_of: str, **other: str | None) -> float:
    """That a man's record and one that differs in what is given are of one person."""
    without_number = _MAN | {"national_id": None}
    told = explain(_town(model_of)[1].model, without_number, without_number | other).set_index("evidence")
    return float(told.loc["total", "bayes_factor"])


@pytest.mark.parametrize(
    "slip",
    ["1958-06-25", "1968-06-24", "1858-06-24", "1985-06-24", "1958-06-04", "1957-06-24", "1958-11-24", "1958-06-11"],
)
def test_a_birthday_with_a_plausible_slip_is_that_of_the_same_person(slip: str) -> None:
    assert _probability("latin", birth_date=slip) >= _town("latin")[1].model.threshold


@pytest.mark.parametrize("birthday", ["1986-01-05", "1931-11-17", "1999-12-01"])
def test_a_birthday_years_away_is_that_of_a_namesake_unless_a_number_proves_the_person(birthday: str) -> None:
    model = _town("latin")[1].model
    assert _probability("latin", birth_date=birthday) < model.threshold
    told = explain(model, _MAN, _MAN | {"birth_date": birthday}).set_index("evidence")
    assert told.loc["birth_date", "level"] == "a generation apart"
    assert told.loc["total", "bayes_factor"] >= model.threshold


def test_what_a_pair_is_told_to_be_by_is_what_it_was_scored_by() -> None:
    records, linkage = _town("latin")
    by_id = records.drop(columns=["truth", "kind"]).set_index("id")
    kind = records.set_index("id")["kind"]
    some = linkage.edges.groupby(linkage.edges["record_id_a"].map(kind)).head(2)
    assert set(some["record_id_a"].map(kind)) == set(records["kind"])
    for edge in some.itertuples():
        told = explain(linkage.model, by_id.loc[edge.record_id_a], by_id.loc[edge.record_id_b]).set_index("evidence")
        assert told.loc["total", "bayes_factor"] == pytest.approx(edge.match_probability, rel=1e-6)
        assert told["bits"].drop("total").sum() == pytest.approx(told.loc["total", "bits"])
