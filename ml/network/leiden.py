"""Runs of igraph's Leiden that repeat.

Belongs here: the calls, and where their random numbers come from.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from ml.network.graph import Floats, Ints


def leiden_runs(
    one: Ints,
    other: Ints,
    weight: Floats,
    strength: Floats,
    scale: float,
    names: Sequence[str],
    random_seed: int,
    initial: Ints | None = None,
) -> list[Ints]:
    """Leiden at a fixed scale, once for each name, whose random numbers come from the name and ``random_seed``.

    Modularity with ``scale`` in place of the weight of all links: igraph's Potts model with strengths as node weights.
    ``strength`` may be more than the links given here, where a node stands for a community with links of its own.
    """
    import igraph

    graph = igraph.Graph(n=len(strength), edges=np.column_stack([one, other]))
    weights, strengths = weight.tolist(), strength.tolist()
    start = None if initial is None else numbered(initial).tolist()
    runs = []
    for name in names:
        with _randomness(random_seed, name):
            found = graph.community_leiden(
                "CPM", weights=weights, node_weights=strengths, resolution=1 / scale, initial_membership=start
            )
        runs.append(np.asarray(found.membership, np.int64))
    return runs


def modularity_run(one: Ints, other: Ints, weight: Floats, size: int, name: str, random_seed: int) -> Ints:
    """Leiden for plain modularity, once, without a past."""
    import igraph

    graph = igraph.Graph(n=size, edges=np.column_stack([one, other]))
    with _randomness(random_seed, name):
        found = graph.community_leiden("modularity", weights=weight.tolist())
    return np.asarray(found.membership, np.int64)


def numbered(label: Ints) -> Ints:
    """The same communities, numbered from 0."""
    return np.unique(label, return_inverse=True)[1].astype(np.int64)


@contextmanager
def _randomness(random_seed: int, name: str) -> Iterator[None]:
    """igraph draws from Python's generator; within this block from one of its own, so that a run repeats."""
    import igraph

    igraph.set_random_number_generator(random.Random(f"{random_seed} {name}"))  # noqa: S311  (nothing secret)
    try:
        yield
    finally:
        igraph.set_random_number_generator(random)
