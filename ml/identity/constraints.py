"""What forbids a link: two anchors in one entity, two records that a person keeps apart.

Belongs here: which of the ordered links are followed. Does not belong here: their order (``evidence``).
"""

import numpy as np
import pandas as pd

from ml.identity.resolution import CANNOT_LINK, TWO_ANCHORS, labels_of


def follow(
    candidates: pd.DataFrame, parties: pd.DataFrame, apart: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray, pd.Series]:
    """Which candidate edges, in their order, are followed, and why the others are not.

    Only components that would hold two anchors or a pair to be kept apart are walked edge by edge; in all others
    every edge stands.

    Parameters
    ----------
    candidates : DataFrame
        ``party_id_a, party_id_b``, in the order in which they are followed.
    parties : DataFrame
        ``party_id`` (unique, sorted) and ``is_anchor``.
    apart : DataFrame
        ``override_id, party_id_a, party_id_b``: pairs that no entity may hold, both among ``parties``.

    Returns
    -------
    accepted : array of bool
    reason : array of object
        ``two_anchors`` or ``cannot_link`` where not accepted.
    against : Series of Int64
        The cannot-link (smallest ``override_id``) where it is the reason.
    """
    ids = pd.Index(parties["party_id"])
    left, right = ids.get_indexer(candidates["party_id_a"]), ids.get_indexer(candidates["party_id_b"])
    labels = labels_of(len(parties), left, right)
    one, other = ids.get_indexer(apart["party_id_a"]), ids.get_indexer(apart["party_id_b"])
    is_anchor = parties["is_anchor"].to_numpy(bool)
    crowded = np.bincount(labels, weights=is_anchor) > 1 if len(parties) else np.zeros(0, dtype=bool)
    met = labels[one] == labels[other]
    crowded[labels[one[met]]] = True

    accepted = np.ones(len(candidates), dtype=bool)
    reason = np.full(len(candidates), None, dtype=object)
    against: dict[int, int] = {}
    groups = _Groups(is_anchor, one[met], other[met], apart["override_id"].to_numpy("int64")[met])
    for position in np.flatnonzero(crowded[labels[left]]) if len(candidates) else []:
        refused = groups.join(int(left[position]), int(right[position]))
        if refused is None:
            continue
        accepted[position] = False
        reason[position] = refused[0]
        if refused[1] is not None:
            against[int(position)] = refused[1]
    numbers = pd.Series(against, dtype="Int64").reindex(range(len(candidates)))
    return accepted, reason, numbers.set_axis(candidates.index)


class _Groups:
    """Groups that grow by joining, and refuse what would put two anchors or a forbidden pair together."""

    def __init__(self, is_anchor: np.ndarray, one: np.ndarray, other: np.ndarray, override: np.ndarray) -> None:
        self._is_anchor = is_anchor
        self._leader: dict[int, int] = {}
        self._anchored: dict[int, bool] = {}
        # Per leader: which parties it holds that have an enemy, and each enemy with the decision that made it one.
        self._holds: dict[int, set[int]] = {}
        self._enemies: dict[int, dict[int, int]] = {}
        for decision, a, b in sorted(zip(override.tolist(), one.tolist(), other.tolist(), strict=True)):
            for party, enemy in ((a, b), (b, a)):
                self._holds.setdefault(party, set()).add(party)
                self._enemies.setdefault(party, {}).setdefault(enemy, decision)

    def join(self, left: int, right: int) -> tuple[str, int | None] | None:
        """Join the groups of two parties; why not, where it is refused."""
        one, other = self._find(left), self._find(right)
        if one == other:
            return None
        forbidden = self._forbidden(one, other)
        if forbidden is not None:
            return CANNOT_LINK, forbidden
        one_anchored = self._anchored.get(one, bool(self._is_anchor[one]))
        other_anchored = self._anchored.get(other, bool(self._is_anchor[other]))
        if one_anchored and other_anchored:
            return TWO_ANCHORS, None
        self._leader[other] = one
        self._anchored[one] = one_anchored or other_anchored
        if other in self._holds:
            self._holds.setdefault(one, set()).update(self._holds.pop(other))
            mine = self._enemies.setdefault(one, {})
            for enemy, decision in self._enemies.pop(other).items():
                mine[enemy] = min(decision, mine.get(enemy, decision))
        return None

    def _forbidden(self, one: int, other: int) -> int | None:
        if one not in self._holds or other not in self._holds:
            return None
        enemies, held = self._enemies[one], self._holds[other]
        met = [decision for enemy, decision in enemies.items() if enemy in held]
        return min(met) if met else None

    def _find(self, node: int) -> int:
        root = node
        while self._leader.setdefault(root, root) != root:
            root = self._leader[root]
        while self._leader[node] != root:
            self._leader[node], node = root, self._leader[node]
        return root
