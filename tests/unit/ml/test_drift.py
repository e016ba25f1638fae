"""Drift: measures against their plain definitions, clean days stay quiet, planted changes are named."""

import datetime as dt
import json
from collections.abc import Callable
from unittest.mock import MagicMock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.delinquency.monitoring import _version_that_scored
from ml.drift import Reference, alerts, compare, expected_performance, late_sources, realised_performance, volume
from ml.drift import reference_of as kept
from ml.drift.comparing import level_of
from ml.drift.distances import Counted, Distance, distances
from ml.drift.gate import drift_gate
from ml.evaluate import population_stability
from ml.evaluate.gate import GateResult

PEOPLE, TRAINING_DAYS = 600, 10


def day(seed: int, people: int = PEOPLE) -> pd.DataFrame:
    """Normal, skewed, mostly zero, gappy, and two categories."""
    rng = np.random.default_rng(seed)
    normal = rng.normal(size=(people, 12))
    frame = pd.DataFrame(normal, columns=[f"f{n}" for n in range(12)])
    frame["f1"] = np.exp(frame["f1"])
    frame["f2"] = frame["f2"].clip(lower=0)
    frame.loc[rng.random(people) < 0.2, "f3"] = np.nan
    frame["product"] = rng.choice(["car", "home", "boat"], people, p=[0.6, 0.35, 0.05])
    return frame


def training() -> tuple[pd.DataFrame, pd.Series, np.ndarray]:
    days = [day(1000 + n) for n in range(TRAINING_DAYS)]
    frame = pd.concat(days, ignore_index=True)
    on = pd.Series(pd.date_range("2026-01-05", periods=TRAINING_DAYS, freq="28D").repeat(PEOPLE))
    return frame, on, np.tile(np.arange(PEOPLE), TRAINING_DAYS)


@pytest.fixture(scope="module")
def reference() -> Reference:
    frame, on, people = training()
    made = kept(frame, time=on, group=people, score=np.random.default_rng(5).beta(1, 12, 3000), threshold=0.15)
    # As it comes back from the registry.
    return Reference.from_dict(json.loads(json.dumps(made.to_dict())))


def named(found: pd.DataFrame, level: str | None = None) -> set[str]:
    loud = found[found["level"] != "ok"] if level is None else found[found["level"] == level]
    return set(loud["subject"])


def test_csi_is_the_stability_index_of_the_two_samples(reference: Reference) -> None:
    frame, _, _ = training()
    now = day(7)
    now["f0"] = now["f0"] * 1.3 + 0.2
    found = compare(reference, now)
    for name in ("f0", "f1", "f2", "f3"):
        plain = population_stability(frame[name], now[name])
        (row,) = found[(found["subject"] == name) & (found["measure"] == "csi")].to_dict("records")
        assert row["value"] == pytest.approx(plain.value)
        # People, not rows: the same ones are seen on every training day.
        assert row["by_chance"] == pytest.approx((plain.bins - 1) * 2 / PEOPLE)


def test_ks_and_missing_rate_are_what_they_are_by_definition(reference: Reference) -> None:
    frame, _, _ = training()
    now = day(8)
    now["f3"] = now["f3"].where(np.arange(PEOPLE) % 3 > 0) + 0.4
    found = compare(reference, now).set_index(["subject", "measure"])
    assert found.loc[("f3", "missing_rate"), "value"] == pytest.approx(now["f3"].isna().mean())
    assert found.loc[("f3", "missing_rate"), "reference_value"] == pytest.approx(frame["f3"].isna().mean())
    # At the bins' bounds: never more than the exact distance, and near it.
    from scipy.stats import ks_2samp

    exact = ks_2samp(frame["f3"].dropna(), now["f3"].dropna()).statistic
    assert exact - 0.05 < found.loc[("f3", "ks"), "value"] <= exact + 1e-12


@given(st.integers(0, 2**32 - 1), st.integers(40, 900))
@settings(max_examples=25, deadline=None)
def test_chance_gives_about_what_is_said_of_it(seed: int, people: int) -> None:
    rng = np.random.default_rng(seed)
    looks = [
        list(distances(*(Counted(rng.multinomial(n, [0.1] * 10).astype(float), n) for n in (people, 2 * people)),
                       is_ordered=True))
        for _ in range(60)
    ]  # fmt: skip
    for measure in zip(*looks, strict=True):
        mean = np.mean([one.value for one in measure])
        # What is said rests on the sample's own shares: of 40 people one look alone is far off now and then.
        assert mean == pytest.approx(np.mean([one.by_chance for one in measure]), rel=0.6, abs=1e-3)
        assert not any(one.is_beyond(1e-6) for one in measure)


