"""Training: signs, merges, protected columns, calibration, thresholds, reproducible bytes, files, any table."""

import datetime as dt
import hashlib
import json

import numpy as np
import pandas as pd
import pytest

from ml.delinquency.errors import ArtifactError
from ml.delinquency.logistic import fit_penalised
from ml.eligibility import (
    SUPPORT_POLICY,
    EligibilityConfig,
    EligibilityInputError,
    EligibilityModel,
    Merge,
    PiecewiseSettings,
    ProtectedColumnError,
    ThresholdTargets,
    decide,
    load,
    save,
    score,
    train,
    trained,
)
from ml.eligibility.calibration import Calibrator, choose_calibrator
from ml.eligibility.newton import fit_graded
from ml.eligibility.thresholds import choose_thresholds
from ml.fairness import protected_columns
from ml.synthetic.applications import make_applications
from tests.unit.eligibility.conftest import quick


@pytest.fixture
def csv(tmp_path, applications):
    path = tmp_path / "applications.csv"
    applications.to_csv(path, index=False)
    return path


def test_the_order_of_rows_and_a_file_instead_of_a_frame_give_the_same_bytes(model, applications, csv):
    shuffled = train(applications.sample(frac=1, random_state=3), config=quick())
    assert shuffled.artifact == model.artifact
    assert shuffled.metadata == model.metadata
    assert train(csv, config=quick()).artifact == model.artifact


def test_the_number_of_threads_changes_no_byte(model, applications):
    from threadpoolctl import threadpool_limits

    for threads in (1, 2):
        with threadpool_limits(limits=threads):
            assert train(applications, config=quick()).artifact == model.artifact


def test_no_line_contradicts_its_sign_even_where_the_data_do(applications):
    turned = applications.assign(eligible=1 - applications["eligible"])
    contrary = train(turned, config=quick())
    for feature, heights in zip(contrary.features, contrary.member.heights, strict=True):
        if feature.sign:
            assert (np.diff(heights) * feature.sign >= 0).all(), feature.name
        if feature.name in ("monthly_income", "family_size"):
            assert np.ptp(heights) == 0.0, "the data say the contrary, so nothing is left"


def test_pairs_that_say_the_same_are_one_feature_and_recorded(model):
    assert [feature.name for feature in model.features if len(feature.columns) == 2] == ["monthly_income", "debt"]
    assert model.metadata["merged_columns"]["debt"]["columns"] == ["total_debt", "liabilities_value"]


def test_one_of_a_pair_missing_counts_with_the_other(model, unemployed):
    same = dict(unemployed, avg_monthly_income=2500)
    assert score(model, same)["probability"] == score(model, dict(same, avg_monthly_income=None))["probability"]


def test_no_protected_column_is_used_or_decides(model, applications):
    assert set(model.metadata["refused_columns"]) == {"sex", "age", "district"}
    assert set(model.columns) == set(SUPPORT_POLICY.columns)
    other = applications.assign(sex="x", age=1, district="y")
    assert train(other, config=quick()).artifact == model.artifact


def test_asking_for_a_protected_feature_is_refused(applications):
    other = applications[["eid", "age", "credit_score", "eligible"]]
    with pytest.raises(ProtectedColumnError, match="age: protected"):
        train(other, config=quick(features=("age", "credit_score")))
    with pytest.raises(ProtectedColumnError, match="credit_score"):
        train(applications, config=quick(group_columns=("credit_score",)))


def test_camel_case_and_longer_names_are_protected_too(applications):
    renamed = applications[["credit_score", "family_size", "eligible", "sex", "age"]].rename(
        columns={"sex": "applicantSex", "age": "age_band"}
    )
    told = train(renamed, config=quick())
    assert set(told.metadata["refused_columns"]) == {"applicantSex", "age_band"}
    kept = train(renamed, config=quick(not_protected=("age_band",)))
    assert "age_band" in kept.columns


