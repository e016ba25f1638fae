"""From a graph and yesterday's communities to today's: Leiden where something changed, component by component.

Belongs here: which people are looked at again, the runs, and which changes are taken. Names of communities are the
business of ``carrying``.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.network.config import CommunityConfig
from ml.network.graph import Floats, Graph, Ints, connected, summed
from ml.network.leiden import leiden_runs, numbered
from ml.network.separation import separated

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Partition:
    """Communities of a graph.

    Attributes
    ----------
    label : array of int, shape (n,)
        Community of each person, numbered from 0.
    stability : array of float, shape (n,)
        Share of fresh runs that put the person there.
    looked_at : int
        People of communities whose links changed.
    runs : int
        Components that Leiden worked on.
    """

    label: Ints
    stability: Floats
    looked_at: int
    runs: int


@dataclass(frozen=True)
class _Piece:
    """A connected part of what is looked at: people, and communities around them as one node each."""

    one: Ints
    other: Ints
    weight: Floats
    strength: Floats
    inner: Floats
    members: Ints
    before: Ints


def partition(
    graph: Graph, before: Ints, stability: Floats, touched: Bools, scale: float, config: CommunityConfig
) -> Partition:
    """Communities of the day.

    Communities none of whose members is touched stay as they are, each as one node that people around it may join:
    with a fixed scale the gain of a move depends only on the people and communities it concerns, so that this is
    exact.

    Parameters
    ----------
    graph : Graph
        Links of the day.
    before : array of int, shape (n,)
        Community of the day before; -1 for somebody new.
    stability : array of float, shape (n,)
        Of the day before; not read for those looked at.
    touched : array of bool, shape (n,)
        Whose links are not those of the day before; true for everybody new.
    scale : float
        See ``CommunityConfig``.
    config : CommunityConfig
        Seeds and margin.
    """
    looked_at = _looked_at(before, touched)
    if not looked_at.any():
        return Partition(numbered(before), stability.copy(), 0, 0)
    # Nodes: the people looked at, then the communities left alone.
    node = np.full(graph.size, -1, np.int64)
    people = np.flatnonzero(looked_at)
    node[people] = np.arange(len(people))
    resting, position = np.unique(before[~looked_at], return_inverse=True)
    node[~looked_at] = len(people) + position
    size = len(people) + len(resting)
    seen = looked_at[graph.one] | looked_at[graph.other]
    ends = node[graph.one[seen]], node[graph.other[seen]]
    one, other, weight = summed(np.minimum(*ends), np.maximum(*ends), graph.weight[seen])
    strength = np.bincount(node, graph.strength(), size).astype(np.float64)
    # Of links inside a community left alone, each counts for both ends.
    apart = node[graph.one] != node[graph.other]
    outside = np.concatenate([node[graph.one[apart]], node[graph.other[apart]]])
    inner = strength - np.bincount(outside, np.tile(graph.weight[apart], 2), size)
    inner[: len(people)] = 0.0
    members = np.bincount(node, minlength=size)
    start = np.concatenate([before[people], resting])

    component = connected(one, other, size)
    components = int(component.max()) + 1
    label, share = np.empty(size, np.int64), np.ones(size)
    whole = _undividable(component, components, one, weight, strength, scale)
    simple = np.flatnonzero(whole[component])
    local = np.full(size, -1, np.int64)
    local[simple] = np.arange(len(simple))
    links = np.flatnonzero(local[one] >= 0)
    label[simple] = separated(
        local[one[links]], local[other[links]], weight[links], component[simple], inner[simple], config
    )
    next_label, runs = size, 0
    order, edge_order = np.argsort(component, kind="stable"), np.argsort(component[one], kind="stable")
    bounds = np.searchsorted(component[order], np.arange(components + 1))
    edge_bounds = np.searchsorted(component[one][edge_order], np.arange(components + 1))
    for number in np.flatnonzero(~whole):
        nodes = order[bounds[number] : bounds[number + 1]]
        links = edge_order[edge_bounds[number] : edge_bounds[number + 1]]
        local[nodes] = np.arange(len(nodes))
        piece = _Piece(
            local[one[links]],
            local[other[links]],
            weight[links],
            strength[nodes],
            inner[nodes],
            members[nodes],
            start[nodes],
        )
        found, sure = _solve(piece, scale, config)
        label[nodes], share[nodes] = next_label + found, sure
        next_label += len(nodes)
        runs += 1
    return Partition(numbered(label[node]), np.where(looked_at, share[node], stability), int(looked_at.sum()), runs)


def modularity(graph: Graph, label: Ints) -> float:
    """Newman's modularity of the whole graph at resolution 1; 0 for a graph without links."""
    total = graph.weight.sum()
    if not total:
        return 0.0
    strength = np.bincount(label, graph.strength())
    inside = graph.weight[label[graph.one] == label[graph.other]].sum()
    return float(inside / total - np.square(strength / (2 * total)).sum())


