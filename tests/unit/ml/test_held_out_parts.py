"""How a large table is divided and learnt from: periods, gaps, people, and what the final model records."""

import dataclasses
import itertools
import json
import threading

import numpy as np
import pandas as pd
import pytest

from ml.delinquency import (
    Candidate,
    LogisticSettings,
    OneClassError,
    TrainedModel,
    TrainingConfig,
    TreeSettings,
    interactions,
    train,
)
from ml.delinquency.choosing import choose
from ml.delinquency.config import ScorecardSettings
from ml.delinquency.heldout import Measured, final_model, in_two_lanes, measure, pick_candidate, strongest_alone
from ml.delinquency.paired import loss_difference
from ml.delinquency.parts import deal, design_parts
from ml.delinquency.report import ReportConfig, build_report
from ml.delinquency.table import Table
from ml.delinquency.validation import drawn_to_one, fit_link, probability_of
from ml.evaluate.intervals import calibration_intervals

STOPPED = TreeSettings(2, learning_rate=0.2, rounds=60, patience=10, clip=0.99, row_fraction=0.8, penalty=2.0)
CONFIG = TrainingConfig(
    candidates=(
        Candidate("scorecard", (ScorecardSettings(),)),
        Candidate("logistic", (LogisticSettings(0.1),)),
        Candidate("trees", (STOPPED,)),
    ),
    resamples=50,
    held_out_above_rows=1000,
)
CATALOGUE = {
    "stress_mean": {"name": "stress_mean", "expected_sign": "-", "statistic": "mean"},
    "stress_std": {"name": "stress_std", "expected_sign": "-", "statistic": "std"},
    "stress_min": {"name": "stress_min", "expected_sign": "-", "statistic": "min"},
    "stress_trend": {"name": "stress_trend", "expected_sign": "-", "statistic": "trend"},
    "plain": {"name": "plain", "expected_sign": "+"},
}
FEATURES = ["stress_mean", "stress_std", "stress_min", "stress_trend", "plain", "gappy", "noise"]


