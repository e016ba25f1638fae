"""Ids of records: checked, ordered, given back as they came.

Belongs here: what is wrong with an id column, and a dense number per record in the order of the ids.
"""

import numpy as np
import pandas as pd

from ml.identity.linkage.config import LinkageError


def sorted_by_id(records: pd.DataFrame, id_column: str) -> pd.DataFrame:
    """Records in the order of their ids; whole numbers by value, all else by its text.

    Raises
    ------
    LinkageError
        The column is missing or there twice, columns share a name, or ids are missing or repeated.
    """
    names = pd.Index(records.columns)
    spelled = names.astype(str)
    if spelled.has_duplicates:
        twice = sorted(set(spelled[spelled.duplicated()]))
        raise LinkageError(f"the columns {twice} are there more than once; give every column a name of its own")
    if id_column not in names:
        raise LinkageError(f"there is no id column {id_column!r}; the records have {[str(name) for name in names]}")
    ids = records[id_column]
    missing = int(ids.isna().sum())
    if missing:
        raise LinkageError(f"{missing} of {len(ids)} records have no {id_column!r}; every record needs an id")
    keys = sort_keys(ids)
    repeated = int(keys.duplicated(keep=False).sum())
    if repeated:
        raise LinkageError(
            f"{repeated} of {len(ids)} records share their {id_column!r} with another; ids must be unique"
        )
    order = np.argsort(keys.to_numpy(), kind="stable")
    return records.iloc[order].reset_index(drop=True)


def sort_keys(ids: pd.Series) -> pd.Series:
    """What ids are ordered by."""
    if pd.api.types.is_integer_dtype(ids.dtype):
        return ids.astype("int64")
    return ids.astype(str).astype(object)
