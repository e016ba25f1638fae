"""Small businesses of India as a bank, the GST network and open networks would deliver them, by their profile.

What belongs here: the businesses and their owners, what they sell, declare and book, landing files, the truth. What
does not: contracts, loading, summaries, indicators. The same seed gives the same values.

>>> tables = generate(BusinessConfig())                        # the seed document's ten, in memory
>>> write_businesses(BusinessConfig(businesses=1_000), landing, truth)   # landing files, block by block
"""

from ml.synthetic.businesses.config import GENERATOR_VERSION, BusinessConfig
from ml.synthetic.businesses.engine import Delivery, generate, stream
from ml.synthetic.businesses.landing import FORMATS, write_businesses
from ml.synthetic.businesses.profiles import FIGURES, PROFILES

__all__ = [
    "FIGURES",
    "FORMATS",
    "GENERATOR_VERSION",
    "PROFILES",
    "BusinessConfig",
    "Delivery",
    "generate",
    "stream",
    "write_businesses",
]