def test_protected_columns_are_known_by_any_usual_name_and_others_are_not_taken_for_one():
    protected = [
        "sex", "applicantSex", "SQBage", "agesq", "age2", "log_age", "ageband", "age_group", "AgeYears", "years_old",
        "woman", "is_female", "dis", "lugar3", "province", "canton", "postcode", "zip", "zip_code", "city", "city_id",
        "districtid", "Region_Code", "civil_status", "householdtype", "hh_type", "estadocivil1", "maritalStatus",
        "birthYear", "state", "disabled", "ethnic_group", "estado_civil", "fecha_nacimiento", "edadjefe",
        "nacionalidad", "discapacitado", "discapacitadas", "distrito", "raza", "etnia", "departamento", "country",
        "countries", "género", "Mujeres", "región", "paisNacimiento", "tipo_hogar", "idade", "raça", "cidades",
        "estado", "sexe", "nationalité", "code_postal", "Geschlecht", "Alter", "Staatsangehörigkeit", "PLZ",
        "cittadinanza", "stato_civile", "leeftijd", "refugee_status", "الجنسية", "العمر",
    ]  # fmt: skip
    assert protected_columns(protected) == protected
    others = [
        "package", "average", "usage", "distance", "image", "capacity", "mortgage", "wage_total", "storage", "stage",
        "page", "village_bank", "manage", "dismissed", "discount", "velocity", "trace", "embrace", "zipped", "agent",
        "agency", "agenda", "management", "statement", "estate_value", "status", "family_size", "hhsize", "rooms",
        "credit_score", "seniority", "personal_loan", "average_balance", "percentage", "wage", "mileage", "coverage",
        "who_pays", "paise", "casa", "deficit", "invalid_rows", "department_store", "alteration", "genera_ingresos",
        "recommend", "commodity", "nativity_index", "malediction", "salary", "gross_income", "ingreso_mensual",
        "deuda_total", "estado_cuenta", "statecapacity", "beta", "theta", "metadata", "seta", "date", "year", "yearend",
        "residual", "dependents", "tuition", "countertop", "accounting", "pension",
    ]  # fmt: skip
    assert protected_columns(others) == []
    assert protected_columns(["age_of_account"], but=("age_of_account",)) == []


def test_a_column_that_orders_people_as_a_protected_one_does_is_left_out(applications):
    table = applications[["credit_score", "family_size", "age", "sex", "eligible"]].assign(
        tenure=lambda t: (t["age"] - 90) ** 2, block=lambda t: (t["sex"] == "male") * 7
    )
    told = train(table, config=quick())
    assert set(told.columns) == {"credit_score", "family_size"}
    assert told.metadata["dropped_columns"] == {
        "tenure": "orders people as the protected age does", "block": "orders people as the protected sex does",
    }  # fmt: skip
    assert set(decide(told, table.drop(columns="eligible"))["decision"]) <= {"APPROVE", "REVIEW", "SOFT_DECLINE"}
    with pytest.raises(ProtectedColumnError, match="tenure orders people as the protected age does"):
        train(table, config=quick(features=("credit_score", "tenure")))
    assert "tenure" in train(table, config=quick(not_protected=("tenure",))).columns


@pytest.mark.parametrize(
    ("row", "column", "value", "expected"),
    [
        (2, "credit_score", "abc", "a whole number of 0 or more"),
        (0, "family_size", "0", "a whole number of 1 or more"),
        (5, "eligible", "maybe", "1 (needs support) or 0"),
        (3, "eid", "", "an application id"),
        (4, "employment_status", "Rich", "one of Employed"),
    ],
)
def test_a_wrong_value_in_a_file_names_file_line_column_value_and_expectation(
    tmp_path, applications, row, column, value, expected
):
    wrong = applications.head(200).astype(object)
    wrong.loc[row, column] = value
    path = tmp_path / "wrong.csv"
    wrong.to_csv(path, index=False)
    with pytest.raises(EligibilityInputError) as error:
        train(path, config=quick())
    message = str(error.value)
    assert f"wrong.csv, line {row + 2}, column {column}" in message
    assert (value or "nothing") in message
    assert expected in message


