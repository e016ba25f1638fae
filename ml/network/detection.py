"""Communities of a day from its links and the day before: one call for a notebook and for the asset.

Belongs here: putting graph, partition and ids together, and the report.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.network.carrying import carry
from ml.network.config import CommunityConfig
from ml.network.graph import Graph, Ints, NetworkError, build_graph, connected
from ml.network.leiden import modularity_run
from ml.network.partition import Partition, modularity, partition
from ml.network.scale import choose_scale, rand_index

MEMBER_COLUMNS = ["gr_id", "cluster_id", "community_id", "stability", "members_count", "links_hash"]
PREVIOUS_COLUMNS = ["gr_id", "community_id", "stability", "links_hash"]


@dataclass(frozen=True)
class CommunityReport:
    """Figures of one day; counts and shares only.

    Attributes
    ----------
    people, links, components, communities : int
        Of the graph.
    scale : float or None
        That held; None where there are no links.
    unassigned : int
        People whose place is not stable: ``cluster_id`` NULL.
    largest : int
        People of the largest community.
    mean_stability : float or None
        Over people.
    looked_at : int
        People of communities whose links changed since the day before.
    born, split, merged, died : int
        Events of the ledger.
    modularity, fresh_modularity : float or None
        Of the communities; of a run of plain modularity without a past, where the graph is small enough to afford one.
        The fresh one is the greater of the two in general: it joins what a fixed scale keeps apart.
    agreement_with_day_before : float or None
        Adjusted Rand index over the people of both days; NULL on the first day.
    """

    people: int
    links: int
    components: int
    communities: int
    scale: float | None
    unassigned: int
    largest: int
    mean_stability: float | None
    looked_at: int
    born: int
    split: int
    merged: int
    died: int
    modularity: float | None
    fresh_modularity: float | None
    agreement_with_day_before: float | None


@dataclass(frozen=True)
class CommunityResult:
    """Members (``MEMBER_COLUMNS``, sorted by ``gr_id``), events (``LEDGER_COLUMNS``), and the report."""

    members: pd.DataFrame
    ledger_events: pd.DataFrame
    report: CommunityReport


def detect(
    edges: pd.DataFrame,
    previous: "CommunityResult | pd.DataFrame | None" = None,
    config: CommunityConfig | None = None,
    *,
    as_of_date: dt.date,
) -> CommunityResult:
    """Communities by Leiden, carried on from the day before.

    Equal links in any order and the same day before give an equal result. What is not connected does not influence
    each other, and only communities whose members' links changed are worked out again.

    Parameters
    ----------
    edges : DataFrame
        ``gr_id_a, gr_id_b, weight``; see ``build_graph``. A link that means one clear tie weighs about 1.
    previous : CommunityResult or DataFrame, optional
        The day before; a DataFrame has ``gr_id, community_id``, and ``stability, links_hash`` where nothing but what
        changed is to be worked out again.
    config : CommunityConfig, optional
        Settings.
    as_of_date : date
        The day, after which new communities are named.

    Raises
    ------
    NetworkError
        Links or the day before are not as expected.

    Examples
    --------
    >>> first = detect(edges, as_of_date=monday)
    >>> second = detect(edges_of_tuesday, first, as_of_date=tuesday)
    """
    config = config or CommunityConfig()
    graph = build_graph(edges)
    scale = config.scale
    if isinstance(previous, CommunityResult):
        scale, previous = scale or previous.report.scale, previous.members
    if scale is None and graph.size:
        scale = choose_scale(graph, config)
    previous = _checked(previous)
    people = pd.Series(graph.people, dtype=object)
    links_hash = graph.links_hash()

    # Positions and not a reindex: a missing person would turn the hashes into floats.
    position = pd.Index(previous["gr_id"]).get_indexer(pd.Index(people))
    is_known = position >= 0
    known = previous.iloc[position[is_known]]
    before = np.full(graph.size, -1, np.int64)
    before[is_known] = pd.factorize(known["community_id"], sort=True)[0]
    touched, stability = np.ones(graph.size, bool), np.zeros(graph.size)
    if {"links_hash", "stability"} <= set(known.columns):
        touched[is_known] = known["links_hash"].to_numpy(np.int64) != links_hash[is_known]
        stability[is_known] = known["stability"].to_numpy(np.float64)
    found = partition(graph, before, stability, touched, scale or np.inf, config)

    ids, ledger = carry(people, found.label, previous, as_of_date, config.merge_share)
    members = pd.DataFrame(
        {
            "gr_id": people,
            "cluster_id": ids.where(found.stability >= config.min_stability, None),
            "community_id": ids,
            "stability": found.stability,
            "members_count": np.bincount(found.label)[found.label] if graph.size else np.empty(0, np.int64),
            "links_hash": links_hash,
        }
    )[MEMBER_COLUMNS]
    return CommunityResult(members, ledger, _report(graph, members, ledger, before, found, scale, config))


def _fresh_modularity(graph: Graph, random_seed: int) -> float:
    return modularity(
        graph, modularity_run(graph.one, graph.other, graph.weight, graph.size, "modularity", random_seed)
    )


def _checked(previous: pd.DataFrame | None) -> pd.DataFrame:
    if previous is None:
        return pd.DataFrame(
            {"gr_id": [], "community_id": [], "stability": np.empty(0), "links_hash": np.empty(0, np.int64)}
        ).astype({"gr_id": object, "community_id": object})
    if missing := [column for column in PREVIOUS_COLUMNS[:2] if column not in previous.columns]:
        raise NetworkError(
            f"the day before lacks the columns {missing}; it has {list(previous.columns)}, expected {PREVIOUS_COLUMNS}"
        )
    if twice := int(previous["gr_id"].duplicated().sum()):
        raise NetworkError(f"the day before has {twice} people twice; expected each gr_id once")
    return previous[[column for column in PREVIOUS_COLUMNS if column in previous.columns]].reset_index(drop=True)


def _report(
    graph: Graph,
    members: pd.DataFrame,
    ledger: pd.DataFrame,
    before: Ints,
    found: Partition,
    scale: float | None,
    config: CommunityConfig,
) -> CommunityReport:
    events = ledger["event"].value_counts()
    both = before >= 0
    is_affordable = 0 < len(graph.weight) <= config.fresh_edges_limit
    return CommunityReport(
        people=graph.size,
        links=len(graph.weight),
        components=len(np.unique(connected(graph.one, graph.other, graph.size))),
        communities=int(members["community_id"].nunique()),
        scale=scale if graph.size else None,
        unassigned=int(members["cluster_id"].isna().sum()),
        largest=int(members["members_count"].max()) if graph.size else 0,
        mean_stability=float(members["stability"].mean()) if graph.size else None,
        looked_at=found.looked_at,
        born=int(events.get("born", 0)),
        split=int(events.get("split", 0)),
        merged=int(events.get("merged", 0)),
        died=int(events.get("died", 0)),
        modularity=modularity(graph, found.label) if graph.size else None,
        fresh_modularity=_fresh_modularity(graph, config.random_seed) if is_affordable else None,
        agreement_with_day_before=rand_index(before[both], found.label[both]) if both.any() else None,
    )
