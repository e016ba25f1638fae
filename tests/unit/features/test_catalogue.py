"""The catalogue: complete entries, one set of columns everywhere, a version that follows the definitions."""

import shutil
from pathlib import Path

import pytest
import yaml

from ml.features import CatalogueError, default_catalogue_dir, load_catalogue

SEVEN_CATEGORIES = {"salary", "savings", "spending", "payments", "cash", "transactions", "derived"}


def test_behavioural_features_cover_the_seven_categories() -> None:
    catalogue = load_catalogue()
    behavioural = [catalogue[name] for name in catalogue.names("customer_features")]
    assert {entry.category for entry in behavioural} == SEVEN_CATEGORIES
    assert len(behavioural) >= 30
    assert len({entry.signal for entry in behavioural}) >= 10


def test_every_reason_shows_the_value_and_the_usual_one() -> None:
    for name, entry in load_catalogue().entries.items():
        assert "{value}" in entry.reason_text, name
        assert "{usual}" in entry.reason_text, name


def test_origination_table_has_the_columns_of_the_catalogue_in_its_types() -> None:
    folder = default_catalogue_dir()
    models = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))["models"][0] for path in folder.glob("*.yml")}
    columns = {column["name"]: column["data_type"] for column in models["origination_features"]["columns"]}
    for name in load_catalogue().names():
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
        (
            "name: income_change_ratio",
            "name: income_weekly_cv_ratio",
            "income_weekly_cv_ratio is defined twice",
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