def test_the_line_is_right_behind_empty_lines_and_quoted_breaks(tmp_path, applications):
    lines = applications.head(50).drop(columns=["sex", "age"]).to_csv(index=False).splitlines()
    lines[3] = lines[3].rsplit(",", 1)[0] + ',"two\nlines"'
    lines.insert(2, "")
    fields = lines[10].split(",")
    fields[3] = "Rich"
    lines[10] = ",".join(fields)
    path = tmp_path / "breaks.csv"
    path.write_text("\n".join(lines))
    with pytest.raises(EligibilityInputError) as error:
        train(path, config=quick())
    assert error.value.line == path.read_text().splitlines().index(",".join(fields)) + 1


def test_tables_that_are_none_are_refused_in_words(tmp_path, applications):
    path = tmp_path / "file.csv"
    for text, said in (
        ("", "an empty file"),
        ("eid,eid,eligible\n1,2,3\n", "the column eid twice"),
        ("eid,eligible\n1,1\n2,0,5\n", "line 3: found 3 fields; expected 2 fields"),
        ('eid,size,eligible\n1,1,1\n\n2,"a\nb"\n', "line 4: found 2 fields; expected 3 fields"),
        ("eid,eligible\n1,1,1\n2,0,0\n", "line 2: found 3 fields; expected 2 fields"),
        ("eid,eligible\n1,1,\n", "line 2: found 3 fields; expected 2 fields"),
    ):
        path.write_text(text)
        with pytest.raises(EligibilityInputError, match=said):
            train(path, config=quick())
    path.write_bytes(b"eid,eligible\n\xff\xfe,1\n")
    with pytest.raises(EligibilityInputError, match="UTF-8"):
        train(path, config=quick())
    with pytest.raises(EligibilityInputError, match="no file"):
        train(tmp_path / "none.csv", config=quick())
    with pytest.raises(EligibilityInputError, match="no column credit_score"):
        train(applications.drop(columns="credit_score"), config=quick())
    with pytest.raises(EligibilityInputError, match="unknown column shoe_size"):
        train(applications.assign(shoe_size=42), config=quick())
    with pytest.raises(EligibilityInputError, match="an id seen before"):
        train(applications.assign(eid="1"), config=quick())
    with pytest.raises(EligibilityInputError, match="both 1 and 0"):
        train(applications.assign(eligible=1), config=quick())
    with pytest.raises(EligibilityInputError, match="at least 10"):
        train(
            pd.concat(
                [applications[applications.eligible == 1].head(50), applications[applications.eligible == 0].head(3)]
            )
        )


def test_saved_and_loaded_it_decides_the_same(tmp_path, model, applications):
    file = save(model, tmp_path)
    assert file.name == f"eligibility_model_{model.sha256[:8]}.json"
    assert {path.name for path in file.parent.iterdir()} == {
        file.name, "feature_meta.json", "metrics.json", "report.md",
    }  # fmt: skip
    read = load(file.parent)
    assert read.artifact == model.artifact
    pd.testing.assert_frame_equal(decide(read, applications.head(300)), decide(model, applications.head(300)))
    answer = trained(read, file)
    assert list(answer["model"]) == ["model_dir", "model_file", "roc_auc", "n_rows", "n_features"]
    assert answer["model"]["roc_auc"] == model.metadata["metrics"]["auc"]
    report = (file.parent / "report.md").read_text()
    assert "False" not in report
    assert "| fairness_false_negative_rate | yes |" in report
    meta = json.loads((file.parent / "feature_meta.json").read_text())
    assert [f["name"] for f in meta["features"]] == list(model.columns)