@pytest.mark.parametrize("people", [40, 150, PEOPLE])
def test_sixty_clean_days_raise_no_alert(reference: Reference, people: int) -> None:
    rng = np.random.default_rng(11)
    days = [compare(reference, day(n, people), score=rng.beta(1, 12, people)) for n in range(60)]
    assert [named(found, "alert") for found in days] == [set()] * 60
    assert sum(len(named(found)) for found in days) <= 2


@pytest.mark.parametrize("name", ["f0", "f1", "f3", "f9"])
def test_a_feature_moved_by_half_a_deviation_is_named_and_no_other(reference: Reference, name: str) -> None:
    now = day(21)
    now[name] += 0.5 * training()[0][name].std()
    assert named(compare(reference, now)) == {name}


def test_a_vanished_category_is_named_though_its_share_was_small(reference: Reference) -> None:
    now = day(22)
    now["product"] = now["product"].replace("boat", "home")
    assert "product: boat" in named(compare(reference, now), "alert")
    # Among a hundred people five boats are no surprise when they are absent.
    assert named(compare(reference, now.head(100))) == set()


def test_a_feature_that_went_missing_and_new_levels_are_named(reference: Reference) -> None:
    now = day(23)
    now["f6"] = np.nan
    now.loc[now.index[:200], "product"] = "plane"
    found = compare(reference, now)
    loud = {(row["subject"], row["measure"]) for row in found[found["level"] != "ok"].to_dict("records")}
    assert {("f6", "csi"), ("f6", "missing_rate"), ("product", "new_level_share"), ("product", "csi")} <= loud
    assert {subject for subject, _ in loud} == {"f6", "product"}
    assert alerts(found)["subject"].iloc[0] == "f6"


def test_what_the_calendar_moves_anyway_is_usual() -> None:
    """Pay comes on a day of the month: a feature of the last week swings between the training days."""
    days = []
    for n in range(TRAINING_DAYS):
        frame = day(500 + n)
        frame["f4"] += 1.5 * (n % 3 == 0)
        days.append(frame)
    on = pd.Series(pd.date_range("2026-01-05", periods=TRAINING_DAYS, freq="28D").repeat(PEOPLE))
    reference = kept(pd.concat(days, ignore_index=True), time=on)
    for shift in (0.0, 1.5):
        now = day(900)
        now["f4"] += shift
        assert named(compare(reference, now)) == set()
    now["f4"] += 3.0
    assert named(compare(reference, now)) == {"f4"}


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (np.arange(600) % 100 < 92, np.arange(600) % 100 < 40),
        (np.arange(600) % 100 >= 8, np.arange(600) % 100 >= 60),
        (np.minimum(850, 700 + np.arange(600)), np.full(600, 500.0)),
        (np.ones(600), np.full(600, 2.0)),
        (np.ones(600), np.zeros(600)),
        # Nine in ten between a few below and a few above.
        (1.0 + (np.arange(600) % 20 == 0) - (np.arange(600) % 20 == 1), np.zeros(600)),
    ],
)
def test_what_nearly_everybody_has_is_watched_like_anything_else(before: np.ndarray, now: np.ndarray) -> None:
    reference = Reference.from_dict(json.loads(json.dumps(kept(pd.DataFrame({"x": before})).to_dict())))
    assert named(compare(reference, pd.DataFrame({"x": now})), "alert") == {"x"}
    assert named(compare(reference, pd.DataFrame({"x": before * (1 + 1e-15)}))) == set(), "rounding is no drift"


@pytest.mark.parametrize(("lost", "told"), [("flag", "flag csi"), ("product", "product: boat vanished")])
def test_what_alerts_keeps_a_version_back(lost: str, told: str) -> None:
    few = np.arange(600) % 20 == 0
    frame = pd.DataFrame({"flag": ~few, "product": np.where(few, "boat", "car")})
    metadata = {"reference": kept(frame).to_dict()}
    now = frame.assign(gr_id=np.arange(600), **{lost: few if lost == "flag" else "car"})

    def verdict(rows: pd.DataFrame) -> GateResult:
        return drift_gate(metadata, rows, lambda rows: np.zeros(len(rows)), has_champion=True)

    assert verdict(frame.assign(gr_id=np.arange(600))).passed
    assert not verdict(now).passed
    assert told in str(verdict(now).value)


