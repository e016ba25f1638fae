"""What ingestion tells its caller. Counts, names and line numbers; never a value of a row."""

from dataclasses import dataclass, replace
from typing import Literal

from orchestration.errors import AssayError

LoadStatus = Literal["loaded", "unchanged", "stopped", "quarantined", "no_file", "unmatched", "ambiguous"]


@dataclass(frozen=True)
class LoadResult:
    """Outcome for one file, or for a table without one.

    Attributes
    ----------
    table : str or None
        Table of the contract; None for a file that no contract, or more than one, asks for.
    file : str or None
        Name without folder; None where the table has no file, or cannot be loaded at all.
    status : str
        ``loaded``; ``unchanged`` (loaded before); ``stopped`` (over the reject budget or against the
        contract: an error follows); ``quarantined`` (unreadable); ``no_file``; ``unmatched`` (no contract
        asks for the file); ``ambiguous`` (several do: an error follows).
    read, accepted, rejected, duplicates : int
        Rows; ``read = accepted + rejected + duplicates`` where the status is ``loaded``.
    warnings : tuple of str
        Worth a look, as an unexpected column.
    seconds : float
        Wall clock.
    message : str
        Why it was not loaded.
    """

    table: str | None
    file: str | None
    status: LoadStatus
    read: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    message: str = ""

    def after(self, seconds: float) -> "LoadResult":
        """The same with its duration."""
        return replace(self, seconds=seconds)


class IngestionError(AssayError):
    """Some files or tables were refused; all others are loaded.

    Attributes
    ----------
    results : list of LoadResult
        Of everything, also of what was loaded.
    """

    def __init__(self, message: str, results: list[LoadResult]) -> None:
        super().__init__(message)
        self.results = results
