"""The strongest contributions of each row as reasons in words, at most one a cause.

Belongs here: which reasons a row has, and in what form they are given. How they are worded is in
``ml.explain.wording``.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.explain.additive import Contributions
from ml.explain.catalogue import causes_of
from ml.explain.wording import Wording, wordings

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

# Rows ranked at a time; bounds the memory.
_BLOCK_ROWS = 32_768
_NONE = -1


def reasons(
    contributions: Contributions,
    X: Floats,
    features: Sequence[str],
    *,
    usual: Mapping[str, float | None],
    catalogue: Any = None,
    top: int = 3,
) -> list[list[dict[str, Any]]]:
    """The ``top`` reasons of each row, strongest first.

    A row above the base is explained by what raises it most, a row below by what lowers it most: the reasons
    answer "why is this score not the usual one", so the base should be the score of the usual values (see
    :meth:`Contributions.relative_to`).

    Features of one cause are one reason: what they contribute is summed, and the one that contributes most in the
    row's direction speaks for them. A cause that contributes nothing or pulls the other way is no reason, nor does a
    feature speak whose value reads like the usual one; so a row may have fewer than ``top``. Where nothing is left,
    the strongest cause of the other direction is given alone. Of equals the one whose feature stands first comes
    first.

    Parameters
    ----------
    contributions : Contributions
        Of the same rows and features.
    X : ndarray of shape (n, k)
        Feature values as given (missing allowed).
    features : sequence of str
        Names of the k columns.
    usual : mapping
        Usual value of each feature (the training median); None where there is none.
    catalogue : mapping or Catalogue, optional
        Gives of each feature ``reason_text`` (template with ``{value}`` and ``{usual}``), ``unit``, and ``cause``
        (where it has none, its ``signal`` is its cause, else its name). A ratio whose place is followed by " %" is
        written as a percentage.
    top : int
        Reasons a row, at most.

    Returns
    -------
    list of list of dict
        ``cause, feature, value, contribution (of the cause, in log-odds), direction ("raises" or "lowers"), text`` in
        plain JSON types.
    """
    found: list[list[dict[str, Any]]] = []
    for ranked in _ranked(contributions, X, features, usual, catalogue, top):
        found += ranked.rows()
    return found


def reasons_json(
    contributions: Contributions,
    X: Floats,
    features: Sequence[str],
    *,
    usual: Mapping[str, float | None],
    catalogue: Any = None,
    top: int = 3,
) -> list[str]:
    """What :func:`reasons` gives, each row as JSON text: for many rows that are written to a table.

    Returns
    -------
    list of str
        ``json.dumps`` of each row's reasons.
    """
    found: list[str] = []
    for ranked in _ranked(contributions, X, features, usual, catalogue, top):
        found += ranked.json()
    return found


@dataclass(frozen=True)
class _Ranked:
    """The reasons of b rows, strongest first.

    Attributes
    ----------
    feature : ndarray of shape (b, top)
        Column of the feature that speaks; -1 behind a row's last reason.
    contribution : ndarray of shape (b, top)
        Of the cause.
    columns : ndarray of shape (k, b)
        Values of the features.
    """

    feature: Ints
    contribution: Floats
    columns: Floats
    causes: Sequence[str]
    wordings: Sequence[Wording]

    def rows(self) -> list[list[dict[str, Any]]]:
        """Each row's reasons."""
        flat = [
            {
                "cause": self.causes[at],
                "feature": self.wordings[at].name,
                "value": number if math.isfinite(number) else None,
                "contribution": part,
                "direction": _direction(part),
                "text": text,
            }
            for at, number, part, text in self._flat()
        ]
        return [flat[of_row] for of_row in self._slices()]

    def json(self) -> list[str]:
        """``json.dumps`` of each row's reasons, without a dict a reason."""
        encode = json.JSONEncoder().encode
        heads = [
            f'{{"cause": {encode(cause)}, "feature": {encode(wording.name)}, "value": '
            for cause, wording in zip(self.causes, self.wordings, strict=True)
        ]
        flat = [
            f'{heads[at]}{number if math.isfinite(number) else "null"}, "contribution": {part}, '
            f'"direction": "{_direction(part)}", "text": {encode(text)}}}'
            for at, number, part, text in self._flat()
        ]
        return [f"[{', '.join(flat[of_row])}]" for of_row in self._slices()]

    def _flat(self) -> Iterator[tuple[int, float, float, str]]:
        """Feature, value, contribution and sentence of every reason, row by row."""
        has = self.feature != _NONE
        feature = self.feature[has]
        value = self.columns[feature, np.nonzero(has)[0]]
        parts = (feature, value, self.contribution[has], self._texts(feature, value))
        return zip(*(part.tolist() for part in parts), strict=True)

    def _slices(self) -> list[slice]:
        """Where the reasons of each row are among all."""
        ends = np.cumsum((self.feature != _NONE).sum(axis=1)).tolist()
        return [slice(start, end) for start, end in zip([0, *ends[:-1]], ends, strict=True)]

    def _texts(self, feature: Ints, value: Floats) -> NDArray[np.object_]:
        """The sentence of each reason; the values of a feature are written together."""
        found = np.empty(len(feature), dtype=object)
        order = np.argsort(feature, kind="stable")
        for alike in np.split(order, np.flatnonzero(np.diff(feature[order])) + 1):
            if len(alike):
                found[alike] = self.wordings[feature[alike[0]]].texts(value[alike])
        return found


