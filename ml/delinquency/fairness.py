"""Is a default model as good for every group: held-out rows by sex, age band, district, household and disability.

**Selected** is who reaches the two highest bands, from the model's operating threshold on: of running loans the people
whom a contact is for, of applicants those who are looked at twice. A false negative is a default that nobody saw
coming, a false positive a payer who is taken for a risk. Groups are joined by ``gr_id`` after training and are never
features.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import psycopg
from psycopg import sql

from ml.bulk import copy_in, copy_out
from ml.delinquency.model import TrainedModel
from ml.evaluate.gate import GateResult
from ml.fairness import FairnessConfig, fairness_gate, group_rates, protected_columns, rates_of_many

# 0.10 of both rates (2026-11-28): groups that default less often have fewer of their defaults above any one threshold,
# so that a sound model shows some points; a tenth of a group's defaults unseen besides, surely, is more than that.
# A characteristic without two groups of 100 people is told and blocks nothing: a small portfolio would never score.
LIMITS = FairnessConfig(max_fnr_difference=0.10, max_fpr_difference=0.10, unmeasured_fails=False)
AGES = ((0, "under 18"), (18, "18-29"), (30, "30-44"), (45, "45-59"), (60, "60 and more"))
# Of how many people a household is no name tells more than a kind of household does, which is protected.
_PROTECTED_TOO = ("household_members_count",)

_QUERY = """
    select a.row_number, g.sex, g.birth_date, g.district_id as district, g.region,
        {members} as members_count, {disabled} as is_disabled
    from asked as a left join core.golden_records as g on g.gr_id = a.gr_id {evidence} order by a.row_number
"""


def protected_features(names: Iterable[str]) -> list[str]:
    """Those that no default model may learn from, whatever they are called in a catalogue."""
    names = list(names)
    return sorted({*protected_columns(names), *(name for name in names if name in _PROTECTED_TOO)})


def read_groups(connection: psycopg.Connection[Any], people: pd.DataFrame) -> pd.DataFrame:
    """Groups of each row, as core knows them now; age as of the row's day.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``, in a transaction.
    people : pandas.DataFrame of n rows
        ``gr_id, as_of_date``.

    Returns
    -------
    pandas.DataFrame of n rows
        ``sex, age_band, district, region, household_type, disability`` by the index of ``people``, missing where not
        known; a column that nobody's value is known of is left out.
    """
    there = {
        name: connection.execute("select to_regclass(%s)", (f"core.{name}",)).fetchone() != (None,)
        for name in ("golden_records", "income_evidence")
    }
    if not there["golden_records"] or people.empty:
        return pd.DataFrame(index=people.index)
    asked = pd.DataFrame({"row_number": np.arange(len(people)), "gr_id": people["gr_id"].to_numpy()})
    with connection.transaction(), connection.cursor() as cursor:
        copy_in(cursor, "asked", "row_number bigint, gr_id text", asked)
        evidence = there["income_evidence"]
        query = sql.SQL(_QUERY).format(
            members=sql.SQL("e.household_members_count" if evidence else "null::integer"),
            disabled=sql.SQL("e.is_disabled" if evidence else "null::boolean"),
            evidence=sql.SQL("left join core.income_evidence as e on e.gr_id = a.gr_id" if evidence else ""),
        )
        found = copy_out(connection, query)
    groups = pd.DataFrame(
        {
            "sex": found["sex"].to_numpy(dtype=object),
            "age_band": _age_bands(found["birth_date"], people["as_of_date"]),
            "district": found["district"].to_numpy(dtype=object),
            "region": found["region"].to_numpy(dtype=object),
            "household_type": _household_types(found["members_count"]),
            "disability": found["is_disabled"].map({True: "yes", False: "no"}).to_numpy(dtype=object),
        },
        index=people.index,
    )
    return groups.dropna(axis="columns", how="all")


def fairness_of(
    model: TrainedModel, groups: pd.DataFrame, people: "pd.Series[Any]", threshold: float
) -> dict[str, Any]:
    """Rates by group and the gates' verdicts, as plain JSON types for the version's metadata.

    Parameters
    ----------
    model : TrainedModel
        Right after training, with its ``outcomes``.
    groups, people : pandas.DataFrame, pandas.Series
        Characteristics and person of each training row, by its index.
    threshold : float
        Probability from which on a row is selected.
    """
    told: dict[str, Any] = {
        "selected": "probability from the operating threshold on: the two highest bands",
        "threshold": threshold,
        "min_group_size": LIMITS.min_group_size,
        "rates": [],
        "small_groups": {},
        "gates": [],
    }
    judged = model.outcomes
    if judged is None or judged.empty or groups.empty:
        return told
    target, selected = judged["target"] == 1, judged["probability"] >= threshold
    of, who = groups.loc[judged.index], people.loc[judged.index].to_numpy()

    size = LIMITS.min_group_size
    shown = group_rates(target, selected, of, min_group_size=size, people=who)
    verdict = fairness_gate(rates_of_many(target, selected, of, min_group_size=size, people=who), LIMITS)
    large = shown[shown["is_large_enough"].astype(bool)].drop(columns="is_large_enough")
    told["rates"] = [{str(name): _known(value) for name, value in row.items()} for row in large.to_dict("records")]
    small = shown.loc[~shown["is_large_enough"].astype(bool), "characteristic"].value_counts(sort=False)
    told["small_groups"] = {str(name): int(count) for name, count in small.items()}
    told["gates"] = [
        {"name": one.name, "passed": one.passed, "found": _known(one.value), "expected": one.expected}
        for one in verdict
    ]
    return told


def fairness_gates(model: TrainedModel) -> list[GateResult]:
    """The verdicts that were found at training, when the outcomes and their people were at hand."""
    kept: Mapping[str, Any] | None = model.metadata.get("fairness")
    if kept is None:
        return [GateResult("fairness_measured", False, "trained before groups were looked at", "rates of every group")]
    if not kept["gates"]:
        return [GateResult("fairness_measured", True, "no group of anybody is known", "rates of every group")]
    return [GateResult(one["name"], one["passed"], one["found"], one["expected"]) for one in kept["gates"]]


def _age_bands(born: "pd.Series[Any]", as_of: "pd.Series[Any]") -> Any:
    on, day = pd.to_datetime(born), pd.to_datetime(as_of).reset_index(drop=True)
    had_no_birthday = day.dt.month * 100 + day.dt.day < on.dt.month * 100 + on.dt.day
    age = day.dt.year - on.dt.year - had_no_birthday
    at = np.searchsorted([bound for bound, _ in AGES], age.fillna(0).to_numpy(), side="right") - 1
    found = np.array([word for _, word in AGES], dtype=object)[np.clip(at, 0, len(AGES) - 1)]
    found[age.isna().to_numpy()] = None
    return found


def _household_types(members: "pd.Series[Any]") -> Any:
    words = np.array(["alone", "two people", "three or four", "five or more"], dtype=object)
    count = members.astype(float)
    at = np.searchsorted([2, 3, 5], count.fillna(1).to_numpy(), side="right")
    found = words[at]
    found[count.isna().to_numpy()] = None
    return found


def _known(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
