"""Who is who in a table: train, link, cluster.

Belongs here: the calls that a user makes, and the order of the steps behind them.
Does not belong here: what the steps do.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ml.identity.linkage import clustering, scoring
from ml.identity.linkage.blocking import GROWTH
from ml.identity.linkage.config import LinkageConfig, LinkageError
from ml.identity.linkage.fitting import THRESHOLD, fit
from ml.identity.linkage.ids import sort_keys, sorted_by_id
from ml.identity.linkage.model import LinkageModel
from ml.identity.linkage.store import Store

Config = LinkageConfig | Mapping[str, Any] | None
Tell = Callable[[str], None]


def _silent(_: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class LinkageReport:
    """Counts of a linkage; no values of records.

    Attributes
    ----------
    records, entities, linked_records, uncompared_records, edges : int
        ``edges`` are the pairs kept, from the model's least probability; ``linked_records`` are not alone,
        ``uncompared_records`` have nothing that they could be found by.
    kinds : dict of str to str
        Kind by column.
    pairs_by_rule : dict of str to int
        Pairs of records of the training that each blocking rule makes.
    warnings : tuple of str
        Columns left out, blocks that were too large.
    """

    records: int
    entities: int
    linked_records: int
    uncompared_records: int
    edges: int
    kinds: Mapping[str, str]
    pairs_by_rule: Mapping[str, int]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Linkage:
    """Who is who.

    Attributes
    ----------
    entities : DataFrame
        ``record_id, entity_id, confidence``, one row per record in the order of the ids. A record that could not be
        compared with any other, since all that it could be found by is missing or stands in too many records, has no
        confidence.
    edges : DataFrame
        ``record_id_a, record_id_b, match_probability``: pairs from the model's least probability, the smaller id first.
    model : LinkageModel
        What was learned.
    report : LinkageReport
        Counts and warnings.
    """

    entities: pd.DataFrame
    edges: pd.DataFrame
    model: LinkageModel
    report: LinkageReport
    _store: Store = field(repr=False, compare=False)

    def update(self, changed: pd.DataFrame, removed_ids: Iterable[Any] = ()) -> "Linkage":
        """The linkage after some records are new, changed or gone; the model stays as it is.

        The result is exactly that of linking all records afresh with this model. The state moves on to the new linkage;
        the old one keeps its frames and takes no further updates.

        Parameters
        ----------
        changed : DataFrame
            New records and changed ones as they are now, with the same columns.
        removed_ids : iterable
            Of records that are no more.

        Raises
        ------
        LinkageError
            Columns are missing, ids are repeated or unknown, or this linkage was updated before.
        """
        store = self._store
        if store.latest is not self.edges:
            raise LinkageError("this linkage was updated before; go on from the one that the update returned")
        store.replace(changed, removed_ids)
        return _told(store)


def resolve(records: pd.DataFrame, config: Config = None, *, id_column: str, tell: Tell = _silent) -> Linkage:
    """Find which records are of the same person or thing.

    Parameters
    ----------
    records : DataFrame
        One row per record. Any columns; what they hold is inferred where ``config`` does not say it.
    config : LinkageConfig or mapping, optional
        See :class:`LinkageConfig`.
    id_column : str
        Tells the records apart; never evidence.
    tell : callable, optional
        Is called with a line of text after each step.

    Raises
    ------
    LinkageError
        An id is missing or repeated, a column is there twice, or the configuration names what is not there.
    """
    store = Store(LinkageConfig.of(config), id_column)
    ordered = sorted_by_id(records, id_column)
    fit(store, ordered, tell)
    scoring.score(store.con, store.known_model, "compared", "edge")
    store.con.execute("DROP TABLE compared")
    tell("scored")
    linkage = _told(store)
    tell("clustered")
    return linkage


def train(records: pd.DataFrame, config: Config = None, *, id_column: str, tell: Tell = _silent) -> LinkageModel:
    """Learn a model without labels, for ``link``; see :func:`resolve`."""
    store = Store(LinkageConfig.of(config), id_column)
    try:
        return fit(store, sorted_by_id(records, id_column), tell)
    finally:
        store.close()


def link(
    records: pd.DataFrame,
    model: LinkageModel,
    *,
    id_column: str,
    changed_ids: Iterable[Any] | None = None,
    config: Config = None,
) -> pd.DataFrame:
    """Score pairs with a model that is there.

    Parameters
    ----------
    records : DataFrame
        All records as they are now.
    model : LinkageModel
        Of ``train`` or ``resolve``.
    id_column : str
        Tells the records apart.
    config : LinkageConfig or mapping, optional
        Threads and memory; kinds and limits are the model's.
    changed_ids : iterable, optional
        Only pairs in which at least one record is of these; a caller that keeps edges deletes those with a changed or
        removed record and adds what is returned. Exact as long as no block outgrows the model (``Linkage.update`` is
        exact beyond).

    Returns
    -------
    DataFrame
        ``record_id_a, record_id_b, match_probability``, the smaller id first, from the model's least probability.
    """
    store = Store(LinkageConfig.of(config), id_column)
    try:
        store.load(records, model)
        if changed_ids is not None:
            store.mark(changed_ids, "changed")
        store.link("changed" if changed_ids is not None else None)
        return store.results()[1]
    finally:
        store.close()


def cluster(ids: Iterable[Any], edges: pd.DataFrame, threshold: float = THRESHOLD) -> pd.DataFrame:
    """Entities of records from scored pairs that a caller keeps.

    Parameters
    ----------
    ids : iterable
        Of all records, also of those without a pair.
    edges : DataFrame
        ``record_id_a, record_id_b, match_probability``, every pair once.
    threshold : float
        By default the one for all data.

    Returns
    -------
    DataFrame
        ``record_id, entity_id, confidence``, in the order of the ids; a record without a pair has the confidence 1,
        as if it had been compared.

    Raises
    ------
    LinkageError
        An id is missing or repeated, or an edge names a record that is not among them.
    """
    ordered = sorted_by_id(pd.DataFrame({"record_id": pd.Series(list(ids))}), "record_id")["record_id"]
    index = pd.Index(sort_keys(ordered))
    left = index.get_indexer(pd.Index(sort_keys(edges["record_id_a"])))
    right = index.get_indexer(pd.Index(sort_keys(edges["record_id_b"])))
    unknown = int(((left < 0) | (right < 0)).sum())
    if unknown:
        raise LinkageError(f"{unknown} of {len(edges)} edges name a record that is not among the {len(index)} ids")
    probability = edges["match_probability"].to_numpy(float)
    return clustering.entity_frame(ordered, left, right, probability, threshold)


def _told(store: Store) -> Linkage:
    model = store.known_model
    entities, edges = store.results()
    store.latest = edges
    size = entities.groupby("entity_id")["record_id"].transform("size") if len(entities) else pd.Series(dtype=int)
    outgrown = []
    if store.overfull:
        outgrown.append(
            f"{store.overfull} blocks have grown to more than {model.block_limit * GROWTH} records since the training "
            "and block nothing; train the model again"
        )
    report = LinkageReport(
        records=len(entities),
        entities=int(entities["entity_id"].nunique()),
        linked_records=int((size > 1).sum()),
        uncompared_records=int(entities["confidence"].isna().sum()),
        edges=len(edges),
        kinds={column.name: column.kind for column in model.columns},
        pairs_by_rule={rule.label: rule.pairs for rule in model.rules},
        warnings=(*model.notes, *outgrown),
    )
    return Linkage(entities, edges, model, report, store)
