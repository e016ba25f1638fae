"""A world of people as three source systems would deliver it: a bank's core, its CRM, a registry of benefits.

What belongs here: who the people are, what happens to them, what the systems know of it, landing files, the truth. What
does not: contracts, loading, features, anything that reads the warehouse. The same seed gives the same values.

>>> tables = generate(WorldConfig(people=500))          # everything, in memory
>>> write_world(WorldConfig(people=30_000), landing, truth)   # landing files, in bounded memory
"""

from ml.synthetic.landing_files import Written
from ml.synthetic.manifest import WorldError, read_manifest
from ml.synthetic.world.config import GENERATOR_VERSION, WorldConfig
from ml.synthetic.world.engine import Delivery, generate, stream
from ml.synthetic.world.landing import FORMATS, write_world

__all__ = [
    "FORMATS",
    "GENERATOR_VERSION",
    "Delivery",
    "WorldConfig",
    "WorldError",
    "Written",
    "generate",
    "read_manifest",
    "stream",
    "write_world",
]
