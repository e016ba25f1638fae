"""Eligibility on the sample: every open application is decided, explained and published; people have the last word."""

from typing import Any

import pytest
from rich.console import Console

from ml.eligibility import score
from ml.eligibility.applications import CHARACTERISTICS
from ml.eligibility.registered import MODEL_NAME, artifacts, judge, load
from ml.registry.lookup import alias_version
from orchestration.cli.eligibility import appeal_decision, override_decision
from orchestration.warehouse import Role
from tests.e2e.chain import Chain

pytestmark = pytest.mark.xdist_group("sample")

# The service's example, and two that follow its table of personas.
UNEMPLOYED = {
    "eid": "784198765432104", "declared_monthly_income": 2500, "family_size": 6, "employment_status": "Unemployed",
    "avg_monthly_income": 2200, "avg_monthly_expenses": 2800, "credit_score": 510, "total_debt": 18000,
    "asset_value": 10000, "liabilities_value": 12000,
}  # fmt: skip
MODERATE = UNEMPLOYED | {
    "declared_monthly_income": 5300, "family_size": 4, "employment_status": "Employed", "avg_monthly_income": 5500,
    "avg_monthly_expenses": 5200, "credit_score": 580, "total_debt": 15000, "asset_value": 40_000,
    "liabilities_value": 13000,
}  # fmt: skip
WELL_OFF = UNEMPLOYED | {
    "declared_monthly_income": 25000, "family_size": 2, "employment_status": "Employed", "avg_monthly_income": 26000,
    "avg_monthly_expenses": 9000, "credit_score": 790, "total_debt": 5000, "asset_value": 400_000,
    "liabilities_value": 4000,
}  # fmt: skip


def gold(sample: Chain, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    return sample.query(f"select {columns} from gold.eligibility_decisions where {where} order by eid")


def test_every_open_application_is_decided_and_no_other(sample: Chain) -> None:
    undecided = sample.query("select eid from gold.eligibility_applications where eligible is null order by eid")
    assert len(undecided) > 15
    assert gold(sample, "eid") == undecided


def test_decisions_say_what_was_decided_by_which_rules_and_why(sample: Chain) -> None:
    with sample.runtime.warehouse.connect(Role.ML) as connection:
        champion = alias_version(connection, MODEL_NAME)
    assert champion is not None
    rows = gold(
        sample,
        "model_version, decision, final_decision, reason_1, jsonb_array_length(reasons), "
        "decision = case when probability >= approve_threshold then 'APPROVE' when probability >= review_threshold "
        "then 'REVIEW' else 'SOFT_DECLINE' end "
        "or (decision = 'REVIEW' and missing_evidence::text like '%waits for it%'), "
        "is_retrospective, appeal_state",
        "score_status = 'scored'",
    )
    assert len(rows) > 15
    assert {row[0] for row in rows} == {champion}
    assert len({row[1] for row in rows}) >= 2
    assert all(final == decision and reason and 1 <= count <= 3 for _, decision, final, reason, count, *_ in rows)
    assert {row[5:] for row in rows} == {(True, False, "none")}


def test_who_has_no_credit_score_is_told_what_would_show_it(sample: Chain) -> None:
    lacking = sample.query(
        'select d.missing_evidence @> \'[{"column": "credit_score"}]\' from gold.eligibility_decisions as d '
        "join gold.eligibility_applications using (eid) where credit_score is null"
    )
    assert lacking
    assert {told for (told,) in lacking} == {True}


def test_the_champion_passed_its_gates_and_decides_the_personas_as_the_service_says(sample: Chain) -> None:
    with sample.runtime.warehouse.connect(Role.ML) as connection:
        version = str(alias_version(connection, MODEL_NAME))
        model = load(connection, version)
        assert [result.name for result in judge(connection, version, sample.day) if not result.passed] == []
        files = artifacts(connection, version)
    assert set(files) == {"feature_meta.json", "metrics.json", "report.md"}
    assert set(model.metadata["refused_columns"]) == set(CHARACTERISTICS)
    assert score(model, UNEMPLOYED)["decision"] == "APPROVE"
    assert score(model, MODERATE)["decision"] == "REVIEW"
    assert score(model, WELL_OFF)["decision"] == "SOFT_DECLINE"


def test_a_person_has_the_last_word_and_no_word_of_theirs_reaches_gold(sample: Chain) -> None:
    quiet = Console(quiet=True)
    (eid,) = gold(sample, "eid", "decision = 'SOFT_DECLINE'")[0]
    appeal_decision(sample.settings, eid, "filed", "case worker 7", "Grievance-1", quiet)
    override_decision(sample.settings, eid, "approve", "board member", "Hardship-2", quiet)
    appeal_decision(sample.settings, eid, "upheld", "board member", "Proof-3", quiet)
    assert sample.run(only_gold=True).success
    assert gold(sample, "decision, final_decision, is_overridden, appeal_state", f"eid = '{eid}'") == [
        ("SOFT_DECLINE", "APPROVE", True, "upheld")
    ]
    ((text,),) = sample.query("select string_agg(d::text, ' ') from gold.eligibility_decisions as d")
    assert not [
        word for word in ("Grievance-1", "Hardship-2", "Proof-3", "board member", "case worker") if word in text
    ]
