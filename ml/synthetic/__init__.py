"""A seeded sample portfolio, as two source systems (core banking and a CRM) would deliver it.

What belongs here: making the tables and writing them as landing files. What does not: contracts, loading,
features, anything that reads the warehouse. The same configuration gives the same bytes.
"""

from ml.synthetic.config import GENERATOR_VERSION, SampleConfig
from ml.synthetic.landing import ensure_landing, is_current, write_landing
from ml.synthetic.portfolio import generate

__all__ = ["GENERATOR_VERSION", "SampleConfig", "ensure_landing", "generate", "is_current", "write_landing"]
