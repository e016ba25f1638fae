"""A list of links as arrays: people sorted, each pair once, so that the order of the input never matters.

Belongs here: the graph itself. Communities are found in ``partition``.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

EDGE_COLUMNS = ["gr_id_a", "gr_id_b", "weight"]
# Weights are compared to so many decimals; less is noise of a float sum.
DECIMALS = 6

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class NetworkError(ValueError):
    """The links cannot be a graph; the message says which column, what was seen and what was expected."""


@dataclass(frozen=True)
class Graph:
    """An undirected weighted graph.

    Attributes
    ----------
    people : array of str, shape (n,)
        Sorted.
    one, other : array of int, shape (m,)
        Positions in ``people``; ``one < other``, sorted by both.
    weight : array of float, shape (m,)
        Above 0.
    """

    people: npt.NDArray[np.object_]
    one: Ints
    other: Ints
    weight: Floats

    @property
    def size(self) -> int:
        """People."""
        return len(self.people)

    def strength(self) -> Floats:
        """Weight of all links of each person."""
        both = np.concatenate([self.weight, self.weight])
        return np.bincount(np.concatenate([self.one, self.other]), both, self.size).astype(np.float64)

    def links_hash(self) -> Ints:
        """For each person a number that changes with its neighbours and their weights, and with nothing else."""
        if not self.size:
            return np.empty(0, np.int64)
        person = pd.util.hash_array(self.people, categorize=False)
        scaled = np.round(self.weight * 10**DECIMALS).astype(np.uint64)
        total = np.zeros(self.size, np.uint64)
        # Sums of mixed numbers do not depend on order; unsigned overflow is part of a hash.
        np.add.at(total, self.one, _mixed(person[self.other], scaled))
        np.add.at(total, self.other, _mixed(person[self.one], scaled))
        return total.view(np.int64)


def build_graph(edges: pd.DataFrame) -> Graph:
    """Links to a graph: each pair once with the sum of its weights, nobody linked to themselves.

    Parameters
    ----------
    edges : DataFrame
        ``gr_id_a, gr_id_b, weight``; in any order and direction, a pair may stand several times.

    Raises
    ------
    NetworkError
        A column is missing, an id is missing, or a weight is not a number above 0.
    """
    if missing := [column for column in EDGE_COLUMNS if column not in edges.columns]:
        raise NetworkError(
            f"edges lack the columns {missing}; they have {list(edges.columns)}, expected {EDGE_COLUMNS}"
        )
    for column in EDGE_COLUMNS[:2]:
        if empty := int(edges[column].isna().sum()):
            raise NetworkError(f"edges.{column} is missing in {empty} rows; leave out links that lack an end")
    weight = edges["weight"].to_numpy(np.float64)
    if wrong := int((~np.isfinite(weight) | (weight <= 0)).sum()):
        raise NetworkError(f"edges.weight is no number above 0 in {wrong} rows; leave out links that count nothing")
    ends = pd.concat([edges["gr_id_a"], edges["gr_id_b"]], ignore_index=True)
    codes, people = pd.factorize(ends.astype(object), sort=True)
    a, b = codes[: len(edges)].astype(np.int64), codes[len(edges) :].astype(np.int64)
    apart = a != b
    one, other, weight = np.minimum(a, b)[apart], np.maximum(a, b)[apart], weight[apart]
    one, other, weight = summed(one, other, weight)
    # Someone linked only to themselves is not part of the graph.
    linked, positions = np.unique(np.concatenate([one, other]), return_inverse=True)
    return Graph(
        np.asarray(people, object)[linked],
        positions[: len(one)],
        positions[len(one) :],
        np.maximum(np.round(weight, DECIMALS), 10.0**-DECIMALS),
    )


def summed(one: Ints, other: Ints, weight: Floats) -> tuple[Ints, Ints, Floats]:
    """Pairs sorted, each once, with the sum of its weights."""
    # By weight too: a float sum depends on its order.
    order = np.lexsort((weight, other, one))
    one, other, weight = one[order], other[order], weight[order]
    if not len(one):
        return one, other, weight
    starts = np.flatnonzero(np.concatenate([[True], (np.diff(one) != 0) | (np.diff(other) != 0)]))
    return one[starts], other[starts], np.add.reduceat(weight, starts)


def connected(one: Ints, other: Ints, size: int) -> Ints:
    """Number of the connected component of each of ``size`` nodes, in the order of their first nodes."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not size:
        return np.empty(0, np.int64)
    matrix = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(size, size))
    return connected_components(matrix, directed=False)[1].astype(np.int64)


def _mixed(person: npt.NDArray[np.uint64], scaled: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """One well-spread number of a neighbour and a weight (the finaliser of splitmix64)."""
    value = person ^ (scaled * np.uint64(0x9E3779B97F4A7C15))
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
