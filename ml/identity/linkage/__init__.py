"""Record linkage for any table: which records are of the same person or thing, and why.

>>> linkage = resolve(records, id_column="id")
>>> linkage.entities, linkage.edges, linkage.report
>>> linkage = linkage.update(changed)                      # the same model, a fraction of the cost

Where records and pairs live in a database: ``train`` gives a model, ``link`` scored pairs, ``cluster`` entities.

Belongs here: everything from a frame to entities, without labels and without a configuration for ordinary data.
Does not belong here: persistent ids, stewards' decisions, databases other than DuckDB in memory.
"""

from ml.identity.linkage.config import KINDS, LinkageConfig, LinkageError
from ml.identity.linkage.explanation import explain
from ml.identity.linkage.model import LinkageModel
from ml.identity.linkage.resolve import Linkage, LinkageReport, cluster, link, resolve, train

__all__ = [
    "KINDS",
    "Linkage",
    "LinkageConfig",
    "LinkageError",
    "LinkageModel",
    "LinkageReport",
    "cluster",
    "explain",
    "link",
    "resolve",
    "train",
]
