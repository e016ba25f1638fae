"""What communities look like: counts only, never a person."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def size_histogram(sizes: Mapping[int, int]) -> "Figure":
    """Communities by number of people, in steps of powers of two.

    Parameters
    ----------
    sizes : mapping of int to int
        Number of communities by number of people; may be empty.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    people, communities = np.array(list(sizes), int), np.array(list(sizes.values()), int)
    if len(people):
        step = np.floor(np.log2(people)).astype(int)
        counts = np.bincount(step, communities)
        labels = [f"{2**k}" if k == 0 else f"{2**k}-{2 ** (k + 1) - 1}" for k in range(len(counts))]
        axes.bar(labels, counts, color="#336699")
        axes.tick_params(axis="x", rotation=30)
    axes.set_xlabel("people of a community")
    axes.set_ylabel("communities")
    return figure