def _looked_at(before: Ints, touched: Bools) -> Bools:
    """Everybody new, and all members of a community one of whose members is touched."""
    known = before >= 0
    communities = np.zeros(int(before.max(initial=-1)) + 1, bool)
    communities[before[known & touched]] = True
    looked_at = ~known
    looked_at[known] = communities[before[known]]
    return looked_at


def _undividable(component: Ints, components: int, one: Ints, weight: Floats, strength: Floats, scale: float) -> Bools:
    """Components that no division can improve: what it gains is at most a quarter of the squared strength over the
    scale, and it costs at least the weakest link.
    """
    total = np.bincount(component, strength, components)
    weakest = np.full(components, np.inf)
    np.minimum.at(weakest, component[one], weight)
    # Without a link: a community left alone with nobody around it that is looked at.
    return np.square(total) / (4 * scale) < weakest


def _solve(piece: _Piece, scale: float, config: CommunityConfig) -> tuple[Ints, Floats]:
    """Communities of one piece, and the share of fresh runs that put each node there."""
    size = len(piece.strength)
    links = (piece.one, piece.other, piece.weight, piece.strength, scale)
    fresh = leiden_runs(*links, [f"fresh {seed}" for seed in range(config.seeds)], config.random_seed)
    # What most runs agree on, improved: nearer to the truth than any single run.
    together = np.mean([run[piece.one] == run[piece.other] for run in fresh], axis=0) > 0.5
    consensus = connected(piece.one[together], piece.other[together], size)
    (agreed,) = leiden_runs(*links, ["agreed"], config.random_seed, consensus)
    if (piece.before < 0).all():
        label = agreed
    else:
        kept = _in_one_piece(piece, _placed(piece))
        (warm,) = leiden_runs(*links, ["warm"], config.random_seed, kept)
        label = _better(piece, kept, warm, scale, config.margin)
        label = _better(piece, label, agreed, scale, config.margin)
    # The runs cannot see what is taken apart: a part is as stable as the community it is a part of.
    share = _shares(label, fresh, piece.members)
    return separated(piece.one, piece.other, piece.weight, label, piece.inner, config), share


def _placed(piece: _Piece) -> Ints:
    """Yesterday's communities, and each newcomer in the one it has the strongest links to; else in one of its own."""
    label = piece.before.copy()
    ends = np.concatenate([piece.one, piece.other]), np.concatenate([piece.other, piece.one])
    weight = np.concatenate([piece.weight, piece.weight])
    while True:
        into = (label[ends[0]] < 0) & (label[ends[1]] >= 0)
        if not into.any():
            break
        who, where, links = summed(ends[0][into], label[ends[1][into]], weight[into])
        # Strongest first, the smaller number among equals.
        order = np.lexsort((where, -links, who))
        first = order[np.concatenate([[True], np.diff(who[order]) != 0])]
        label[who[first]] = where[first]
    alone = np.flatnonzero(label < 0)
    label[alone] = label.max(initial=-1) + 1 + np.arange(len(alone))
    return label


def _in_one_piece(piece: _Piece, label: Ints) -> Ints:
    """A community whose last links between two parts are gone is two."""
    within = label[piece.one] == label[piece.other]
    return connected(piece.one[within], piece.other[within], len(label))


def _better(piece: _Piece, label: Ints, candidate: Ints, scale: float, margin: float) -> Ints:
    """Take the candidate's communities where they are worth it: group by group of communities that share people."""
    label, candidate = numbered(label), numbered(candidate)
    old, new = int(label.max()) + 1, int(candidate.max()) + 1
    group = connected(label, candidate + old, old + new)
    groups = int(group.max()) + 1
    gain = np.bincount(group[old:], _worth(piece, candidate, scale), groups)
    gain -= np.bincount(group[:old], _worth(piece, label, scale), groups)
    strength = np.bincount(group[label], piece.strength, groups)
    taken = gain > margin * strength
    return np.where(taken[group[label]], candidate + old, label)


def _worth(piece: _Piece, label: Ints, scale: float) -> Floats:
    """Weight inside each community less what its strength asks for; the sum is what Leiden maximises."""
    communities = int(label.max()) + 1
    within = label[piece.one] == label[piece.other]
    inside = np.bincount(label[piece.one[within]], piece.weight[within], communities)
    return inside - np.square(np.bincount(label, piece.strength, communities)) / (2 * scale)


def _shares(label: Ints, runs: list[Ints], members: Ints) -> Floats:
    """Share of runs in which each node is in its community: that one and the run's have most of each other."""
    label = numbered(label)
    agreeing = np.zeros(len(label))
    for run in runs:
        own, theirs, shared = summed(label, run, members.astype(np.float64))
        partner = np.full(int(label.max()) + 1, -1, np.int64)
        order = np.lexsort((theirs, -shared, own))
        first = order[np.concatenate([[True], np.diff(own[order]) != 0])]
        partner[own[first]] = theirs[first]
        back = np.full(int(run.max()) + 1, -1, np.int64)
        order = np.lexsort((own, -shared, theirs))
        first = order[np.concatenate([[True], np.diff(theirs[order]) != 0])]
        back[theirs[first]] = own[first]
        agreeing += (partner[label] == run) & (back[run] == label)
    return agreeing / len(runs)
