"""Portfolios and settings: what a user names is checked, what is not given is derived."""

import datetime as dt

import pytest
from pydantic import ValidationError

from orchestration.portfolio import Portfolio, UnknownPortfolioError, load_portfolio, portfolio_names
from orchestration.settings import load_settings


def test_an_unknown_portfolio_is_refused_with_the_known_names() -> None:
    with pytest.raises(UnknownPortfolioError, match="eagle_bank, msme, sample"):
        load_portfolio("eagel_bank")


@pytest.mark.parametrize("name", portfolio_names())
def test_every_portfolio_file_is_valid_and_its_sources_have_folders(name: str) -> None:
    assert load_portfolio(name).staging_models()


def test_a_source_without_a_folder_is_refused_with_the_known_ones() -> None:
    valid = load_portfolio("sample").model_dump()
    with pytest.raises(ValidationError, match="no folder"):
        Portfolio.model_validate({**valid, "sources": ["nowhere"]})


def test_an_unknown_key_in_a_portfolio_is_refused() -> None:
    valid = load_portfolio("sample").model_dump()
    with pytest.raises(ValidationError, match="curency"):
        Portfolio.model_validate({**valid, "curency": "USD"})


def test_knowledge_cutoff_is_two_in_the_morning_of_the_next_day_in_the_business_zone() -> None:
    cutoff = load_portfolio("sample").knowledge_cutoff(dt.date(2026, 9, 30))
    assert cutoff.isoformat() == "2026-10-01T02:00:00-04:00"


def test_without_a_business_date_yesterday_in_the_zone_is_run() -> None:
    portfolio = load_portfolio("sample").model_copy(update={"business_date": None})
    # 03:00 UTC is still the evening before in New York.
    now = dt.datetime(2026, 10, 2, 3, 0, tzinfo=dt.UTC)
    assert portfolio.default_as_of_date(now) == dt.date(2026, 9, 30)


def test_an_empty_landing_variable_means_not_given(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("ASSAY_LANDING", "")
    settings = load_settings(home=tmp_path)
    assert settings.landing == tmp_path / "landing" / "sample"


def test_the_database_url_names_the_database() -> None:
    settings = load_settings(database_url="postgresql://u:p%40@db.example.org:5433/port%20folio?sslmode=require")
    assert settings.database_name == "port folio"
    with pytest.raises(ValueError, match="names no database"):
        _ = load_settings(database_url="postgresql://u@db.example.org").database_name


def test_an_installations_own_seed_of_reviews_goes_before_the_files(monkeypatch) -> None:
    for given, seed in ((None, 20260930), ("0", 0), ("17", 17)):
        if given is not None:
            monkeypatch.setenv("ASSAY_REVIEW_SEED", given)
        settings = load_settings(portfolio_name="sample")
        assert settings.portfolio.eligibility.review_shares(settings.review_seed).seed == seed
        assert "review_seed" not in repr(settings)
