"""Why two records are a match or are not: the evidence of every comparison, in bits.

Belongs here: the evidence of one pair under a model.
Does not belong here: values of records; they are never part of an explanation.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ml.identity.linkage import pairs, training
from ml.identity.linkage.config import LinkageConfig
from ml.identity.linkage.model import LinkageModel
from ml.identity.linkage.store import Store

_ID = "__linkage_id__"


def explain(
    model: LinkageModel, left: Mapping[str, Any] | pd.Series, right: Mapping[str, Any] | pd.Series
) -> pd.DataFrame:
    """The evidence that two records are of one person or thing.

    Parameters
    ----------
    model : LinkageModel
        What weighs the evidence.
    left, right : mapping or Series
        The records; the order does not matter.

    Returns
    -------
    DataFrame
        ``evidence, columns, kind, level, m, u, bayes_factor, bits``: a row ``prior``, one per comparison, a row
        ``household`` for what two people of one household agree in anyway, and a row ``total``, whose bits are those
        of the posterior odds and whose ``bayes_factor`` is the match probability. ``u`` is that of the agreeing term
        where it is known; ``level`` is "missing" where one of the records has no value.
    """
    frame = pd.DataFrame([dict(left), dict(right)])
    frame[_ID] = [0, 1]
    store = Store(LinkageConfig(threads=1), _ID)
    try:
        store.load(frame, model)
        con = store.con
        con.execute("CREATE TABLE pair AS SELECT 0 AS l, 1 AS r")
        pairs.compare(con, model.comparisons, "pair", "compared")
        packed, _ = pairs.patterns(con, "compared")
        levels = pairs.unpack(packed, model.comparisons)[0]
        terms = con.execute("SELECT * FROM record WHERE rid = 0").df().iloc[0]
    finally:
        store.close()

    rows: list[dict[str, Any]] = [_row("prior", model.prior_match)]
    match, household = model.prior_match, model.prior_household
    twice = _said_twice(model, levels)
    for k, one in enumerate(model.comparisons):
        level = int(levels[k])
        told = {"columns": ", ".join(one.columns), "kind": one.kind}
        if level < 0:
            rows.append(_row(one.title, 1.0) | told | {"level": "missing"})
            continue
        if training.follows(model.comparisons, k, levels[np.newaxis])[0]:
            rows.append(_row(one.title, 1.0) | told | {"level": "equal, as the names are"})
            continue
        m, u = model.m[k][level], model.u[k][level]
        term = one.levels[level].tf
        ratio = 1.0
        if term is not None:
            ratio = u / float(terms[f"{term}_tf"])
            u = float(terms[f"{term}_tf"])
        match *= m / u / twice.get(k, 1.0)
        household *= _household_factor(model, k, level, ratio) / twice.get(k, 1.0)
        rows.append(
            _row(one.title, m / u / twice.get(k, 1.0)) | told | {"level": one.levels[level].label, "m": m, "u": u}
        )
    rows.append(_row("household", 1 / (1 + household)) | {"level": "agreement that a household shares"})
    odds = match / (1 + household)
    rows.append(_row("total", odds) | {"bayes_factor": odds / (1 + odds)})
    columns = ["evidence", "columns", "kind", "level", "m", "u", "bayes_factor", "bits"]
    return pd.DataFrame(rows).reindex(columns=columns)


def _row(evidence: str, factor: float) -> dict[str, Any]:
    return {"evidence": evidence, "bayes_factor": factor, "bits": float(np.log2(factor))}


def _said_twice(model: LinkageModel, levels: np.ndarray) -> dict[int, float]:
    """The factor that counts already with another comparison, by the weaker of the two."""
    at_home = training.moves(model.comparisons)
    if not at_home or (levels[list(at_home)] < 0).any():
        return {}
    evidence = [np.log(model.m[k][levels[k]] / model.u[k][levels[k]]) for k in at_home]
    again = float(training.said_again(*map(np.asarray, evidence)))
    return {at_home[int(np.argmax(evidence))]: float(np.exp(again))}


def _household_factor(model: LinkageModel, k: int, level: int, ratio: float) -> float:
    """As ``scoring`` has it: what is personal counts little, what is shared counts as for one person."""
    one = model.comparisons[k]
    m, u = np.array(model.m[k]), np.array(model.u[k])
    if one.levels[level].tf is None:
        return float((training.household_levels(one, model.is_personal[k], m, u, model.kin[k]) / u)[level])
    factor = float(m[level] / u[level]) * ratio
    if not model.is_personal[k]:
        return factor
    kin = model.kin[k]
    return 1 - kin + kin * factor
