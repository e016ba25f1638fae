"""Communities: how stable and true over twelve days of a planted network, and how quick on a million links.

Beside ours two ways of plain modularity: a fresh run each day, and a plain warm start from the day before (newcomers
with their strongest neighbours). Published for such a network: fresh runs agree with each other by 0.13, a plain warm
start with the day before by 0.79.
"""

import datetime as dt
import random
import time

import igraph
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from ml.network import CommunityResult, detect, rand_index
from ml.network.graph import Graph, build_graph
from ml.network.partition import modularity
from tests.benchmarks.planted_network import Change, Ints, PlantedNetwork

FIRST_DAY = dt.date(2026, 1, 1)
DAYS = 12
# People on the first day, and links of a person to people of other communities.
NETWORKS = ((20_000, 1.0), (20_000, 2.0), (100_000, 2.0))
SPEED_PEOPLE = 380_000


def main() -> None:
    """Print both tables."""
    console = Console(highlight=False, width=140)
    table = Table(title=f"Planted network, {DAYS} days: means over the days; adjusted Rand index (ARI)")
    for column in ("network", "way", "ARI plant", "ARI day before", "modularity", "merges seen", "splits seen"):
        table.add_column(column, justify="left" if column in ("network", "way") else "right")
    for people, outside in NETWORKS:
        for row in stability_rows(people, outside):
            table.add_row(f"{people:,} people, {outside:g} links outside", *row)
    console.print(table)
    console.print(speed_table())


def stability_rows(people: int, outside: float) -> list[tuple[str, ...]]:
    """One row per way, for one network."""
    network = PlantedNetwork(people, links_outside=outside, seed=0)
    figures: dict[str, list[tuple[float, ...]]] = {way: [] for way in ("planted", "fresh", "plain warm start", "ours")}
    ours: CommunityResult | None = None
    last: dict[str, pd.Series] = {}
    unassigned, assigned = [], []
    for day in range(DAYS + 1):
        change = network.grow(0.02, people // 1_000, people // 1_000) if day else Change([], [])
        edges = network.edges()
        graph = build_graph(edges)
        ids = pd.Index(graph.people)
        truth = network.truth(pd.Series(graph.people))
        ours = detect(edges, ours, as_of_date=FIRST_DAY + dt.timedelta(days=day))
        labels = {
            "planted": truth,
            "fresh": plain(graph, day, None),
            "plain warm start": plain(graph, day, warm(graph, ids, last.get("plain warm start"))),
            "ours": pd.factorize(ours.members["community_id"])[0].astype(np.int64),
        }
        if day:
            for way, label in labels.items():
                figures[way].append(_figures(graph, ids, truth, label, last[way], change))
            stable = ours.members["cluster_id"].notna().to_numpy()
            unassigned.append(1 - stable.mean())
            assigned.append(rand_index(truth[stable], labels["ours"][stable]))
        last = {way: pd.Series(label, index=ids) for way, label in labels.items()}
    rows = [(way, *(f"{value:.3f}" for value in np.mean(np.array(values), axis=0))) for way, values in figures.items()]
    rows.append((f"ours, cluster_id ({np.mean(unassigned):.1%} NULL)", f"{np.mean(assigned):.3f}", "", "", "", ""))
    return rows


def plain(graph: Graph, day: int, start: Ints | None) -> Ints:
    """One run of Leiden for modularity, each day with another seed."""
    igraph.set_random_number_generator(random.Random(1_000 + day))
    whole = igraph.Graph(n=graph.size, edges=np.column_stack([graph.one, graph.other]))
    found = whole.community_leiden("modularity", initial_membership=None if start is None else start.tolist())
    igraph.set_random_number_generator(random)
    return np.asarray(found.membership, np.int64)


def warm(graph: Graph, ids: pd.Index, before: pd.Series | None) -> Ints | None:
    """The day before, and newcomers where most of their neighbours are."""
    if before is None:
        return None
    label = before.reindex(ids).fillna(-1).to_numpy(np.int64)
    while (label < 0).any():
        ends = np.concatenate([graph.one, graph.other]), np.concatenate([graph.other, graph.one])
        into = (label[ends[0]] < 0) & (label[ends[1]] >= 0)
        if not into.any():
            break
        votes = pd.DataFrame({"person": ends[0][into], "community": label[ends[1][into]]}).value_counts().reset_index()
        first = votes.sort_values(["person", "count", "community"], ascending=[True, False, True])
        first = first.drop_duplicates("person")
        label[first["person"]] = first["community"]
    alone = np.flatnonzero(label < 0)
    label[alone] = label.max() + 1 + np.arange(len(alone))
    return np.unique(label, return_inverse=True)[1].astype(np.int64)


def _figures(
    graph: Graph, ids: pd.Index, truth: Ints, label: Ints, before: pd.Series, change: Change
) -> tuple[float, ...]:
    position = ids.get_indexer(before.index)
    there = position >= 0
    return (
        rand_index(truth, label),
        rand_index(before.to_numpy()[there], label[position[there]]),
        modularity(graph, np.unique(label, return_inverse=True)[1]),
        np.mean([_home(ids, label, one) == _home(ids, label, other) for one, other in change.merged]),
        np.mean([_home(ids, label, one) != _home(ids, label, other) for one, other in change.split]),
    )


def _home(ids: pd.Index, label: Ints, people: Ints) -> int:
    """Community of most of the people."""
    position = ids.get_indexer([f"GR{person:010d}" for person in people])
    return int(np.bincount(label[position[position >= 0]]).argmax())


def speed_table() -> Table:
    """Seconds on a million links: the first day, and a day that changes a few."""
    table = Table(title="A million links")
    for column in ("day", "people", "links", "looked at", "seconds", "CPU seconds", "communities", "modularity"):
        table.add_column(column, justify="left" if column == "day" else "right")
    network = PlantedNetwork(SPEED_PEOPLE, seed=1)
    result: CommunityResult | None = None
    for day, name in enumerate(("first, scale and ten seeds included", "next, 0.1 % more links", "next, no change")):
        if day == 1:
            network.add_links(1_000)
        edges = network.edges()
        started, busy = time.perf_counter(), time.process_time()
        result = detect(edges, result, as_of_date=FIRST_DAY + dt.timedelta(days=day))
        seconds, cpu = time.perf_counter() - started, time.process_time() - busy
        report = result.report
        table.add_row(
            name,
            f"{report.people:,}",
            f"{report.links:,}",
            f"{report.looked_at:,}",
            f"{seconds:.1f}",
            f"{cpu:.1f}",
            f"{report.communities:,}",
            f"{report.modularity:.3f}",
        )
    return table
