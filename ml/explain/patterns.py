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

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
# Values of a block of rows and the block's contributions stay in the processor's cache.
_BLOCK_ROWS = 8192
# LightGBM takes values this close to zero for zero; it holds the constant in single precision.
_ZERO = float(np.float32(1e-35))


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

    def ranks(self, values: Floats) -> list[NDArray[np.unsignedinteger]]:
        kind = np.uint8 if len(self.cuts) + 1 <= np.iinfo(np.uint8).max else np.uint32
        # NaN is sorted behind everything else: its rank is the highest.
        plain = np.searchsorted(self.cuts, values).astype(kind) + kind(1)
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
        starts = range(0, len(X), _BLOCK_ROWS)

        def fill(start: int) -> None:
            rows = slice(start, start + _BLOCK_ROWS)
            self._add(np.ascontiguousarray(X[rows].T), found[:, rows])

        # numpy lets go of the interpreter in most of what a block does, so threads share the work.
        workers = min(len(starts), os.cpu_count() or 1)
        if workers > 1:
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(fill, starts))
        else:
            for start in starts:
                fill(start)
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
    # A random forest averages its trees, boosting sums them.
    scale = 1.0 / max(len(trees), 1) if dump["average_output"] else 1.0
    features, rankings = _rank_features(node for paths in trees for _, path in paths for node, _ in path)
    base, tables = 0.0, []
    for paths in trees:
        if len(paths) == 1:
            base += paths[0][0]["leaf_value"]
            continue
        rows = paths[0][1][0][0]["internal_count"]
        base += sum(leaf["leaf_value"] * (leaf["leaf_count"] / rows) for leaf, _ in paths)
        halves = [[p for p in paths if p[1][0][1] is is_left] for is_left in (True, False)]
        for part in [paths] if len(paths) - 1 <= _BITS else halves:
            tables.append(_table(part, rankings, scale))
    return PatternTables(scale * base, dump["max_feature_idx"] + 1, features, tuple(tables))


def _paths(root: Node) -> list[tuple[Node, Path]] | None:
    """Each leaf with the nodes that lead to it and whether left at each; None where a tree can't be tabulated."""
    found, waiting = [], [(root, ())]  # type: ignore[var-annotated]
    while waiting:
        node, path = waiting.pop()
        if "leaf_const" in node:
            raise ValueError("trees with linear models in their leaves have no exact SHAP: train without linear_tree")
        if len(path) > MAX_DEPTH or not node.get("leaf_count", node.get("internal_count", 1)) > 0:
            return None
        if "split_feature" not in node:
            found.append((node, path))
            continue
        if node["decision_type"] != "<=":
            return None
        waiting += [(node["left_child"], (*path, (node, True))), (node["right_child"], (*path, (node, False)))]
    return found


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
    """The threshold that treats every value between -_ZERO and _ZERO like 0, as LightGBM does."""
    if -_ZERO <= threshold < 0.0:
        return float(np.nextafter(-_ZERO, -np.inf))
    return _ZERO if 0.0 <= threshold < _ZERO else threshold


def _table(paths: list[tuple[Node, Path]], rankings: dict[int, tuple[int, int]], scale: float) -> _Table:
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
            share[row, at] *= child.get("leaf_count", child.get("internal_count")) / node["internal_count"]
    patterns = np.arange(1 << len(nodes))
    leads = (patterns[None, :, None] & read[:, None, :]) == wanted[:, None, :]
    value = scale * np.array([leaf["leaf_value"] for leaf, _ in paths])
    parts = value[:, None, None] * _shapley(leads.astype(float), share[:, None, :])
    table = np.zeros((len(columns), len(patterns)))
    np.add.at(table, slot, parts.transpose(0, 2, 1))
    return _Table(tuple(rankings[id(node)] for node in nodes), tuple(columns), table)


def _shapley(known: Floats, expected: Floats) -> Floats:
    """Shapley values of the four factors of a product (last axis): each known, or replaced by what is expected."""
    points, weights = np.polynomial.legendre.leggauss(MAX_DEPTH // 2)
    total = np.zeros(np.broadcast_shapes(known.shape, expected.shape))
    for t, weight in zip((points + 1) / 2, weights / 2, strict=True):
        mixed = t * known + (1 - t) * expected
        for i in range(MAX_DEPTH):
            total[..., i] += weight * np.delete(mixed, i, axis=-1).prod(axis=-1)
    return (known - expected) * total