def panel(n: int = 2400, people: int = 600, seed: int = 1) -> pd.DataFrame:
    """People who come back over a year; risk rises with every stress feature, whatever the catalogue says."""
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(generator.normal(size=(n, len(FEATURES))), columns=FEATURES)
    frame["gappy"] = np.where(generator.random(n) < 0.3, np.nan, frame["gappy"])
    frame["noise"] = 1.0 * generator.integers(0, 2, n)
    frame["plain"] = np.exp(frame["plain"])
    z = -1.6 + 0.6 * frame[FEATURES[:4]].sum(axis=1) + 0.3 * frame["plain"] + 0.8 * frame["gappy"].isna()
    frame["is_bad"] = (generator.random(n) < 1 / (1 + np.exp(-z))).astype(int)
    frame["as_of"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(generator.integers(0, 360, n), unit="D")
    frame["who"] = [f"gr{number:04d}" for number in generator.integers(0, people, n)]
    return frame


def designed(frame: pd.DataFrame, config: TrainingConfig, *, time: bool = True, come_back: bool = True):
    y = frame["is_bad"].to_numpy(float)
    groups = pd.factorize(frame["who"])[0] if come_back else np.arange(len(frame))
    days = frame["as_of"].to_numpy().astype("datetime64[D]") if time else None
    return design_parts(y, groups, days, 7, config), groups, days


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return panel()


@pytest.fixture(scope="module")
def by_time(frame) -> TrainedModel:
    config = dataclasses.replace(CONFIG, candidates=CONFIG.candidates[2:], gap_days=20)
    return train(frame, "is_bad", time="as_of", config=config, features=FEATURES, catalogue=CATALOGUE)


@pytest.mark.parametrize("come_back", [True, False])
@pytest.mark.parametrize("gap", [0, 35])
def test_periods_follow_each_other_with_the_gap_between_them(frame, gap, come_back):
    config = dataclasses.replace(CONFIG, gap_days=gap)
    design, _, days = designed(frame, config, come_back=come_back)
    assert design.by_time
    assert len(design.splits) == (5 if come_back else 1)
    periods = {
        tuple(np.array(period, "datetime64[D]")) for role, period in design.periods.items() if role != "calibrate"
    }
    for (_, last), (first, _) in itertools.pairwise(sorted(periods)):
        assert (first - last).astype(int) >= max(gap, 1)
    assert design.periods["test"][1] == str(days.max())
    for split in design.splits:
        for role in ("stop", "calibrate"):
            assert days[split.learn].max() + max(gap, 1) <= days[split.part(role)].min()
            assert days[split.part(role)].max() + max(gap, 1) <= days[split.test].min()


@pytest.mark.parametrize("gap", [0, 35])
@pytest.mark.parametrize("time", [True, False])
def test_nobody_is_on_both_sides(frame, time, gap):
    """Neither of learning and being judged, nor of deciding for a test and being tested."""
    design, groups, _ = designed(frame, dataclasses.replace(CONFIG, gap_days=gap), time=time)
    assert design.rotates
    for at, split in enumerate(design.splits):
        learn, stop, tested = (set(groups[split.part(role)]) for role in ("learn", "stop", "test"))
        deciding = {who for other in design.deciders(at) for who in groups[design.splits[other].calibrate]}
        assert not learn & stop
        assert not (learn | stop) & (tested | set(groups[split.calibrate]))
        assert not deciding & tested


@pytest.fixture(scope="module")
def without_time() -> Measured:
    """Quick trees and logistic regressions in five rotations."""
    rows = panel(700, 200)
    trees = dataclasses.replace(STOPPED, rounds=5)
    config = dataclasses.replace(
        CONFIG, candidates=(CONFIG.candidates[1], Candidate("trees", (trees,))), prune_below=0.0
    )
    design, groups, _ = designed(rows, config, time=False)
    table = Table(
        rows[FEATURES].to_numpy(float),
        rows["is_bad"].to_numpy(float),
        groups,
        None,
        tuple(FEATURES),
        (0,) * 7,
        (0,) * 7,
    )
    return measure(table, design, config)


def test_no_split_is_decided_by_its_own_test_rows(without_time):
    """Turning their outcomes round changes no choice, challenger or link of that split; of the final model it does."""
    found = without_time
    table, y = found.table, found.table.y
    members = found.candidates[0].members
    for at, split in enumerate(found.design.splits):
        turned = y.copy()
        turned[split.test] = 1 - y[split.test]
        other = dataclasses.replace(found, table=dataclasses.replace(table, y=turned))
        assert pick_candidate(other, at) == pick_candidate(found, at)
        assert strongest_alone(other, at) == strongest_alone(found, at)
        assert other.link(members, at) == found.link(members, at)
        assert other.link(members, None) != found.link(members, None)


def test_products_are_tried_by_each_split_without_its_own_test_rows(without_time, monkeypatch):
    asked = []
    original = interactions.loss_difference

    def watched(first, second, groups, **options):
        asked.append(set(groups))
        return original(first, second, groups, **options)

    monkeypatch.setattr(interactions, "loss_difference", watched)
    ablation = interactions.ablate(without_time, ((0, 1),))
    groups, splits = without_time.table.groups, without_time.design.splits
    assert len(asked) == len(splits) + 1 == len(ablation.of_split) + 1
    for people, split in zip(asked, splits, strict=False):
        assert people
        assert not people & set(groups[split.test])
    assert asked[-1] == set(groups)


def test_everybody_is_tested_once(frame):
    design, _, days = designed(frame, CONFIG)
    tested = np.concatenate([split.test for split in design.splits])
    assert len(np.unique(tested)) == len(tested)
    assert set(tested) == set(np.flatnonzero(days >= np.datetime64(design.periods["test"][0])))
    without, _, _ = designed(frame, CONFIG, time=False)
    assert without.covers_all
    assert sorted(np.concatenate([split.test for split in without.splits])) == list(range(len(frame)))


def test_a_table_of_many_values_rotates_less(frame):
    y = frame["is_bad"].to_numpy(float)
    assert len(design_parts(y, np.arange(len(y)), None, 1500, CONFIG).splits) == 2
    assert len(design_parts(y, np.arange(len(y)), None, 15_000, CONFIG).splits) == 1


def test_a_history_too_short_for_the_gap_is_divided_otherwise_and_that_is_said(frame):
    config = dataclasses.replace(CONFIG, gap_days=400)
    design, _, _ = designed(frame, config)
    assert not design.by_time
    assert "359 days with gaps of 400" in design.note


def test_folds_are_dealt_evenly_and_keep_groups_whole(frame):
    y, groups = frame["is_bad"].to_numpy(float), pd.factorize(frame["who"])[0]
    fold = deal(y, groups, 5, 0)
    assert (pd.Series(fold).groupby(groups).nunique() == 1).all()
    counts = pd.DataFrame({"fold": fold, "bad": y}).groupby("fold")["bad"].agg(["sum", "size"])
    assert counts["sum"].max() - counts["sum"].min() <= 0.05 * counts["sum"].mean()


@pytest.mark.parametrize("branches", [12, 50, 300])
def test_few_and_large_groups_leave_every_part_both_outcomes(branches):
    generator = np.random.default_rng(branches)
    y, branch = (generator.random(6000) < 0.2).astype(float), generator.integers(0, branches, 6000)
    design = design_parts(y, branch, None, 7, CONFIG)
    for split in design.splits:
        parts = [split.learn, split.stop, split.test]
        assert sum(map(len, parts)) == len(y)
        assert sum(len(np.unique(branch[rows])) for rows in parts) == branches
        assert min(min(y[rows].sum(), (1 - y[rows]).sum()) for rows in parts) >= 10
        assert len(split.stop) > 300
    assert len({tuple(split.stop) for split in design.splits}) == 5


def test_parts_that_can_not_have_both_outcomes_are_refused_in_words():
    # All good rows belong to two branches.
    branch = np.r_[np.zeros(300, dtype=int), np.ones(300, dtype=int), 2 + np.arange(600)]
    with pytest.raises(OneClassError, match=r"has no good row: .* groups with a bad row: 600, with a good one: 2"):
        design_parts((branch > 1).astype(float), branch, None, 7, CONFIG)


def test_the_same_rows_in_any_order_give_the_same_bytes(frame):
    config = dataclasses.replace(CONFIG, gap_days=20)
    given = frame.drop(columns="noise")
    first = train(given, "is_bad", time="as_of", group="who", config=config)
    turned = given.sample(frac=1, random_state=4)[given.columns[::-1]]
    second = train(turned, "is_bad", time="as_of", group="who", config=config)
    assert second.artifact == first.artifact
    assert second.metadata == first.metadata
    assert json.loads(json.dumps(first.metadata, allow_nan=False))["design"]["by_time"]
    pd.testing.assert_frame_equal(second.outcomes.sort_index(), first.outcomes.sort_index())
    assert TrainedModel.from_artifact(first.artifact, first.sha256).artifact == first.artifact


def test_signs_hold_for_raw_directions_only(by_time):
    assert by_time.metadata["expected_signs"] == {
        "stress_mean": -1, "stress_std": 0, "stress_min": 0, "stress_trend": 0, "plain": 1, "gappy": 0, "noise": 0,
    }  # fmt: skip
    grid = np.linspace(-2, 2, 41)
    for at, name in enumerate(FEATURES[:5]):
        rows = np.zeros((len(grid), len(FEATURES)))
        rows[:, at] = grid
        steps = np.diff(by_time.log_odds(rows))
        if name == "stress_mean":
            assert (steps <= 1e-12).all()
        elif name != "plain":
            assert steps.sum() > 0.3
        else:
            assert (steps >= -1e-12).all()


def test_clipping_and_pruning_are_recorded_and_hold_when_scoring(by_time, frame):
    capped = by_time.metadata["clipped_at"]["plain"]
    assert capped == pytest.approx(frame["plain"].quantile(0.99), rel=1e-9)
    rows = frame[FEATURES].fillna(0.0).head(2).to_numpy(copy=True)
    rows[0, 4] = capped
    rows[1] = np.r_[rows[0, :4], 1e9, rows[0, 5:]]
    back = TrainedModel.from_artifact(by_time.artifact, by_time.sha256)
    seen = back.members[0].design(rows)[:, back.members[0].used.index(4)]
    assert seen.tolist() == [capped, capped]
    assert back.probability(rows)[0] == back.probability(rows)[1]
    strict = dataclasses.replace(CONFIG, candidates=CONFIG.candidates[2:], prune_below=0.02)
    pruned = train(frame, "is_bad", features=FEATURES, config=strict)
    assert pruned.metadata["pruned"] == ["noise"]
    X = frame[FEATURES].to_numpy(float)
    moved = X.copy()
    moved[:, FEATURES.index("noise")] = 77.0
    again = TrainedModel.from_artifact(pruned.artifact, pruned.sha256)
    assert (again.probability(moved) == pruned.probability(X)).all()
    parts = pruned.contributions(X)
    assert (parts.values[:, FEATURES.index("noise")] == 0).all()
    assert np.allclose(parts.log_odds, pruned.log_odds(X), atol=1e-9)


def test_the_direction_of_gaps_is_declared(by_time, frame):
    stated = by_time.metadata["missing_values"]
    assert stated["learnt_direction"] == ["gappy"]
    assert "stress_std" in stated["median"]
    row = frame[FEATURES].median().to_numpy()[None, :].repeat(2, axis=0)
    row[1, 5] = np.nan
    assert by_time.probability(row)[1] > by_time.probability(row)[0]
    gap = row[:1].copy()
    gap[0, 1] = np.nan
    assert by_time.probability(gap)[0] == pytest.approx(by_time.probability(row)[0], abs=1e-12)


def test_outcomes_hold_what_a_report_needs(by_time, frame):
    outcomes = by_time.outcomes
    assert list(outcomes.columns) == [
        "target", "probability", "time", "group", "part",
        "probability_scorecard", "probability_logistic", "probability_lightgbm",
    ]  # fmt: skip
    assert (outcomes["part"] == "test").all()
    assert (outcomes["target"] == frame.loc[outcomes.index, "is_bad"]).all()
    assert (outcomes["time"] == frame.loc[outcomes.index, "as_of"]).all()
    assert outcomes["probability"].between(0, 1).all()
    assert by_time.metrics["overall"]["n"] == len(outcomes)
    assert by_time.metrics["overall"]["brier_skill"] > 0
    overall = by_time.metrics["overall"]
    assert overall["calibration_slope_low"] < overall["calibration_slope"] < overall["calibration_slope_high"]
    assert len(by_time.training_probability) == by_time.metadata["design"]["rows"]["learn"][0]
    assert by_time.metadata["ensemble"]["used"] is False


def test_what_is_not_installed_is_said(by_time, monkeypatch):
    from ml.delinquency import ensemble

    monkeypatch.setattr(ensemble.importlib.util, "find_spec", lambda _: None)
    told = ensemble.compare_ensemble(None, None, None)
    assert (told["status"], told["used"], told["missing"]) == ("not installed", False, ["catboost", "xgboost"])


def test_a_product_is_kept_where_it_helps_and_left_where_it_does_not():
    generator = np.random.default_rng(8)
    X = generator.normal(size=(4000, 3))
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    frame["is_bad"] = generator.random(4000) < 1 / (1 + np.exp(1 - 1.5 * X[:, 0] * X[:, 1]))
    trees = Candidate("trees", (dataclasses.replace(STOPPED, depth=1, rounds=30),))
    for pair, helps in ((("a", "b"), True), (("b", "c"), False)):
        config = dataclasses.replace(CONFIG, candidates=(trees,), interactions=(pair,))
        model = train(frame, "is_bad", config=config)
        assert model.metadata["interactions"]["used"] is helps
        assert model.metadata["interactions"]["tried"] == [list(pair)]
        back = TrainedModel.from_artifact(model.artifact, model.sha256)
        assert np.allclose(back.contributions(X).log_odds, model.log_odds(X), atol=1e-9)
        assert (model.metrics["overall"]["auc"] > 0.7) is helps


@pytest.mark.parametrize(("slope", "expected"), [(1.0, 1.0), (0.4, 0.4), (1.8, 1.8)])
def test_a_slope_is_drawn_to_1_unless_it_surely_differs(slope, expected):
    generator = np.random.default_rng(0)
    raw = generator.normal(-2, 1, (40, 1000))
    y = (generator.random(raw.shape) < 1 / (1 + np.exp(-slope * raw))).astype(float)
    links = [fit_link(one[None, :], told) for one, told in zip(raw, y, strict=True)]
    drawn = [drawn_to_one(link, one) for link, one in zip(links, raw, strict=True)]

    def error(found):
        return np.mean([(link.slope - expected) ** 2 for link in found])

    assert error(drawn) < (0.6 if slope == 1 else 1.3) * error(links)
    assert all(abs(after.slope - 1) <= abs(before.slope - 1) for before, after in zip(links, drawn, strict=True))
    told = np.mean([probability_of(link.intercept + link.slope * one) for link, one in zip(drawn, raw, strict=True)])
    assert told == pytest.approx(y.mean(), abs=0.01)


def test_the_final_link_rests_on_the_tested_rows_as_well(frame):
    y, days = frame["is_bad"].to_numpy(float), frame["as_of"].to_numpy().astype("datetime64[D]")
    table = Table(frame[["plain"]].to_numpy(), y, np.arange(len(y)), days, ("plain",), (0,), (0,))
    config = dataclasses.replace(CONFIG, candidates=CONFIG.candidates[1:2])
    found = measure(table, design_parts(y, table.groups, days, 1, config), config)
    members, split = config.candidates[0].members, found.design.splits[0]
    rows = np.r_[split.calibrate, split.test]
    raw = np.r_[found.raw(members, 0, "calibrate"), found.raw(members, 0, "test")]
    _, link = final_model(found, config.candidates[0], {})
    assert link.slope == drawn_to_one(fit_link(raw[None, :], y[rows]), raw).slope
    assert len(rows) > len(found.deciding_rows(None))


def test_the_level_follows_the_last_period_where_it_surely_differs():
    frame = panel(3000).assign(who=range(3000))
    late = frame["as_of"] >= "2025-10-01"
    generator = np.random.default_rng(0)
    frame["is_bad"] = np.where(late & (generator.random(3000) < 0.4), 1, frame["is_bad"])
    model = train(frame, "is_bad", time="as_of", features=FEATURES, config=CONFIG)
    told = model.probability(frame.loc[late, FEATURES].to_numpy(float)).mean()
    last = model.outcomes["target"].mean()
    assert told == pytest.approx(last, abs=0.05)
    assert last > frame["is_bad"].mean() + 0.1


def test_a_simpler_model_is_taken_only_within_noise():
    generator = np.random.default_rng(3)
    z = generator.normal(size=5000)
    y = (generator.random(5000) < 1 / (1 + np.exp(-z))).astype(float)
    people = np.arange(5000)
    near, far = z + 0.02 * generator.normal(size=5000), 0.5 * z
    assert choose({"simple": near, "best": z}, y, people, 0).name == "simple"
    assert choose({"simple": far, "best": z}, y, people, 0).name == "best"
    few = slice(0, 60)
    unsure = choose({"simple": 0.8 * z[few], "best": z[few]}, y[few], people[few], 0)
    assert unsure.losses["simple"] > 1.001 * unsure.losses["best"]
    assert unsure.name == "best"


def test_the_difference_of_losses_draws_people_whole():
    generator = np.random.default_rng(5)
    each = generator.normal(size=300)
    first = np.repeat(each, 10)
    alone = loss_difference(first, np.zeros(3000), np.arange(3000))
    whole = loss_difference(first, np.zeros(3000), np.repeat(np.arange(300), 10))
    assert whole.value == pytest.approx(alone.value)
    assert whole.high - whole.low > 2.5 * (alone.high - alone.low)


def test_results_come_in_the_order_of_the_tasks():
    here = threading.get_ident()

    def work(number: int) -> tuple[int, bool]:
        return number * number, threading.get_ident() == here

    found = in_two_lanes(work, range(20), lambda number: number % 3 == 0)
    assert found == [(number * number, number % 3 == 0) for number in range(20)]


def test_a_small_made_up_table_is_not_surely_worse_than_plain_models():
    from tests.benchmarks.default_models import compare, report
    from tests.benchmarks.default_tables import linear

    made = linear(np.random.default_rng(2), 3000)
    lines = report("linear", compare(made, folds=2))
    assert [line["verdict"] for line in lines] == ["not worse", "not worse"]


def test_the_reported_slope_knows_the_noise_of_a_link_of_an_earlier_period(by_time):
    told, outcomes = by_time.metrics["overall"], by_time.outcomes
    assert by_time.metrics["calibration_interval"] == "with the noise of the link"
    plain, _ = calibration_intervals(outcomes["target"], outcomes["probability"], resamples=200)
    assert told["calibration_slope"] == pytest.approx(plain.value, abs=1e-3)
    assert told["calibration_slope_high"] - told["calibration_slope_low"] > 1.1 * (plain.high - plain.low)
    reported = build_report(by_time, config=ReportConfig(resamples=20, slice_resamples=20)).interval(
        "calibration_slope"
    )
    assert (reported.low, reported.high) == (told["calibration_slope_low"], told["calibration_slope_high"])
