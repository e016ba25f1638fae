"""Exact TreeSHAP of shallow LightGBM trees by lookup: a row's decisions in a tree are a pattern, each pattern's
contributions are computed once.

Belongs here: reading a booster's trees, the table of each, looking rows up. What the contributions mean is in
``ml.explain.additive``.

A tree of depth 4 at most has few inner nodes. Whether a row goes left at each of them, its *pattern*, decides all
of its contributions, also those that depend on where it would have gone otherwise. Up to 8 inner nodes are one
table with a pattern of one byte; a tree with more is two tables, one for the leaves of each half, both with the
root's decision in their pattern.

A leaf with value v adds ``v * prod(o_j)`` to the prediction, where o_j says whether the decisions of feature j lead
to it. A feature that is not known counts with z_j, the share of training rows that its decisions send towards the
leaf. The Shapley value of feature i in this product is

    v * (o_i - z_i) * integral over t from 0 to 1 of prod over j != i of (t * o_j + (1 - t) * z_j)

(the integral of the multilinear extension: Owen 1972, Management Science 18; TreeSHAP with path-dependent
expectations: Lundberg et al. 2020, Nature Machine Intelligence 2). With at most four features on a path the integrand
is a cubic in t, for which Gauss-Legendre quadrature of two points is exact.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import lightgbm as lgb

Floats = NDArray[np.float64]
Node = dict[str, Any]
Path = tuple[tuple[Node, bool], ...]

MAX_DEPTH = 4
_BITS = 8
_KNOWN_BITS = 1 << np.arange(MAX_DEPTH)
_OTHERS = [[j for j in range(MAX_DEPTH) if j != i] for i in range(MAX_DEPTH)]
_GAUSS_POINTS = ((1 - 3**-0.5) / 2, (1 + 3**-0.5) / 2)  # on [0, 1], of weight 1/2 each
# Rows looked up at a time: enough to make the calls of numpy cheap, few enough to bound the memory. One thread does:
# a second one, tried beside other work on two cores, gained nothing.
_BLOCK_ROWS = 32_768
# LightGBM takes values this close to zero for zero; it holds the constant in single precision.
_ZERO = float(np.float32(1e-35))
_INFINITY_IN_DUMP = 1e300


@dataclass(frozen=True)
class _Feature:
    """How the values of one feature are ranked.

    A value's rank is 1 plus the number of ``cuts`` below it, so it goes left at cut c where its rank is at most 1 + c.
    What counts as missing gets a rank below or above all: one ranking for each of ``missing``, the pairs (missing
    type, goes left) that the trees use.
    """

    column: int
    cuts: Floats
    missing: tuple[tuple[str, bool], ...]

    def ranks(self, values: Floats) -> list[NDArray[Any]]:
        kind = np.min_scalar_type(len(self.cuts) + 1)
        # NaN is sorted behind everything else: its rank is the highest.
        plain = (np.searchsorted(self.cuts, values) + 1).astype(kind)
        is_nan = np.isnan(values)
        found = []
        for missing, goes_left in self.missing:
            rank = plain.copy()
            if missing == "None":
                rank[is_nan] = 1 + np.searchsorted(self.cuts, 0.0)
            else:
                is_missing = is_nan | (np.abs(values) <= _ZERO) if missing == "Zero" else is_nan
                rank[is_missing] = 0 if goes_left else len(self.cuts) + 1
            found.append(rank)
        return found


@dataclass(frozen=True)
class _Table:
    """Contributions by pattern, for the leaves of a tree or of half a tree.

    Attributes
    ----------
    decisions : tuple of (int, int)
        Ranking and highest rank that goes left, from the highest bit of the pattern to the lowest.
    columns : tuple of int
        The f features that the decisions read.
    values : ndarray of shape (f, 2 ** decisions)
    """

    decisions: tuple[tuple[int, int], ...]
    columns: tuple[int, ...]
    values: Floats


@dataclass(frozen=True)
class PatternTables:
    """A booster as tables; see :func:`tabulate`.

    Attributes
    ----------
    base : float
        Expected value: what LightGBM gives as the last column of ``pred_contrib``.
    n_features : int
        Columns a row has.
    """

    base: float
    n_features: int
    features: tuple[_Feature, ...]
    tables: tuple[_Table, ...]

    def contributions(self, X: Floats) -> Floats:
        """Contribution of each feature in each row: shape (n, k), as ``X``.

        Beside the result, memory is needed for a few blocks of rows only.

        Raises
        ------
        ValueError
            If ``X`` has another number of columns than the booster was trained on.
        """
        X = np.asarray(X, dtype=float)
        if X.ndim != 2 or X.shape[1] != self.n_features:
            raise ValueError(
                f"the model explains rows of {self.n_features} features, found an array of shape {X.shape}: "
                "give the columns the model was trained on"
            )
        # Feature by feature, as it is written; the caller sees rows.
        found = np.zeros((self.n_features, len(X)))
        for start in range(0, len(X), _BLOCK_ROWS):
            rows = slice(start, start + _BLOCK_ROWS)
            self._add(np.ascontiguousarray(X[rows].T), found[:, rows])
        return found.T

    def _add(self, columns: Floats, found: Floats) -> None:
        """Add the contributions of a block of b rows, both arrays of shape (k, b)."""
        ranks = [rank for feature in self.features for rank in feature.ranks(columns[feature.column])]
        pattern, goes_left = np.empty(columns.shape[1], np.uint8), np.empty(columns.shape[1], np.bool_)
        looked_up = np.empty((_BITS, columns.shape[1]))
        for table in self.tables:
            pattern[:] = 0
            for ranking, highest in table.decisions:
                np.less_equal(ranks[ranking], highest, out=goes_left)
                np.add(pattern, pattern, out=pattern)
                np.bitwise_or(pattern, goes_left.view(np.uint8), out=pattern)
            parts = looked_up[: len(table.columns)]
            # A pattern is never out of bounds; "clip" only spares take the copy that it makes to be able to raise.
            np.take(table.values, pattern.astype(np.intp), axis=1, out=parts, mode="clip")
            for column, part in zip(table.columns, parts, strict=True):
                found[column] += part


def tabulate(booster: "lgb.Booster") -> PatternTables | None:
    """Tables of a booster's trees, as far as ``booster.predict`` uses them.

    They explain its raw score, which is the sum over its trees (for a random forest, too).

    Returns
    -------
    PatternTables or None
        None where the tables would not be small or exact: a tree deeper than 4, a categorical split (its decision is a
        set, not a cut), a node without training rows (its expectation is not defined).

    Raises
    ------
    ValueError
        If the booster has several outputs a row, or linear models in its leaves.
    """
    dump = booster.dump_model()
    if dump["num_tree_per_iteration"] != 1:
        raise ValueError(
            f"a model with one output a row can be explained, found {dump['num_tree_per_iteration']} (multiclass): "
            "train one booster a class"
        )
    trees = []
    for tree in dump["tree_info"]:
        paths = _paths(tree["tree_structure"])
        if paths is None:
            return None
        trees.append(paths)
    features, rankings = _rank_features(node for paths in trees for _, path in paths for node, _ in path)
    base, tables = 0.0, []
    for paths in trees:
        if len(paths) == 1:
            base += paths[0][0]["leaf_value"]
            continue
        root = paths[0][1][0][0]
        base += sum(leaf["leaf_value"] * _rows(leaf) / _rows(root) for leaf, _ in paths)
        halves = [[p for p in paths if p[1][0][1] is is_left] for is_left in (True, False)]
        for part in [paths] if len(paths) - 1 <= _BITS else halves:
            tables.append(_table(part, rankings))
    return PatternTables(base, dump["max_feature_idx"] + 1, features, tuple(tables))


def _paths(root: Node) -> list[tuple[Node, Path]] | None:
    """Each leaf with the nodes that lead to it and whether left at each; None where a tree can't be tabulated."""
    found: list[tuple[Node, Path]] = []
    waiting: list[tuple[Node, Path]] = [(root, ())]
    while waiting:
        node, path = waiting.pop()
        if "leaf_const" in node:
            raise ValueError("trees with linear models in their leaves have no exact SHAP: train without linear_tree")
        if "split_feature" not in node:
            found.append((node, path))
            continue
        if len(path) == MAX_DEPTH or node["decision_type"] != "<=" or node["internal_count"] <= 0:
            return None
        waiting += [(node["left_child"], (*path, (node, True))), (node["right_child"], (*path, (node, False)))]
    return found


