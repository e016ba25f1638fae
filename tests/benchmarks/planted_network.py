"""A network of people whose communities are known, that grows day by day with true splits and merges.

Sizes follow a power law (many families, few large groups). Links are drawn at random within communities, over a random
tree that holds each together, and across all people. Each day adds people, half into existing communities and half in
new ones, and links; some pairs of communities grow together, some communities fall apart. Links are only taken away
where a community splits.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Change:
    """One day's true changes: pairs of communities that became one, and (old, new) of those that fell apart."""

    merged: list[tuple[Ints, Ints]]
    split: list[tuple[Ints, Ints]]


class PlantedNetwork:
    """Communities and links.

    Parameters
    ----------
    people : int
        On the first day, a few more.
    links_inside, links_outside : float
        Links a person has within the community and to others, on average.
    smallest, largest : int
        People of a community.
    seed : int
        Of all draws.
    """

    def __init__(
        self,
        people: int,
        *,
        links_inside: float = 5.0,
        links_outside: float = 1.0,
        smallest: int = 4,
        largest: int = 400,
        seed: int = 0,
    ) -> None:
        self._draw = np.random.default_rng(seed)
        self._inside, self._outside = links_inside, links_outside
        self._sizes = smallest, largest
        self.label = self._new_communities(people, 0)
        links = [self._links_within(members) for members in self.groups().values()]
        count = int(len(self.label) * links_outside / 2)
        self._links = _pairs(np.concatenate([*links, self._draw.integers(0, len(self.label), (count, 2))]))

    def groups(self) -> dict[int, Ints]:
        """People by community."""
        order = np.argsort(self.label, kind="stable")
        bounds = np.flatnonzero(np.diff(self.label[order])) + 1
        return {int(self.label[members[0]]): members for members in np.split(order, bounds)}

    def edges(self) -> pd.DataFrame:
        """Links as ``detect`` takes them; the number of a person stands in the id."""
        one, other = (pd.Series(self._links[:, side]).astype(str).str.zfill(10) for side in (0, 1))
        return pd.DataFrame({"gr_id_a": "GR" + one, "gr_id_b": "GR" + other, "weight": 1.0})

    def truth(self, gr_ids: pd.Series) -> Ints:
        """True community of each id."""
        return self.label[gr_ids.str.removeprefix("GR").astype(np.int64).to_numpy()]

    def add_links(self, count: int) -> None:
        """Some more links across all people, and nothing else."""
        extra = self._draw.integers(0, len(self.label), (count, 2))
        self._links = _pairs(np.concatenate([self._links, extra]))

    def grow(self, share: float, merges: int, splits: int) -> Change:
        """One more day.

        Parameters
        ----------
        share : float
            Newcomers, of the people there.
        merges, splits : int
            Communities of 10 to 120 people that grow together (two each) and that fall apart.
        """
        before, known = self.groups(), len(self.label)
        joining = self._draw.choice(self.label, int(known * share / 2))
        self.label = np.concatenate([self.label, joining])
        self.label = np.concatenate([self.label, self._new_communities(int(known * share / 2), self.label.max() + 1)])
        newcomers = np.arange(known, len(self.label))
        each = round(self._inside / 2) + 1
        added = [
            np.column_stack([np.full(each, person), self._draw.choice(before[community], each)])
            for person, community in zip(newcomers, joining, strict=False)
        ]
        now = self.groups()
        added += [self._links_within(members) for community, members in now.items() if community not in before]
        count = int(len(newcomers) * self._outside / 2)
        added.append(
            np.column_stack([self._draw.choice(newcomers, count), self._draw.integers(0, len(self.label), count)])
        )
        added.append(self._draw.integers(0, known, (int(known * 0.005), 2)))

        fitting = [community for community, members in now.items() if 10 <= len(members) <= 120]
        chosen = self._draw.permutation(fitting)[: 2 * merges + splits]
        change = Change([], [])
        for one, other in chosen[: 2 * merges].reshape(-1, 2):
            count = round(min(len(now[one]), len(now[other])) * self._inside * 0.75)
            added.append(np.column_stack([self._draw.choice(now[one], count), self._draw.choice(now[other], count)]))
            self.label[now[other]] = one
            change.merged.append((now[one], now[other]))
        for community in chosen[2 * merges :]:
            members = self._draw.permutation(now[community])
            leaving, staying = members[: 2 * len(members) // 5], members[2 * len(members) // 5 :]
            self.label[leaving] = self.label.max() + 1
            left, stayed = np.isin(self._links, leaving), np.isin(self._links, staying)
            across = (left[:, 0] & stayed[:, 1]) | (left[:, 1] & stayed[:, 0])
            self._links = self._links[~(across & (self._draw.random(len(across)) < 0.95))]
            added += [self._links_within(part, self._inside / 2) for part in (leaving, staying)]
            change.split.append((leaving, staying))
        self._links = _pairs(np.concatenate([self._links, *added]))
        return change

    def _new_communities(self, people: int, first: int) -> Ints:
        """Labels of about so many people in new communities; sizes of density size ** -2."""
        smallest, largest = self._sizes
        sizes: list[int] = []
        while sum(sizes) < people:
            sizes.append(int(1 / (1 / smallest + self._draw.random() * (1 / largest - 1 / smallest))))
        return np.repeat(np.arange(first, first + len(sizes)), sizes)

    def _links_within(self, members: Ints, each: float | None = None) -> Ints:
        size = len(members)
        tree = np.column_stack([members[self._draw.integers(0, np.arange(1, size))], members[1:]])
        wanted = min(round(size * (each or self._inside) / 2), size * (size - 1) // 2)
        return np.concatenate([tree, members[self._draw.integers(0, size, (max(wanted - size + 1, 0), 2))]])


def _pairs(links: Ints) -> Ints:
    """Each pair once, nobody with themselves."""
    return np.unique(np.sort(links[links[:, 0] != links[:, 1]], axis=1), axis=0)