def _direction(contribution: float) -> str:
    return "raises" if contribution > 0 else "lowers"


def _ranked(
    contributions: Contributions,
    X: Floats,
    features: Sequence[str],
    usual: Mapping[str, float | None],
    catalogue: Any,
    top: int,
) -> Iterator[_Ranked]:
    """The reasons of all rows, block by block."""
    causes, worded = causes_of(catalogue, features), wordings(features, usual, catalogue)
    groups, top = _Groups.of(causes), min(top, len(set(causes)))
    for start in range(0, len(X), _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        block = Contributions(contributions.values[rows], contributions.base)
        columns = np.ascontiguousarray(X[rows].T)
        differs = np.array([wording.differs(column) for wording, column in zip(worded, columns, strict=True)])
        away = np.where(block.log_odds >= block.base, 1.0, -1.0)
        parts = np.ascontiguousarray(block.values.T)
        feature, strength = groups.strongest(parts * away, differs, top)
        if top and (silent := np.flatnonzero(feature[:, 0] == _NONE)).size:
            against = parts[:, silent] * -away[silent]
            feature[silent, :1], strength[silent, :1] = groups.strongest(against, differs[:, silent], 1)
            away[silent] *= -1.0
        yield _Ranked(feature, strength * away[:, None], columns, causes, worded)


@dataclass(frozen=True)
class _Groups:
    """Features by cause.

    Attributes
    ----------
    order : ndarray of shape (k,)
        The features of the first cause, then those of the second, and so on.
    starts, sizes : ndarray of shape (causes,)
        Where each cause's features are in ``order``.
    """

    order: Ints
    starts: Ints
    sizes: Ints

    @classmethod
    def of(cls, causes: Sequence[str]) -> "_Groups":
        number = {cause: at for at, cause in enumerate(dict.fromkeys(causes))}
        of_feature = np.array([number[cause] for cause in causes], dtype=np.intp)
        sizes = np.bincount(of_feature, minlength=len(number))
        return cls(np.argsort(of_feature, kind="stable"), np.cumsum(sizes) - sizes, sizes)

    def strongest(self, strength: Floats, differs: NDArray[np.bool_], top: int) -> tuple[Ints, Floats]:
        """The ``top`` strongest causes of each row: the feature that speaks and the cause's strength, (b, top).

        ``strength`` and ``differs`` have the shape (k, b). Behind a row's last cause stands -1, with strength 0.
        """
        b = strength.shape[1]
        found, of_cause = np.full((b, top), _NONE, dtype=np.intp), np.zeros((b, top))
        if top == 0 or b == 0:
            return found, of_cause
        strength = strength[self.order]
        speaks = np.where(differs[self.order], strength, 0.0)
        total = np.add.reduceat(strength, self.starts, axis=0)
        total[np.maximum.reduceat(speaks, self.starts, axis=0) <= 0.0] = 0.0
        total = np.ascontiguousarray(total.T)
        within, rows = np.arange(self.sizes.max()), np.arange(b)
        for place in range(top):
            # The first of equals: argmax gives the first.
            cause = total.argmax(axis=1)
            of_cause[:, place] = np.maximum(total[rows, cause], 0.0)
            total[rows, cause] = 0.0
            member = np.minimum(self.starts[cause][:, None] + within, len(self.order) - 1)
            own = np.where(within < self.sizes[cause][:, None], speaks[member, rows[:, None]], 0.0)
            speaker = self.order[member[rows, own.argmax(axis=1)]]
            found[:, place] = np.where(of_cause[:, place] > 0.0, speaker, _NONE)
        return found, of_cause
