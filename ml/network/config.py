"""What may be chosen about communities, with the figures behind the defaults."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CommunityConfig:
    """Settings of ``detect``.

    Attributes
    ----------
    scale : float or None
        Two groups of people belong together where the weight of the links between them is more than the product of
        their total link weights divided by ``scale``. Modularity has the same rule with twice the weight of the whole
        graph in place of ``scale``, so that there a link far away moves every border, and communities grow with the
        portfolio. With a fixed scale a day's cost and result stay local. It keeps apart groups whose total link weight
        is above about ``sqrt(scale)`` and keeps together those below about ``scale / 2``. None: the one of the day
        before, and on the first day chosen from the graph (``choose_scale``).
    seeds : int
        Fresh runs that say how stable a person's place is.
    min_stability : float
        Share of seeds from which on a person has a ``cluster_id``: the majority.
    margin : float
        A change of communities is taken only where it gains more than this share of the link weight of the people it
        touches; true merges and splits gain far more, a coin toss between equals less. See
        ``tests/benchmarks/communities.py``.
    separation : float
        A community is taken apart where the links between its parts weigh less than this share of what chance would
        put there; see ``separated``. 2026-11: of true splits of communities of 10 to 120 people 31 to 43 % were seen
        the same day without it, 88 to 95 % at 0.3, and agreement with the plant rose by 0.02 to 0.03.
    random_seed : int
        Where the runs' random numbers start.
    fresh_edges_limit : int
        Up to so many links the report compares with a fresh run of plain modularity.
    merge_share : float
        Of the communities that come together the oldest id wins among those that bring at least this share of what
        the largest brings: a small old group that joins a large one does not rename it.
    """

    scale: float | None = None
    seeds: int = 10
    min_stability: float = 0.5
    margin: float = 0.005
    separation: float = 0.3
    random_seed: int = 5
    fresh_edges_limit: int = 200_000
    merge_share: float = 0.5

    def __post_init__(self) -> None:
        if self.scale is not None and not self.scale > 0:
            raise ValueError(f"scale is {self.scale}; expected a number above 0, or None to choose it from the graph")
        if self.seeds < 1:
            raise ValueError(f"seeds is {self.seeds}; expected at least 1")
        for name in ("min_stability", "margin", "separation", "merge_share"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"{name} is {value}; expected a share of 0 to 1")
