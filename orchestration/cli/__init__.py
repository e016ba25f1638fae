"""The ``assay`` command. Libraries are imported by the command that needs them: ``assay --help`` starts at once."""

from orchestration.cli.app import main

__all__ = ["main"]