def test_a_changed_artifact_is_not_parsed(tmp_path, model):
    file = save(model, tmp_path)
    file.write_text(file.read_text().replace('"approve": 0.', '"approve": 0.1', 1))
    with pytest.raises(ArtifactError, match="was changed"):
        load(file.parent)
    with pytest.raises(ArtifactError, match="format"):
        EligibilityModel.from_artifact("{}", hashlib.sha256(b"{}").hexdigest())


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        (("member", "knots"), [[0.0, 1.0]], "knots is of 1 entries"),
        (("member", "heights"), None, "ended in a TypeError"),
        (("member", "knots", 0), [0.0, 1.0], "line of monthly_income is of 2 knots"),
        (("member", "missing"), [0.0], "missing is of 1 entries"),
        (("usual",), [1.0], "usual is of 1 entries"),
        (("usual", 2), 3.0, "usual value of employment_status is 3.0"),
        (("plausible",), [], "plausible is of 0 entries"),
        (("thresholds",), {"approve": 0.2, "review": 0.9}, "0 <= review <= approve <= 1"),
        (("thresholds",), {"approve": 0.2}, "ended in a TypeError"),
        (("calibrator",), {"kind": "magic"}, "ended in a ValueError"),
        (("calibrator",), {"kind": "isotonic", "points": [0, 1], "probabilities": [1, 0]}, "rising probabilities"),
        (("model_name",), "origination_pd", "of a model 'origination_pd'"),
        (("policy", "facts"), ["a"], "ended in a"),
    ],
)
def test_a_sealed_artifact_whose_parts_do_not_fit_is_refused_in_words(model, part, value, said):
    body = json.loads(model.artifact)
    *way, last = part
    inner = body
    for step in way:
        inner = inner[step]
    inner[last] = value
    text = json.dumps(body)
    with pytest.raises(ArtifactError, match=said):
        EligibilityModel.from_artifact(text, hashlib.sha256(text.encode()).hexdigest())


@pytest.mark.parametrize("text", ["{", "[]", "{}", "null"])
def test_metrics_that_can_not_be_read_are_refused_in_words(tmp_path, model, text):
    home = save(model, tmp_path).parent
    (home / "metrics.json").write_text(text)
    with pytest.raises(ArtifactError, match=r"metrics.json or the model can't be read"):
        load(home)


def test_two_models_of_one_minute_do_not_share_a_folder(tmp_path, model, applications):
    at = dt.datetime(2026, 11, 28, 12, 30, tzinfo=dt.UTC)
    assert save(model, tmp_path, at=at) == save(model, tmp_path, at=at)
    assert save(model, tmp_path, at=at).parent.name == "eligibility_v20261128_1230"
    other = train(applications.head(2000), config=quick())
    with pytest.raises(FileExistsError, match="nothing was written"):
        save(other, tmp_path, at=at)


def test_any_table_of_numbers_and_categories_works(applications):
    generator = np.random.default_rng(4)
    n = 1500
    table = pd.DataFrame({"hours": generator.normal(size=n), "roof": generator.choice(["tin", "tile", "straw"], n)})
    table["rooms"] = np.where(generator.random(n) < 0.2, np.nan, generator.integers(1, 8, n))
    table["twin"] = table["hours"] + generator.normal(0, 0.01, n)
    z = table["hours"] + (table["roof"] == "straw") - 0.3 * table["rooms"].fillna(4) + 1
    table["asked_on"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(n) % 90, unit="D")
    table["number"] = np.arange(n)
    table["poor"] = np.where(generator.random(n) < 1 / (1 + np.exp(-z)), "yes", "no")
    config = quick(positive_label="yes", signs={"rooms": -1})
    model = train(table, "poor", config)
    assert model.metadata["metrics"]["auc"] > 0.65
    assert set(model.metadata["dropped_columns"]) == {"asked_on", "number"}
    assert model.metadata["collinear_columns"][0]["columns"] == ["hours", "twin"]
    united = train(table, "poor", quick(positive_label="yes", merges=(Merge("both", ("hours", "twin"), "the same"),)))
    assert united.metadata["collinear_columns"] == []
    answer = decide(model, table.drop(columns="poor"))
    assert answer["decision"].isin(["APPROVE", "REVIEW", "SOFT_DECLINE"]).all()
    assert "roof: " in "".join(answer["reasons"])
    with pytest.raises(EligibilityInputError, match="rooms"):
        score(model, table.drop(columns=["poor", "rooms"]))


