"""What a day does when there is too little to learn from, and which scores are forecasts."""

import dataclasses
import datetime as dt

import pandas as pd
import pytest

from ml.delinquency import lifecycle, origination
from ml.delinquency.origination import champion_or_train
from ml.delinquency.serving import is_retrospective

KNOWN_AT = dt.datetime(2019, 1, 1, 7, tzinfo=dt.UTC)


@pytest.fixture
def no_outcomes(monkeypatch):
    """A day whose training frame has rows but no bad outcome, and a registry with whatever ``champion`` says."""
    names = origination.load_catalogue().names(used_by="origination_pd")
    few = pd.DataFrame({name: [0.0, 1.0] for name in names}).assign(
        is_bad=False, granted_on=dt.date(2018, 1, 1), gr_id=["a", "b"], outcome_known_at=KNOWN_AT
    )
    monkeypatch.setattr(origination, "read_training_frame", lambda *_, **__: few)
    monkeypatch.setattr(lifecycle, "version_trained_on", lambda *_: None)
    monkeypatch.setattr(origination, "learnt_from", lambda *_: None)


def test_the_champion_goes_on_where_too_few_outcomes_are_known(no_outcomes, monkeypatch, average):
    monkeypatch.setattr(lifecycle, "alias_version", lambda *_: "v1")
    monkeypatch.setattr(lifecycle.registry, "load", lambda *_, **__: ("v1", average))
    outcome = champion_or_train(None, "origination_pd", "bad", KNOWN_AT)
    assert (outcome.version, outcome.trained_now, outcome.is_champion, outcome.has_champion) == (
        "v1", False, True, True,
    )  # fmt: skip
    assert outcome.message.startswith("not trained: too few outcomes (0 bad outcomes of 0 groups in 2 rows")
    assert outcome.metrics == average.metrics
    assert outcome.training_rows == 2


def test_without_a_champion_too_few_outcomes_fail_the_gate_and_give_no_version(no_outcomes, monkeypatch):
    monkeypatch.setattr(lifecycle, "alias_version", lambda *_: None)
    outcome = champion_or_train(None, "origination_pd", "bad", KNOWN_AT)
    assert (outcome.version, outcome.is_champion, outcome.has_champion, outcome.training_rows) == (
        None,
        False,
        False,
        2,
    )
    assert outcome.message.startswith("not trained: too few outcomes (0 bad outcomes of 0 groups in 2 rows")
    assert [(verdict.name, verdict.passed) for verdict in outcome.gate] == [("enough_outcomes", False)]


def test_a_score_looks_back_where_the_model_learnt_from_outcomes_known_later(average):
    cutoffs = pd.Series([KNOWN_AT - dt.timedelta(seconds=1), KNOWN_AT, KNOWN_AT + dt.timedelta(days=1)])
    model = dataclasses.replace(average, metadata={"outcomes_known_at": KNOWN_AT.isoformat()})
    assert is_retrospective(model, cutoffs).tolist() == [True, False, False]
    # A version that does not say what it has learnt from can't claim a forecast.
    assert is_retrospective(average, cutoffs).tolist() == [True, True, True]
