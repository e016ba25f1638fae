"""From levels and terms to the probability that two records are of one person.

Belongs here: the probability of compared pairs, in SQL.
Does not belong here: how its parameters were found (``training``).
"""

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from ml.identity.linkage import pairs, training
from ml.identity.linkage.model import LinkageModel


def score(con: duckdb.DuckDBPyConnection, model: LinkageModel, compared: str, into: str) -> None:
    """Write ``into`` (``l, r, match_probability``) for the pairs of ``compared`` that reach the least probability.

    Where the best levels agree in a term, its own frequency takes the place of the average: two Smiths prove less than
    two Featherstonehaughs. Most pairs are ruled out by their levels, before terms are looked at.
    """
    comparisons = model.comparisons
    packed, _ = pairs.patterns(con, compared)
    table = pattern_table(model, packed)
    con.register("pattern_frame", table)
    con.execute("CREATE OR REPLACE TEMP TABLE pattern AS SELECT * FROM pattern_frame")
    con.unregister("pattern_frame")
    match, household = ["p.match_factor"], ["p.household_factor"]
    needed = []
    for k, one in enumerate(comparisons):
        for name in one.terms:
            ratio = f"(p.{name}_u / a.{name}_tf)"
            match.append(f"CASE WHEN p.{name}_u IS NULL THEN 1.0 ELSE {ratio} END")
            if model.is_personal[k]:
                kin = model.kin[k]
                close = f"({1 - kin!r} + {kin!r} * p.{name}_bf * {ratio})"
                household.append(f"CASE WHEN p.{name}_u IS NULL THEN 1.0 ELSE {close} END")
            else:
                household.append(f"CASE WHEN p.{name}_u IS NULL THEN 1.0 ELSE {ratio} END")
            needed.append(name)
    odds = f"{model.prior_match!r} * {' * '.join(match)} / (1.0 + {model.prior_household!r} * {' * '.join(household)})"
    con.execute(
        f"CREATE OR REPLACE TABLE {into} AS SELECT l, r, odds / (1.0 + odds) AS match_probability FROM (SELECT "
        f"c.l, c.r, {odds} AS odds "
        f"FROM {compared} c JOIN pattern p USING (levels) JOIN record a ON a.rid = c.l) "
        f"WHERE odds >= {model.least_probability / (1 - model.least_probability)!r}"
    )


def pattern_table(model: LinkageModel, packed: np.ndarray) -> pa.Table:
    """Factors of every pattern that may reach the least probability, whatever its terms."""
    comparisons = model.comparisons
    levels = pairs.unpack(packed, comparisons)
    m, u = [np.array(one) for one in model.m], [np.array(one) for one in model.u]
    personal = list(model.is_personal)
    match, household = training.factors(comparisons, levels, m, u, personal, list(model.kin))
    best = match.copy()
    table: dict[str, Any] = {"levels": packed}
    for k, one in enumerate(comparisons):
        for name in one.terms:
            at = np.isin(levels[:, k], [i for i, level in enumerate(one.levels) if level.tf == name])
            at &= ~training.follows(comparisons, k, levels)
            level = np.maximum(levels[:, k], 0)
            table[f"{name}_u"] = pa.array(u[k][level], mask=~at)
            factor = m[k][level] / u[k][level]
            table[f"{name}_bf"] = pa.array(factor, mask=~at)
            best = np.where(at, best * np.maximum(u[k][level] / model.rare_shares[name], 1.0), best)
            if personal[k]:
                close = training.household_levels(one, True, m[k], u[k], model.kin[k])
                household = np.where(at, household / (close / u[k])[level], household)
    table["match_factor"], table["household_factor"] = match, household
    odds = model.prior_match * best
    kept = odds >= model.least_probability / (1 - model.least_probability)
    return pa.table({name: pa.array(values) for name, values in table.items()}).filter(pa.array(kept))