def test_signs_that_would_not_be_in_force_are_refused(applications):
    table = applications[["credit_score", "employment_status", "eligible"]]
    with pytest.raises(EligibilityInputError, match="signs of the columns Credit_Score, which the table lacks"):
        train(table, config=quick(signs={"Credit_Score": -1}))
    with pytest.raises(EligibilityInputError, match="signs of the categories employment_status"):
        train(table, config=quick(signs={"employment_status": 1}))
    with pytest.raises(EligibilityInputError, match="signs or merges of credit_score beside the policy support/1"):
        train(applications, config=quick(signs={"credit_score": 1}))
    assert train(table, config=quick(signs={"credit_score": -1})).features[0].sign == -1


@pytest.mark.parametrize("name", ["eligible", "grade", "home", "eid"])
def test_outcomes_and_ids_are_refused_as_features(applications, name):
    table = applications[["eid", "credit_score", "eligible"]].assign(
        grade=lambda t: t["eligible"] + 1, home=lambda t: t["eid"]
    )
    with pytest.raises(EligibilityInputError, match=f"the features {name}; expected features other than"):
        train(table, config=quick(features=("credit_score", name), grade="grade", household="home"))


def test_true_and_false_are_the_same_in_a_file_and_a_frame(tmp_path, applications):
    table = applications.head(600)[["credit_score", "eligible"]].assign(owns=lambda t: t["credit_score"] > 580)
    for frame in (table, table.assign(owns=table["owns"].astype("boolean").where(np.arange(600) % 7 > 0))):
        frame.to_csv(tmp_path / "t.csv", index=False)
        model = train(frame, config=quick())
        assert train(tmp_path / "t.csv", config=quick()).artifact == model.artifact
        rows = pd.read_csv(tmp_path / "t.csv", dtype=str).drop(columns="eligible")
        assert score(model, rows)["probability"].equals(score(model, frame)["probability"])


def test_empty_lines_before_the_header_are_none(tmp_path, csv, model):
    path = tmp_path / "later.csv"
    path.write_text("\n\n" + csv.read_text())
    assert train(path, config=quick()).artifact == model.artifact


def test_rows_of_a_household_stay_in_one_fold(applications):
    twice = pd.concat([applications.head(600)] * 2, ignore_index=True).assign(household=lambda t: t["eid"])
    twice["eid"] = [f"{number}" for number in range(len(twice))]
    honest = train(twice, config=quick(household="household"))
    assert "household" not in honest.columns
    leaked = train(twice.drop(columns="household"), config=quick())
    assert honest.metadata["candidate_log_loss"]["pieces"] > leaked.metadata["candidate_log_loss"]["pieces"]