def _rows(node: Node) -> int:
    """Training rows of a node."""
    return int(node["internal_count"] if "split_feature" in node else node["leaf_count"])


def _rank_features(nodes: Iterator[Node]) -> tuple[tuple[_Feature, ...], dict[int, tuple[int, int]]]:
    """Features to rank, and of each node (by ``id``) its ranking and the highest rank that goes left."""
    by_column: dict[int, dict[int, Node]] = {}
    for node in nodes:
        by_column.setdefault(node["split_feature"], {})[id(node)] = node
    features, decisions, first = [], {}, 0
    for column, own in sorted(by_column.items()):
        cuts = np.unique([_cut(node["threshold"]) for node in own.values()])
        missing = sorted({(node["missing_type"], node["default_left"]) for node in own.values()})
        features.append(_Feature(column, cuts, tuple(missing)))
        for key, node in own.items():
            ranking = first + missing.index((node["missing_type"], node["default_left"]))
            decisions[key] = (ranking, 1 + int(np.searchsorted(cuts, _cut(node["threshold"]))))
        first += len(missing)
    return tuple(features), decisions


def _cut(threshold: float) -> float:
    """The threshold as LightGBM decides by it: every value between -_ZERO and _ZERO is like 0, and what a dump writes
    for infinity ("missing or not") is infinity."""
    if threshold >= _INFINITY_IN_DUMP:
        return float("inf")
    if -_ZERO <= threshold < 0.0:
        return float(np.nextafter(-_ZERO, -np.inf))
    return _ZERO if 0.0 <= threshold < _ZERO else threshold


