"""The scale of communities: chosen once from a graph, without labels, then kept.

Belongs here: the choice. What the scale means stands in ``CommunityConfig``.
"""

import math
from itertools import combinations

import numpy as np

from ml.network.config import CommunityConfig
from ml.network.graph import Floats, Graph, Ints, summed
from ml.network.leiden import leiden_runs
from ml.network.partition import modularity

# Candidates: times the squared mean link weight of a person. About so many people squared are where two groups with
# one link between them fall apart: families at one end, whole towns at the other.
FACTORS = (10, 30, 100, 300, 1_000, 3_000)
# Where several agree equally (small groups without links between them say nothing): communities of a dozen to hundreds.
USUAL_FACTOR = 300
SEEDS = 2
# One community of everybody, and everybody alone, repeat perfectly and say nothing: a candidate must reach this share
# of the best modularity among the candidates. 2026-11: on planted graphs with communities of 2-8, 4-40, 4-400 and
# 50-2000 people the candidate with the most agreement was the one nearest to the plant in each.
LEAST_MODULARITY = 0.85
# A portfolio's first loads are a few links; from so many times as many on it is another graph.
OUTGROWN = 4


def choose_scale(graph: Graph, config: CommunityConfig) -> float:
    """The candidate whose fresh runs agree most with each other (adjusted Rand index).

    Where the structure of a graph has a size, runs at that size repeat; below they cut communities at random, above
    they join them at random.

    Parameters
    ----------
    graph : Graph
        With at least one link.
    config : CommunityConfig
        Its ``random_seed``.
    """
    strength = graph.strength()
    candidates = [round_scale(factor * float(strength.mean()) ** 2) for factor in FACTORS]
    agreement, quality = np.empty(len(candidates)), np.empty(len(candidates))
    for position, scale in enumerate(candidates):
        names = [f"scale {seed}" for seed in range(SEEDS)]
        runs = leiden_runs(graph.one, graph.other, graph.weight, strength, scale, names, config.random_seed)
        agreement[position] = np.mean([rand_index(one, other) for one, other in combinations(runs, 2)])
        quality[position] = np.mean([modularity(graph, run) for run in runs])
    eligible = quality >= LEAST_MODULARITY * quality.max()
    best = agreement[eligible].max()
    found = zip(FACTORS, candidates, eligible, agreement, strict=True)
    equals = [(factor, scale) for factor, scale, is_eligible, share in found if is_eligible and share >= best]
    return min(equals, key=lambda pair: abs(math.log(pair[0] / USUAL_FACTOR)))[1]


def is_outgrown(chosen_for_links: int, links: int) -> bool:
    """True where the graph has so many more or fewer links than the scale was chosen for that it is chosen anew.

    Rare on purpose: a new scale renames nothing, yet moves many borders at once.
    """
    return not chosen_for_links / OUTGROWN <= links <= chosen_for_links * OUTGROWN


def rand_index(one: Ints, other: Ints) -> float:
    """Adjusted Rand index of two partitions of the same people (Hubert and Arabie 1985): 1 for equal, 0 for chance."""
    _, _, both = summed(one, other, np.ones(len(one)))
    pairs = (both * (both - 1)).sum() / 2
    a, b = _pairs(np.bincount(one)), _pairs(np.bincount(other))
    total = len(one) * (len(one) - 1) / 2
    expected = a * b / total if total else 0.0
    highest = (a + b) / 2
    return 1.0 if highest == expected else float((pairs - expected) / (highest - expected))


def round_scale(scale: float) -> float:
    """Two significant digits: more would only look exact."""
    return float(f"{scale:.1e}")


def _pairs(sizes: Ints | Floats) -> float:
    counts = sizes.astype(np.float64)
    return float((counts * (counts - 1)).sum() / 2)
