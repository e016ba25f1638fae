"""Costa Rica's households, one row each: the head's row as it stands, and what the rows of all members say together.

Heads of household with the target poor (grade 1 or 2 of 4). 15 households without a head are left out, as nobody says
what the household's grade is; 85 whose members disagree keep the head's.
"""

from pathlib import Path

import numpy as np
import pandas as pd

FILE = Path("costa_rica_poverty") / "train.csv.gz"
# A year of schooling raises earnings by about a tenth (Psacharopoulos and Patrinos 2018, 8.8 % worldwide).
_RETURNS = (0.08, 0.12)

# The model never sees these of the head's row: sex, age, disability, region, marital status, who is related how, and
# what is made of them (years of schooling of a male and of a female head say the head's sex).
PROTECTED = (
    "male", "female", "age", "SQBage", "agesq", "dis", "edjefe", "edjefa", "SQBedjefe",
    "r4h1", "r4h2", "r4h3", "r4m1", "r4m2", "r4m3",
)  # fmt: skip
_PROTECTED_PREFIXES = ("lugar", "estadocivil", "parentesco")
_SAME_AGAIN = ("SQB",)  # squares of columns that are there
_LESS = ("children", "dependents", "bad", "rez", "overcrowding", "hacdor", "hacapo", "dependency", "hogar_nin", "youth")
_MORE = (
    "earning", "school", "adults_secondary", "meaneduc", "escolari", "durables", "phones", "rooms", "bedrooms",
    "good", "walls", "roof", "floor", "refrig", "v18q", "computer", "television", "mobilephone", "qmobilephone",
    "log_phones", "log_rooms", "v14a", "cielorazo",
)  # fmt: skip


def read_people(shared: Path) -> pd.DataFrame:
    """All people; years that are written as yes and no as numbers."""
    people = pd.read_csv(shared / FILE)
    for name in ("dependency", "edjefe", "edjefa"):
        people[name] = pd.to_numeric(people[name].replace({"yes": 1, "no": 0}))
    return people


def head_rows(people: pd.DataFrame) -> pd.DataFrame:
    """The rows of the heads, by household; numbers only."""
    heads = people[people["parentesco1"] == 1].set_index("idhogar").sort_index()
    return heads.drop(columns="Id")


def permitted(heads: pd.DataFrame) -> pd.DataFrame:
    """Columns of the head's row that say nothing protected, and no grade."""
    leave = [
        name for name in heads.columns
        if name in (*PROTECTED, "Target") or name.startswith((*_PROTECTED_PREFIXES, *_SAME_AGAIN))
    ]  # fmt: skip
    return heads.drop(columns=leave)