def test_a_moved_score_is_named(reference: Reference) -> None:
    score = np.random.default_rng(3).beta(2, 12, PEOPLE)
    found = compare(reference, day(24), score=score)
    assert set(found[found["level"] == "alert"]["subject_kind"]) == {"score"}


def test_a_day_without_rows_compares_nothing_and_a_lacking_feature_is_said(reference: Reference) -> None:
    assert compare(reference, day(1).head(0)).empty
    with pytest.raises(ValueError, match=r"lacks 1 features of the reference: \['f5'\]"):
        compare(reference, day(1).drop(columns="f5"))
    with pytest.raises(ValueError, match="needs training rows"):
        kept(day(1).head(0))


@given(st.lists(st.sampled_from([0.0, 0.05, 0.05, 0.3, 0.7, 1.0]), min_size=2, max_size=30))
@settings(deadline=None)
def test_expected_performance_is_its_definition(values: list[float]) -> None:
    found = expected_performance(values, threshold=0.3)
    p = np.array(values)
    weights = np.outer(p, 1 - p)
    np.fill_diagonal(weights, 0)
    if weights.sum() > 0:
        order = (p[:, None] > p[None, :]) + 0.5 * (p[:, None] == p[None, :])
        assert found["auc"] == pytest.approx((weights * order).sum() / weights.sum())
    else:
        assert "auc" not in found
    assert found["brier"] == pytest.approx((p * (1 - p)).mean())
    if p.sum() > 0:
        assert found["true_positive_rate"] == pytest.approx(p[p >= 0.3].sum() / p.sum())


def test_calibrated_outcomes_match_the_estimate_and_worse_ones_are_told() -> None:
    rng = np.random.default_rng(4)
    p = rng.beta(1, 8, 6000)
    honest = realised_performance(rng.random(6000) < p, p)
    assert set(honest["level"]) == {"ok"}
    assert honest["value"].to_numpy() == pytest.approx(honest["reference_value"].to_numpy(), abs=0.03)
    worse = realised_performance(rng.random(6000) < rng.permutation(p) * 1.5, p).set_index("measure")
    assert worse.loc[["auc_realised", "bad_rate_realised"], "level"].tolist() == ["warn", "warn"]


@pytest.mark.parametrize("bad", [[], [0.2, np.nan], [0.2, 1.1]])
def test_what_is_no_probability_is_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="probabilities"):
        expected_performance(bad)


WEEKDAYS = [100] * 5 + [0] * 2


@pytest.mark.parametrize(
    ("rows", "before", "level"),
    [
        (400, [410, 405, 400] * 3, "ok"), (190, [410, 405, 400] * 3, "alert"), (290, [410, 405, 400] * 3, "warn"),
        (560, [410, 405, 400] * 3, "warn"), (0, [4, 5, 3] * 3, "ok"), (0, [40, 50, 40] * 3, "alert"),
        # A weekday that was never seen says nothing, nor do days that were not made.
        (190, [410, 405, 400], "ok"), (0, [100] * 5, "ok"), (0, [None] * 40, "ok"),
        (0, [100, *[None] * 6] * 3, "alert"),
        # Closed at weekends: a silent weekday is none of them.
        (0, WEEKDAYS * 4, "alert"), (0, WEEKDAYS * 4 + [100] * 5, "ok"), (100, WEEKDAYS * 4, "ok"),
        # A day of 250 before, whatever weekday it was, is not what is usual.
        (0, [100] * 27 + [250], "alert"), (0, [100] * 21 + [250] + [100] * 6, "alert"),
        (40, [100] * 27 + [170], "alert"),
        (100, [1000] + [100] * 6, "ok"),
        # What failed yesterday, last week or for weeks fails today all the same.
        (0, [100] * 27 + [0], "alert"), (0, [100] * 27 + [0] * 27, "alert"),
        (30, [100] * 6 + [0] + [100] * 21, "alert"),
        # What has lasted for all the days that count is usual.
        (30, [100] * 28 + [30] * 56, "ok"),
    ],
)  # fmt: skip
def test_volume_is_judged_by_its_weekdays_before(rows: int, before: list[int | None], level: str) -> None:
    assert volume(rows, before)["level"].tolist() == [level]


