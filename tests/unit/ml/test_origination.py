"""Which scores are forecasts."""

import dataclasses
import datetime as dt

import pandas as pd

from ml.delinquency.serving import is_retrospective

KNOWN_AT = dt.datetime(2019, 1, 1, 7, tzinfo=dt.UTC)


def test_a_score_looks_back_where_the_model_learnt_from_outcomes_known_later(average):
    cutoffs = pd.Series([KNOWN_AT - dt.timedelta(seconds=1), KNOWN_AT, KNOWN_AT + dt.timedelta(days=1)])
    model = dataclasses.replace(average, metadata={"outcomes_known_at": KNOWN_AT.isoformat()})
    assert is_retrospective(model, cutoffs).tolist() == [True, False, False]
    # A version that does not say what it has learnt from can't claim a forecast.
    assert is_retrospective(average, cutoffs).tolist() == [True, True, True]
