"""Communities that are two or more by what holds them together inside.

A fixed scale cannot see groups whose links together weigh less than it: a dozen people who fell out with another dozen
stay one community. Here each community is looked at by its own size instead.

Belongs here: taking communities apart. They are found in ``partition``.
"""

import numpy as np

from ml.network.config import CommunityConfig
from ml.network.graph import Floats, Ints, connected, summed
from ml.network.leiden import modularity_run, numbered


def separated(one: Ints, other: Ints, weight: Floats, label: Ints, inner: Floats, config: CommunityConfig) -> Ints:
    """Take each community apart into the parts that hardly anything holds together.

    Parts are what modularity finds within the community; two are one again where the links between them weigh at least
    ``separation`` of what chance would put there, given the links each has within the community. For random links
    without structure the best cut is about half of chance.

    Parameters
    ----------
    one, other, weight : arrays, shape (m,)
        Links.
    label : array of int, shape (n,)
        Communities.
    inner : array of float, shape (n,)
        Twice the weight of the links inside a node that stands for many people; 0 for a person.
    config : CommunityConfig
        Bound and seed.
    """
    label = numbered(label)
    communities = int(label.max(initial=-1)) + 1
    inside = np.flatnonzero(label[one] == label[other])
    inside = inside[np.argsort(label[one[inside]], kind="stable")]
    link_bounds = np.searchsorted(label[one[inside]], np.arange(communities + 1))
    people = np.argsort(label, kind="stable")
    bounds = np.searchsorted(label[people], np.arange(communities + 1))

    # Where the weakest cut there can be, one link between two halves, is not weak enough, nothing needs to be tried.
    total = np.bincount(label, inner, communities)
    total += 2 * np.bincount(label[one[inside]], weight[inside], communities)
    weakest = np.full(communities, np.inf)
    np.minimum.at(weakest, label[one[inside]], weight[inside])
    divisible = 4 * weakest < config.separation * total

    local, found, next_label = np.empty(len(label), np.int64), label.copy(), communities
    for community in np.flatnonzero(divisible):
        members = people[bounds[community] : bounds[community + 1]]
        links = inside[link_bounds[community] : link_bounds[community + 1]]
        local[members] = np.arange(len(members))
        parts = _parts(local[one[links]], local[other[links]], weight[links], inner[members], config)
        found[members] = next_label + parts
        next_label += len(members)
    return numbered(found)


def _parts(one: Ints, other: Ints, weight: Floats, inner: Floats, config: CommunityConfig) -> Ints:
    """Parts of one community, numbered from 0."""
    size = len(inner)
    strength = inner + np.bincount(one, weight, size) + np.bincount(other, weight, size)
    total = strength.sum()
    part = modularity_run(one, other, weight, size, "apart", config.random_seed)
    while part.max() > 0:
        count = int(part.max()) + 1
        across = part[one] != part[other]
        ends = part[one][across], part[other][across]
        a, b, between = summed(np.minimum(*ends), np.maximum(*ends), weight[across])
        part_strength = np.bincount(part, strength, count)
        held = between * total >= config.separation * part_strength[a] * part_strength[b]
        if not held.any():
            break
        part = connected(a[held], b[held], count)[part]
    return part
