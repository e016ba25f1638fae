"""The catalogue: complete entries, one set of columns everywhere, a version that follows the definitions."""

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
import yaml

from ml.features import CatalogueError, default_catalogue_dir, load_catalogue
from ml.features.catalogue import TABLES

COUNTS = {"salary": 12, "savings": 10, "spending": 15, "payment": 12, "cash": 8, "transaction": 10, "derived": 37}
TOP_TEN = (
    "cash_hoarding_flag_std", "atm_withdrawal_spike_min", "gambling_txns_max", "lending_app_transfers_mean",
    "gambling_txns_std", "overall_stress_score", "lending_app_transfers_max", "cash_hoarding_flag_mean",
    "atm_withdrawal_spike_max", "lending_app_transfers_std",
)  # fmt: skip


def test_there_are_104_behavioural_features_in_seven_categories() -> None:
    catalogue = load_catalogue()
    names = catalogue.names("customer_features")
    assert Counter(catalogue[name].category for name in names) == COUNTS
    assert len(names) == len(set(names)) == 104
    assert catalogue.names(used_by="predelinquency_30d") == names


def test_the_ten_most_important_features_have_their_names() -> None:
    assert set(TOP_TEN) <= set(load_catalogue().names(used_by="predelinquency_30d"))


def test_every_feature_states_all_that_a_reader_asks() -> None:
    catalogue = load_catalogue()
    for entry in catalogue.entries.values():
        words = (entry.meaning, entry.null_policy, entry.reason_text, entry.cause, entry.unit)
        assert all(text.strip() for text in words), entry.name
        assert entry.lookback_weeks is not None or entry.model == "origination_features", entry.name
        assert entry.statistic == "expression" or entry.signal in catalogue.signals, entry.name
    for signal in catalogue.signals.values():
        assert signal.meaning.strip(), signal.name
        assert signal.coverage, signal.name


def test_the_model_of_applicants_keeps_its_small_set_in_the_order_of_its_table() -> None:
    catalogue = load_catalogue()
    names = catalogue.names(used_by="origination_pd")
    columns = yaml.safe_load((default_catalogue_dir() / "origination_features.yml").read_text(encoding="utf-8"))
    stated = [column["name"] for column in columns["models"][0]["columns"]]
    assert len(names) == 52
    assert [name for name in stated if name in names] == names
    assert [name for name in names if catalogue[name].category == "loan_terms"] == names[-7:]


def test_only_raw_directions_bind_a_model() -> None:
    catalogue = load_catalogue()
    bound = {name for name, entry in catalogue.entries.items() if entry.monotone_sign}
    assert {catalogue[name].statistic for name in bound} == {"mean", "max", "last"}
    assert catalogue["gambling_txns_max"].monotone_sign == 1
    assert catalogue["end_balance_last"].monotone_sign == -1
    assert catalogue["gambling_txns_std"].monotone_sign == 0


def test_what_reads_the_whole_history_is_no_feature_of_a_day() -> None:
    """The cost of a day may not grow with the history."""
    catalogue = load_catalogue()
    for name in catalogue.names(used_by="predelinquency_30d"):
        text = f"{catalogue[name].statistic} {catalogue[name].expression}"
        assert not re.search("lifetime|yardstick|history_days|window_low_days", text), name
        assert catalogue.signals[catalogue[name].signal].kind != "daily_balance", name


def test_the_table_of_days_has_a_column_for_every_signal_of_a_day() -> None:
    model = yaml.safe_load((default_catalogue_dir() / "account_day_signals.yml").read_text(encoding="utf-8"))["models"][
        0
    ]
    measured = [
        signal.name for signal in load_catalogue().signals.values() if signal.kind in ("flow", "booking", "instalment")
    ]
    columns = [column["name"] for column in model["columns"]]
    first = columns.index("closing_balance") + 1
    assert columns[first : first + len(measured)] == measured


def test_an_unknown_model_reads_nothing() -> None:
    with pytest.raises(CatalogueError, match=r"no model 'churn' reads features; there are \['origination_pd', 'pre"):
        load_catalogue().names(used_by="churn")


def test_every_reason_shows_the_value_and_the_usual_one() -> None:
    for name, entry in load_catalogue().entries.items():
        assert "{value}" in entry.reason_text, name
        assert "{usual}" in entry.reason_text, name


def test_each_models_table_has_its_features_in_the_right_type() -> None:
    folder = default_catalogue_dir()
    models = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))["models"][0] for path in folder.glob("*.yml")}
    for model, table in TABLES.items():
        columns = {column["name"]: column["data_type"] for column in models[table]["columns"]}
        for name in load_catalogue().names(used_by=model):
            assert columns.get(name) == "double precision", name


def test_version_follows_definitions_and_not_words(tmp_path: Path) -> None:
    folder = tmp_path / "features"
    shutil.copytree(default_catalogue_dir(), folder)
    original = load_catalogue(folder).version
    assert original == load_catalogue().version
    file = folder / "customer_features.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("Mean weekly income:", "Average weekly income:"), encoding="utf-8")
    assert load_catalogue(folder).version == original
    file.write_text(text.replace("cash_withdrawal > 0.5 *", "cash_withdrawal > 0.6 *"), encoding="utf-8")
    assert load_catalogue(folder).version != original


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("statistic: mean", "statistic: median", "income_weekly_mean_amount"),
        ("signal: income", "signal: wages", r"uses the signals \['wages'\]; there are"),
        ("kind: balance", "kind: flow", "a balance has no expression, every other kind has one"),
        ("name: income_std", "name: income_last", "income_last is defined twice"),
        ("cause: income", "cause: ", "cause"),
        ("used_by: [predelinquency_30d, origination_pd]", "used_by: []", "used_by names no model"),
        (
            "used_by: [predelinquency_30d]",
            "used_by: [predelinquency_30d, origination_pd]",
            "income_std is used by origination_pd, and origination_features has no such column",
        ),
    ],
)
def test_a_wrong_entry_is_refused_by_name(tmp_path: Path, old: str, new: str, message: str) -> None:
    folder = tmp_path / "features"
    shutil.copytree(default_catalogue_dir(), folder)
    file = folder / "customer_features.yml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CatalogueError, match=message):
        load_catalogue(folder)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"customer_features\.yml does not exist"):
        load_catalogue(tmp_path)