def household_facts(people: pd.DataFrame, heads: pd.DataFrame) -> pd.DataFrame:
    """What the members' rows say of the household: who can earn, who depends on them, what is there for each head.

    Ages only count members of working age, children of school age and small children: nobody's own age or sex is told.
    """
    by = heads.index

    def counted(rows: pd.Series) -> pd.Series:
        return people[rows].groupby("idhogar").size().reindex(by).fillna(0)

    age = people["age"]
    adults = people[age >= 18].groupby("idhogar")["escolari"]
    size = people.groupby("idhogar").size().reindex(by)
    facts = pd.DataFrame(index=by)
    facts["school_adults_mean"], facts["school_adults_max"] = adults.mean(), adults.max()
    facts["school_adults_min"], facts["school_per_member"] = adults.min(), adults.sum() / size
    others = people[(people["parentesco1"] == 0) & (age >= 18)]
    facts["school_others_max"] = others.groupby("idhogar")["escolari"].max()
    behind = people.groupby("idhogar")["rez_esc"]
    facts["rez_max"], facts["rez_mean"] = behind.max(), behind.mean()
    facts["children_0_5"], facts["children_6_11"] = counted(age < 6), counted((age >= 6) & (age < 12))
    facts["youth_12_17"] = counted((age >= 12) & (age < 18))
    facts["children"] = facts["children_0_5"] + facts["children_6_11"] + facts["youth_12_17"]
    facts["adults_18_64"], facts["in_school"] = counted((age >= 18) & (age < 65)), counted(people["rez_esc"] >= 0)
    facts["dependents_share"] = 1 - facts["adults_18_64"] / size
    secondary = people[["instlevel5", "instlevel7", "instlevel8", "instlevel9"]].sum(axis=1) > 0
    facts["adults_secondary"] = counted(secondary & (age >= 18) & (age < 65))
    facts["adults_secondary_per_member"] = facts["adults_secondary"] / size
    facts["adults_secondary_share"] = facts["adults_secondary"] / facts["adults_18_64"].clip(lower=1)
    earners = people[(age >= 18) & (age < 70)]
    for rate in _RETURNS:
        earning = np.exp(rate * earners["escolari"]).groupby(earners["idhogar"]).sum().reindex(by)
        facts[f"earning_capacity_{round(100 * rate)}"] = np.log(earning.fillna(0.3) / size)
    facts["log_members"] = np.log(size)
    facts["rooms_per_member"], facts["bedrooms_per_member"] = heads["rooms"] / size, heads["bedrooms"] / size
    facts["phones_per_member"] = heads["qmobilephone"] / size
    facts["log_phones_per_member"] = np.log1p(heads["qmobilephone"]) - np.log(size)
    facts["log_rooms_per_member"] = np.log(heads["rooms"] / size)
    facts["durables"] = heads[["refrig", "v18q", "computer", "television"]].sum(axis=1)
    facts["durables_per_member"] = facts["durables"] / size
    facts["bad_parts"] = heads[["epared1", "etecho1", "eviv1"]].sum(axis=1)
    facts["good_parts"] = heads[["epared3", "etecho3", "eviv3"]].sum(axis=1)
    facts["walls"], facts["roof"] = heads["epared2"] + 2 * heads["epared3"], heads["etecho2"] + 2 * heads["etecho3"]
    facts["floor"] = heads["eviv2"] + 2 * heads["eviv3"]
    rent = heads["v2a1"].where(heads["v2a1"] > 0)
    facts["log_rent"], facts["log_rent_per_member"] = np.log(rent), np.log(rent / size)
    return facts


def characteristics(heads: pd.DataFrame) -> pd.DataFrame:
    """What fairness is measured on: sex and age of the head, disability, region, kind of household."""
    regions = heads[[f"lugar{number}" for number in range(1, 7)]].to_numpy().argmax(axis=1)
    kind = np.where(heads["hogar_adul"] <= 1, "one adult", "several adults")
    kind = np.char.add(kind, np.where(heads["hogar_nin"] > 0, ", children", ""))
    return pd.DataFrame(
        {
            "sex": np.where(heads["male"] == 1, "male", "female"),
            "age_band": pd.cut(heads["age"], [0, 34, 49, 64, 120], labels=["to 34", "35-49", "50-64", "65+"]).astype(
                str
            ),
            "disability": np.where(heads["dis"] == 1, "yes", "no"),
            "region": np.array(["Central", "Chorotega", "Pacifico", "Brunca", "Atlantica", "Norte"])[regions],
            "household_type": kind,
        },
        index=heads.index,
    )


def table(people: pd.DataFrame) -> pd.DataFrame:
    """One row a household to train on: permitted columns of the head's row, facts, target, characteristics."""
    heads = head_rows(people)
    own = permitted(heads)
    # A yes or no of fewer than 15 households can't be told from chance.
    rare = [name for name in own if own[name].nunique() <= 2 and own[name].value_counts().iloc[1:].sum() < 15]
    outcome = pd.DataFrame({"grade": heads["Target"], "poor": (heads["Target"] <= 2).astype(int)})
    parts = [own.drop(columns=rare), household_facts(people, heads), characteristics(heads), outcome]
    told = pd.concat(parts, axis=1)
    return told.copy().rename_axis("household").reset_index()


def signs(columns: list[str]) -> dict[str, int]:
    """Directions that policy gives: what can be earned and owned lowers need, dependents and bad housing raise it."""
    found = dict.fromkeys((name for name in columns if name.startswith(_MORE)), -1)
    return found | dict.fromkeys((name for name in columns if name.startswith(_LESS)), 1)