def delays(days: int, delivers: Callable[[int], bool]) -> list[int | None]:
    """Days late on each of so many days."""
    found: list[int | None] = []
    for at in range(days):
        found.append(next((at - day for day in range(at, -1, -1) if delivers(day)), None))
    return found


def late_on(series: list[int | None]) -> list[int]:
    """Days on which a source is named."""
    days = ((at, now) for at, now in enumerate(series) if now is not None)
    return [at for at, now in days if named(late_sources({"s": now}, {"s": series[:at]}))]


@pytest.mark.parametrize(
    "delivers",
    [
        lambda day: True, lambda day: day % 7 < 5, lambda day: day % 7 == 2, lambda day: day % 30 == 0,
        lambda day: day % 91 == 0, lambda day: day % 2 == 0, lambda day: day % 14 == 0,
    ],
    ids=["daily", "weekdays", "weekly", "monthly", "quarterly", "every other day", "fortnightly"],
)  # fmt: skip
def test_a_source_that_keeps_its_rhythm_is_never_late(delivers: Callable[[int], bool]) -> None:
    assert late_on(delays(130, delivers)) == []


@pytest.mark.parametrize("closed", [(), (5, 6)], ids=["daily", "weekdays"])
def test_each_day_of_every_outage_is_named_from_its_first_day_on(closed: tuple[int, ...]) -> None:
    out = {*range(35, 42), 49, *range(56, 63), *range(77, 120)}
    named_on = late_on(delays(125, lambda day: day % 7 not in closed and day not in out))
    assert named_on == sorted(out)


def test_a_source_that_often_comes_late_is_judged_by_that() -> None:
    series = delays(90, lambda day: day % 9 > 0)
    assert len(late_on(series)) <= 5
    assert late_on([*series, 1, 2])[-1] == 91


def test_a_young_source_is_judged_by_what_no_weekend_explains_and_named_where_it_is_gone() -> None:
    assert late_on([0] * 3 + list(range(1, 10))) == [10, 11]
    quiet = late_sources({"new": 4, "first saturday": 1, "bureau": 30}, {"first saturday": [0] * 5, "bureau": [30] * 9})
    assert set(quiet["level"]) == {"ok"}
    late = late_sources({"bank": 1, "crm": 0}, {"bank": [0] * 28, "crm": [0] * 28, "bureau": [30] * 28})
    assert named(late) == {"bank", "bureau"}


def test_a_day_is_watched_as_the_version_that_scored_most_of_it() -> None:
    days = [dt.date(2026, 9, 29)] * 5 + [dt.date(2026, 9, 30)] * 3
    scores = pd.DataFrame({"as_of_date": days, "model_version": ["old"] * 5 + ["a", "a", "z"]})
    assert _version_that_scored(MagicMock(), "origination_pd", scores) == "a"


@pytest.mark.parametrize(
    ("value", "usual", "chance_limit", "level"),
    [
        (0.30, 0.0, 0.0, "alert"), (0.25, 0.0, 0.0, "warn"), (0.12, 0.0, 0.0, "warn"), (0.10, 0.0, 0.0, "ok"),
        (0.30, 0.2, 0.0, "ok"), (0.40, 0.2, 0.0, "warn"), (0.30, 0.0, 0.5, "ok"),
    ],
)  # fmt: skip
def test_the_level_is_of_what_chance_and_the_calendar_leave(
    value: float, usual: float, chance_limit: float, level: str
) -> None:
    assert level_of(Distance("psi", value, 0.01, lambda _: chance_limit), usual) == level


def test_usual_is_the_distance_of_a_period_from_the_others() -> None:
    first, second = day(1), day(2)
    second["f0"] += 1
    on = np.repeat(pd.date_range("2026-01-05", periods=2, freq="28D"), PEOPLE)
    made = kept(pd.concat([first, second], ignore_index=True)[["f0"]], time=on).features["f0"]
    ks = max(abs((first["f0"] <= edge).mean() - (second["f0"] <= edge).mean()) for edge in made.edges)
    # Each person stands once: 2 * PEOPLE of them behind the window, PEOPLE behind the period.
    by_chance = np.sqrt(np.pi / 2) * np.log(2) * np.sqrt(1 / (2 * PEOPLE) + 1 / PEOPLE)
    assert made.usual["ks"] == pytest.approx(ks - by_chance)
