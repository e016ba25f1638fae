"""Income bands inferred from evidence: what is seen of a person, never what the person declares of income.

>>> scale = BandScale((40_000, 75_000, 150_000))
>>> model = train(evidence, band, fold, scale)
>>> told = infer(evidence, model, fold, scale=scale, currency="USD")

Belongs here: bands, evidence in words, models with calibrated probabilities, and the rules that say "unknown". Declared
income is what a model learns from; what is told of somebody who declared comes from models that have not seen that
declaration, nor one of his household. Where evidence comes from is dbt's business (``core.income_evidence``).
"""

from ml.income.bands import BANDS, UNKNOWN, BandScale
from ml.income.concepts import CONCEPTS
from ml.income.config import IncomeConfig
from ml.income.errors import TooFewDeclaredError
from ml.income.evidence import Evidence
from ml.income.inference import METHODS, infer
from ml.income.model import IncomeModel
from ml.income.training import train

__all__ = [
    "BANDS",
    "CONCEPTS",
    "METHODS",
    "UNKNOWN",
    "BandScale",
    "Evidence",
    "IncomeConfig",
    "IncomeModel",
    "TooFewDeclaredError",
    "infer",
    "train",
]
