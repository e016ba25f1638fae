"""From scored pairs to entities.

Belongs here: which records are one entity, given all pairs; a function of the whole set of pairs, whatever its order.
Does not belong here: probabilities.

Connected pairs chain: a and b, b and c, and soon a street is one person. So a component in which not every pair is a
match is put together again from single records, the most probable first, and two groups are joined only while the
*average* over all pairs between them reaches the threshold. A pair that was not compared, or fell below what is kept,
counts as no match.
"""

import heapq
import itertools
from collections.abc import Iterator

import numpy as np
import pandas as pd


def components(nodes: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The smallest node of the connected component of every node."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(nodes, nodes))
    _, labels = connected_components(graph, directed=False)
    first = np.full(labels.max(initial=-1) + 1, nodes, dtype=np.int64)
    np.minimum.at(first, labels, np.arange(nodes))
    return first[labels]


def entities(nodes: int, left: np.ndarray, right: np.ndarray, probability: np.ndarray, threshold: float) -> np.ndarray:
    """The smallest node of the entity of every node.

    Parameters
    ----------
    nodes : int
        Records, numbered in the order of their ids.
    left, right, probability : array
        Pairs, each once.
    threshold : float
        From which an average of probabilities joins two groups.
    """
    linked = probability >= threshold
    label = components(nodes, left[linked], right[linked])
    size = np.bincount(label, minlength=nodes)
    whole = np.bincount(label[left[linked]], minlength=nodes)
    # All pairs of a complete component are matches; nothing is to be decided there.
    open_ = whole < size * (size - 1) // 2
    inside = open_[label[left]] & (label[left] == label[right])
    for one, other in _grouped(label[left[inside]], left[inside], right[inside], probability[inside], threshold):
        label[np.array(one)] = other
    return label


def entity_frame(
    ids: pd.Series,
    left: np.ndarray,
    right: np.ndarray,
    probability: np.ndarray,
    threshold: float,
    uncompared: np.ndarray | None = None,
) -> pd.DataFrame:
    """``record_id, entity_id, confidence`` of records in the order of their ids.

    An entity is named by its smallest record. The confidence of a record is the probability of its best link within
    the entity, and of one that is alone, that it has no link; of those known to be ``uncompared`` there is none.
    """
    entity = entities(len(ids), left, right, probability, threshold)
    inside = entity[left] == entity[right]
    best, other = np.zeros(len(ids)), np.zeros(len(ids))
    for side in (left, right):
        np.maximum.at(best, side[inside], probability[inside])
        np.maximum.at(other, side[~inside], probability[~inside])
    alone = np.bincount(entity, minlength=len(ids))[entity] == 1
    confidence = np.where(alone, 1.0 - other, best)
    if uncompared is not None:
        confidence[alone & uncompared] = np.nan
    return pd.DataFrame(
        {
            "record_id": ids.reset_index(drop=True),
            "entity_id": ids.iloc[entity].reset_index(drop=True),
            "confidence": confidence,
        }
    )


def _grouped(
    component: np.ndarray, left: np.ndarray, right: np.ndarray, probability: np.ndarray, threshold: float
) -> Iterator[tuple[list[int], int]]:
    """Members and smallest node of every group."""
    order = np.lexsort((right, left, component))
    component, left, right, probability = component[order], left[order], right[order], probability[order]
    bounds = np.flatnonzero(np.r_[True, component[1:] != component[:-1], True]) if len(component) else np.zeros(1, int)
    for start, end in itertools.pairwise(bounds):
        part = slice(int(start), int(end))
        yield from _average_linkage(left[part].tolist(), right[part].tolist(), probability[part].tolist(), threshold)


def _average_linkage(
    left: list[int], right: list[int], probability: list[float], threshold: float
) -> Iterator[tuple[list[int], int]]:
    members: dict[int, list[int]] = {node: [node] for node in sorted({*left, *right})}
    between: dict[int, dict[int, float]] = {node: {} for node in members}
    heap: list[tuple[float, int, int]] = []
    for one, other, weight in zip(left, right, probability, strict=True):
        between[one][other] = between[other][one] = weight
        if weight >= threshold:
            heap.append((-weight, one, other))
    heapq.heapify(heap)
    while heap:
        average, one, other = heapq.heappop(heap)
        if one not in members or other not in members or other not in between[one]:
            continue
        if between[one][other] / (len(members[one]) * len(members[other])) != -average:
            continue  # the groups have changed since
        # `one` is the smaller node: the name of a group is its smallest member.
        members[one] += members.pop(other)
        for third, weight in between.pop(other).items():
            del between[third][other]
            if third != one:
                total = between[one].get(third, 0.0) + weight
                between[one][third] = between[third][one] = total
        for third, total in between[one].items():
            mean = total / (len(members[one]) * len(members[third]))
            if mean >= threshold:
                heapq.heappush(heap, (-mean, min(one, third), max(one, third)))
    for name, group in members.items():
        yield group, name
