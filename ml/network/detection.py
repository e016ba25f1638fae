"""Communities of a day from its links and the day before: one call for a notebook and for the asset.

Belongs here: putting graph, partition and ids together, and the report.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.network.carrying import carry
from ml.network.config import CommunityConfig
from ml.network.graph import Graph, Ints, NetworkError, build_graph, connected, summed
from ml.network.partition import fresh_modularity, modularity, partition

MEMBER_COLUMNS = ["gr_id", "cluster_id", "community_id", "stability", "members_count", "links_hash"]
PREVIOUS_COLUMNS = ["gr_id", "community_id", "stability", "links_hash"]


@dataclass(frozen=True)
class CommunityReport:
    """Figures of one day; counts and shares only.

    Attributes
    ----------
    people, links, components, communities : int
        Of the graph.
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
    previous: pd.DataFrame | None = None,
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
    previous : DataFrame, optional
        ``gr_id, community_id, stability, links_hash`` of the day before: ``CommunityResult.members`` as it came.
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
    >>> second = detect(edges_of_tuesday, first.members, as_of_date=tuesday)
    """
    config = config or CommunityConfig()
    graph = build_graph(edges)
    previous = _checked(previous)
    people = pd.Series(graph.people, dtype=object)
    links_hash = graph.links_hash()

    known = previous.set_index("gr_id").reindex(people)
    is_known = known["community_id"].notna().to_numpy()
    before = np.full(graph.size, -1, np.int64)
    before[is_known] = pd.factorize(known["community_id"][is_known], sort=True)[0]
    touched = ~is_known
    touched[is_known] = known["links_hash"][is_known].to_numpy(np.int64) != links_hash[is_known]
    stability = known["stability"].fillna(0.0).to_numpy(np.float64)
    found = partition(graph, before, stability, touched, config)

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
    return CommunityResult(
        members, ledger, _report(graph, members, ledger, before, found.label, found.looked_at, config)
    )


def rand_index(one: Ints, other: Ints) -> float:
    """Adjusted Rand index of two partitions of the same people (Hubert and Arabie 1985): 1 for equal, 0 for chance."""
    _, _, both = summed(one, other, np.ones(len(one)))
    pairs = (both * (both - 1)).sum() / 2
    rows, columns = np.bincount(one), np.bincount(other)
    a, b = float((rows * (rows - 1)).sum()) / 2, float((columns * (columns - 1)).sum()) / 2
    total = len(one) * (len(one) - 1) / 2
    expected = a * b / total if total else 0.0
    highest = (a + b) / 2
    return 1.0 if highest == expected else float((pairs - expected) / (highest - expected))


def _checked(previous: pd.DataFrame | None) -> pd.DataFrame:
    if previous is None:
        return pd.DataFrame(
            {"gr_id": [], "community_id": [], "stability": np.empty(0), "links_hash": np.empty(0, np.int64)}
        ).astype({"gr_id": object, "community_id": object})
    if missing := [column for column in PREVIOUS_COLUMNS if column not in previous.columns]:
        raise NetworkError(
            f"the day before lacks the columns {missing}; it has {list(previous.columns)}, expected {PREVIOUS_COLUMNS}"
        )
    if twice := int(previous["gr_id"].duplicated().sum()):
        raise NetworkError(f"the day before has {twice} people twice; expected each gr_id once")
    return previous[PREVIOUS_COLUMNS].reset_index(drop=True)


def _report(
    graph: Graph,
    members: pd.DataFrame,
    ledger: pd.DataFrame,
    before: Ints,
    label: Ints,
    looked_at: int,
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
        unassigned=int(members["cluster_id"].isna().sum()),
        largest=int(members["members_count"].max()) if graph.size else 0,
        mean_stability=float(members["stability"].mean()) if graph.size else None,
        looked_at=looked_at,
        born=int(events.get("born", 0)),
        split=int(events.get("split", 0)),
        merged=int(events.get("merged", 0)),
        died=int(events.get("died", 0)),
        modularity=modularity(graph, label) if graph.size else None,
        fresh_modularity=fresh_modularity(graph, config) if is_affordable else None,
        agreement_with_day_before=rand_index(before[both], label[both]) if both.any() else None,
    )
