"""Networks of people: communities on the graph of relationships and money.

Plain library: no orchestration, no database but in ``store``.
"""

from ml.network.carrying import LEDGER_COLUMNS
from ml.network.config import CommunityConfig
from ml.network.detection import MEMBER_COLUMNS, CommunityReport, CommunityResult, detect
from ml.network.graph import EDGE_COLUMNS, NetworkError
from ml.network.links import links
from ml.network.plot import size_histogram
from ml.network.scale import choose_scale, rand_index
from ml.network.store import CommunitySummary, detect_and_store

__all__ = [
    "EDGE_COLUMNS",
    "LEDGER_COLUMNS",
    "MEMBER_COLUMNS",
    "CommunityConfig",
    "CommunityReport",
    "CommunityResult",
    "CommunitySummary",
    "NetworkError",
    "choose_scale",
    "detect",
    "detect_and_store",
    "links",
    "rand_index",
    "size_histogram",
]