def test_fairness_counts_households_and_not_their_rows(applications):
    rows = applications.assign(household=np.arange(len(applications)) // 50)
    told = train(rows, config=quick(household="household")).metadata
    table = pd.DataFrame(told["fairness"]["not_declined"])
    assert table["n"].max() > 1000
    assert table["n_people"].max() == 80
    assert not table["is_large_enough"].any()
    assert [gate["passed"] for gate in told["gates"] if gate["name"] == "fairness_measured"] == [False]


def test_a_grade_must_have_the_target_as_one_of_its_cuts(applications):
    rows = applications.drop(columns=["sex", "age", "district"])
    graded = rows.assign(grade=np.where(rows["eligible"] == 1, 1, 3 + rows["family_size"] % 2))
    told = train(graded, config=quick(grade="grade"))
    assert "grade" not in told.columns
    with pytest.raises(EligibilityInputError, match="no cut of the grade"):
        train(rows.assign(grade=rows["family_size"].clip(upper=5)), config=quick(grade="grade"))


def test_newton_finds_the_optimum_of_the_bounded_regression():
    generator = np.random.default_rng(2)
    X = generator.normal(size=(400, 6))
    y = (generator.random(400) < 1 / (1 + np.exp(-X @ np.array([1, -1, 0.5, 0, 2, -0.2])))).astype(float)
    signs = [1, 1, -1, 0, 0, -1]
    expected, intercept = fit_penalised(X, y, 0.7, signs)
    found, own = fit_graded(X, y[:, None], 0.7, signs)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert own[0] == pytest.approx(intercept, abs=1e-4)
    twice, both = fit_graded(X, np.c_[y, y], 0.7, signs)
    np.testing.assert_allclose(twice, found, atol=1e-4)
    np.testing.assert_allclose(both, own[0], atol=1e-4)


def test_isotonic_is_chosen_where_the_truth_is_no_line():
    generator = np.random.default_rng(3)
    raw = generator.normal(0, 2, 8000)
    steps = np.where(raw < -1, 0.02, np.where(raw < 1, 0.5, 0.6))
    choice = choose_calibrator(raw, (generator.random(8000) < steps).astype(float), np.arange(8000), 1)
    assert choice.calibrator.kind == "isotonic"
    line = choose_calibrator(raw, (generator.random(8000) < 1 / (1 + np.exp(-raw))).astype(float), np.arange(8000), 1)
    assert line.calibrator.kind == "platt"
    assert line.calibrator.slope == pytest.approx(1.0, abs=0.1)
    for calibrator in (choice.calibrator, line.calibrator):
        assert Calibrator.from_dict(json.loads(json.dumps(calibrator.to_dict()))) == calibrator
        least = calibrator.least_raw(0.4)
        p = calibrator.probability(np.array([least, np.nextafter(least, -np.inf)]))
        assert p[0] >= 0.4 > p[1]


def test_thresholds_reach_their_targets():
    generator = np.random.default_rng(5)
    p = generator.beta(1, 1, 20_000)
    y = (generator.random(20_000) < p).astype(float)
    chosen, found = choose_thresholds(y, p, ThresholdTargets(0.85, 0.95))
    assert found["approve"]["precision"] >= 0.85
    assert found["review"]["recall"] >= 0.95
    assert chosen.review < chosen.approve
    # Neither could be more generous, respectively stricter, by much.
    assert y[p >= chosen.approve - 0.02].mean() < 0.85
    assert y[p >= chosen.review + 0.01].sum() / y.sum() < 0.95
    assert chosen.decide(np.array([chosen.approve, chosen.review])).tolist() == ["APPROVE", "REVIEW"]


def test_a_precision_out_of_reach_approves_nobody_and_says_so():
    y = np.tile([0.0, 1.0], 500)
    chosen, found = choose_thresholds(y, np.full(1000, 0.5), ThresholdTargets())
    assert chosen.approve == 1.0
    assert "nobody is approved" in found["note"]


def test_a_very_good_model_keeps_a_zone_for_review():
    generator = np.random.default_rng(6)
    y = (generator.random(5000) < 0.5).astype(float)
    p = 1 / (1 + np.exp(-generator.normal(8 * (y - 0.5), 1.5)))
    chosen, found = choose_thresholds(y, p, ThresholdTargets(0.8, 0.8))
    assert chosen.review <= chosen.approve
    assert found["approve"]["precision"] >= 0.8
    assert found["review"]["recall"] >= 0.8


def test_calibration_and_discrimination_are_sound(model):
    told = model.metadata["metrics"]
    assert 0.85 < told["auc"] < 0.95
    assert told["calibration_slope"] == pytest.approx(1.0, abs=0.1)
    assert all(gate["passed"] for gate in model.metadata["gates"])
    held_out = model.out_of_fold
    assert held_out is not None
    assert held_out["probability"].mean() == pytest.approx(held_out["target"].mean(), abs=0.01)


def test_missing_values_train_and_score(applications):
    gappy = make_applications(1500, 4, missing_share=0.3)
    told = train(gappy, config=quick())
    assert np.isfinite(score(told, gappy)["probability"]).all()
    none = gappy.assign(credit_score=np.nan)
    assert score(train(none, config=quick()), none)["probability"].notna().all()


def test_settings_that_mean_nothing_are_refused():
    with pytest.raises(ValueError, match="folds 1"):
        EligibilityConfig(folds=1)
    with pytest.raises(ValueError, match="signs"):
        EligibilityConfig(signs={"x": 2})
    with pytest.raises(ValueError, match="approve_precision"):
        ThresholdTargets(approve_precision=90)
    assert set(EligibilityConfig(candidates={"a": PiecewiseSettings(1.0)}).candidates_for(10)) == {"a"}