def _table(paths: list[tuple[Node, Path]], rankings: dict[int, tuple[int, int]]) -> _Table:
    """Table of the leaves of a tree or of half a tree."""
    nodes = list({id(node): node for _, path in paths for node, _ in path}.values())
    bit = {id(node): 1 << at for at, node in enumerate(reversed(nodes))}
    columns = sorted({node["split_feature"] for node in nodes})
    # Of each leaf and each feature on its path: which bits it reads, which of them lead to the leaf, the share of rows
    # that does. What is left of the four stands for a feature that leads everywhere: it contributes nothing.
    shape = (len(paths), MAX_DEPTH)
    read, wanted, share, slot = np.zeros(shape, int), np.zeros(shape, int), np.ones(shape), np.zeros(shape, int)
    for row, (leaf, path) in enumerate(paths):
        order: dict[int, int] = {}
        below = [node for node, _ in path[1:]] + [leaf]
        for (node, is_left), child in zip(path, below, strict=True):
            at = order.setdefault(node["split_feature"], len(order))
            slot[row, at] = columns.index(node["split_feature"])
            read[row, at] |= bit[id(node)]
            wanted[row, at] |= bit[id(node)] * is_left
            share[row, at] *= _rows(child) / _rows(node)
    patterns = np.arange(1 << len(nodes))
    leads = (patterns[None, :, None] & read[:, None, :]) == wanted[:, None, :]
    values = np.array([leaf["leaf_value"] for leaf, _ in paths])
    parts = values[:, None, None] * _shapley(share)
    # From (leaf, features known to lead there, feature) to (leaf, pattern, feature).
    parts = parts[np.arange(len(paths))[:, None], leads @ _KNOWN_BITS]
    table = np.zeros((len(columns), len(patterns)))
    for row, at in np.ndindex(shape):
        table[slot[row, at]] += parts[row, :, at]
    return _Table(tuple(rankings[id(node)] for node in nodes), tuple(columns), table)


def _shapley(share: Floats) -> Floats:
    """Shapley values of four factors that are 1 or 0 where known and ``share`` where not: (m, 4) to (m, 16, 4).

    The second axis is which of the factors are 1, as the bits of its position.
    """
    known = (np.arange(1 << MAX_DEPTH)[:, None] & _KNOWN_BITS > 0).astype(float)
    expected = share[:, None, :]
    integral = np.zeros((len(share), *known.shape))
    for t in _GAUSS_POINTS:
        mixed = t * known + (1 - t) * expected
        for i, others in enumerate(_OTHERS):
            integral[..., i] += 0.5 * mixed[..., others].prod(axis=-1)
    return (known - expected) * integral
