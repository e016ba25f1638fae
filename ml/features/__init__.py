"""The feature catalogue as the notebook and the models see it.

Belongs here: reading and validating what a feature is. Does not belong here: computing features, which is
dbt's work
(``dbt_project/models/features``), generated from the same files.
"""

from ml.features.catalogue import (
    Catalogue,
    CatalogueError,
    FeatureEntry,
    SignalEntry,
    default_catalogue_dir,
    load_catalogue,
)

__all__ = [
    "Catalogue",
    "CatalogueError",
    "FeatureEntry",
    "SignalEntry",
    "default_catalogue_dir",
    "load_catalogue",
]
