"""Why a score is what it is: exact additive contributions on the log-odds scale, and reasons in words.

Belongs here: the arithmetic of contributions and the wording. The models themselves are in
``ml.delinquency``.
"""

from ml.explain.additive import Contributions, TreeExplainer, combine, linear_contributions, tree_contributions
from ml.explain.catalogue import catalogue_version, causes_of, entries_of, expected_signs
from ml.explain.reasons import reasons, reasons_json
from ml.explain.wording import format_values

__all__ = [
    "Contributions",
    "TreeExplainer",
    "catalogue_version",
    "causes_of",
    "combine",
    "entries_of",
    "expected_signs",
    "format_values",
    "linear_contributions",
    "reasons",
    "reasons_json",
    "tree_contributions",
]
