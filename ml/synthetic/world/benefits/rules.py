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
    attributes : dict of str to array
        Numbers for ``<=`` and ``>=``, strings for ``=`` and ``in`` (values parted by commas). The shapes may differ as
        far as numpy spreads them: what does not change with the day stands there once.

    Returns
    -------
    array of bool
        Of the shape to which the attributes spread.

    Raises
    ------
    KeyError
        A rule speaks of an attribute or uses an operator that is unknown.
    """
    result = np.ones(np.broadcast_shapes(*(values.shape for values in attributes.values())), dtype=np.bool_)
    for scheme, attribute, comparison, value, _, _ in RULES:
        if scheme != scheme_id:
            continue
        values = attributes[attribute]
        if comparison in ("=", "in"):
            result &= np.isin(values, value.split(","))
        else:
            result &= _COMPARE[comparison](values, float(value))
    return result
