"""Decides by the rules, as data, who may have a scheme."""

import operator

import numpy as np

from ml.synthetic.arrays import BoolArray
from ml.synthetic.world.reference.schemes import RULES

_COMPARE = {"<=": operator.le, ">=": operator.ge}


def eligible(scheme_id: str, attributes: dict[str, np.ndarray]) -> BoolArray:
    """Whether all rules of a scheme hold.

    Parameters
    ----------
    scheme_id : str
        Key of ``SCHEMES``.
    attributes : dict of str to array, shape (n,)
        Numbers for ``<=`` and ``>=``, strings for ``=`` and ``in`` (values parted by commas).

    Returns
    -------
    array of bool, shape (n,)

    Raises
    ------
    KeyError
        A rule speaks of an attribute or uses an operator that is unknown.
    """
    result = np.ones(len(next(iter(attributes.values()))), dtype=np.bool_)
    for scheme, attribute, comparison, value, _, _ in RULES:
        if scheme != scheme_id:
            continue
        values = attributes[attribute]
        if comparison in ("=", "in"):
            result &= np.isin(values, value.split(","))
        else:
            result &= _COMPARE[comparison](values, float(value))
    return result
