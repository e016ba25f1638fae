"""Survivorship as data: what a portfolio may say, what holds where it says nothing, errors that name what is known."""

import json

import pytest
from pydantic import ValidationError

from orchestration.portfolio import Portfolio, load_portfolio, portfolio_names
from orchestration.settings import load_settings
from orchestration.survivorship import ATTRIBUTES, CRITERIA, Survivorship
from orchestration.transformation.environment import portfolio_environment

SOURCES = ("bank", "crm")


def rule_of(survivorship: Survivorship, attribute: str) -> dict[str, object]:
    (rule,) = [rule for rule in survivorship.rules(SOURCES) if rule["attribute"] == attribute]
    return rule


def test_without_a_word_the_anchor_is_trusted_then_the_sources_as_listed() -> None:
    rule = rule_of(Survivorship(), "phone")
    assert rule["criteria"] == ["source_trust", "still_held", "recency"]
    assert rule["trust"] == ["anchor", "bank", "crm"]


def test_an_attribute_says_only_what_differs() -> None:
    survivorship = Survivorship.model_validate(
        {
            "trust": ["crm", "bank"],
            "attributes": {"phone": {"criteria": ["still_held", "recency"]}, "email": {"trust": ["bank"]}},
        }
    )
    assert rule_of(survivorship, "phone")["trust"] == ["crm", "bank"]
    assert rule_of(survivorship, "email")["criteria"] == ["source_trust", "still_held", "recency"]
    assert rule_of(survivorship, "email")["trust"] == ["bank"]


def test_what_a_source_deleted_ranks_last_unless_the_rule_says_where() -> None:
    survivorship = Survivorship.model_validate({"attributes": {"phone": {"criteria": ["recency"]}}})
    assert rule_of(survivorship, "phone")["criteria"] == ["still_held", "recency"]


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"attributes": {"fone": {}}}, r"attributes \['fone'\] unknown; known: party_type, name"),
        ({"criteria": ["newest"]}, r"criteria \['newest'\] unknown; known: still_held"),
        ({"attributes": {"phone": {"criteria": ["newest"]}}}, r"criteria \['newest'\] unknown; known: still_held"),
        ({"attributes": {"phone": {"criteria": ["recency", "recency"]}}}, r"\['recency'\] stand twice"),
        ({"attributes": {"phone": {"criteria": []}}}, "criteria is empty"),
        (
            {"trust": ["core_bank"]},
            r"trust \['core_bank'\] unknown; known: anchor, core_banking, crm, benefit_registry",
        ),
        ({"attributes": {"sex": {"trust": ["gst_network"]}}}, r"trust of sex \['gst_network'\] unknown; known: anchor"),
        ({"attributes": {"phone": {"order": ["recency"]}}}, "order"),
    ],
)
def test_an_unknown_word_is_refused_with_the_known_ones(declared: dict[str, object], told: str) -> None:
    valid = load_portfolio("sample").model_dump()
    with pytest.raises(ValidationError, match=told):
        Portfolio.model_validate({**valid, "survivorship": declared})


@pytest.mark.parametrize("name", portfolio_names())
def test_dbt_is_told_a_whole_rule_for_every_attribute(name: str) -> None:
    told = json.loads(portfolio_environment(load_settings(portfolio_name=name))["ASSAY_SURVIVORSHIP"])
    assert [rule["attribute"] for rule in told["rules"]] == list(ATTRIBUTES)
    assert set(told["meaning"]) == set(CRITERIA)
    for rule in told["rules"]:
        assert "still_held" in rule["criteria"]
        assert set(rule["compared"]) <= set(rule["columns"])
        assert rule["trust"]


def test_the_sample_follows_what_each_attribute_is_best_known_by() -> None:
    portfolio = load_portfolio("sample")
    rules = {rule["attribute"]: rule for rule in portfolio.survivorship.rules(portfolio.sources)}
    assert rules["death_date"]["trust"][0] == "benefit_registry"
    assert rules["phone"]["criteria"][:2] == ["still_held", "recency"]
    assert rules["declared_annual_income_amount"]["trust"][0] == "core_banking"
    assert rules["name"]["criteria"].index("agreement") < rules["name"]["criteria"].index("source_trust")
