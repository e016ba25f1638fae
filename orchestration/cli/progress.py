"""One line per step while a run goes on: Dagster's events, told to a person."""

import logging
import time
from typing import Any

import dagster as dg
from rich.console import Console
from rich.markup import escape


class ProgressHandler(logging.Handler):
    """Prints steps as they start and end, and assets as they are materialised."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.DEBUG)
        self._console = console
        self._started: dict[str, float] = {}
        self._nodes = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Handle one record of Dagster's log."""
        meta: dict[str, Any] = getattr(record, "dagster_meta", {})
        event = meta.get("dagster_event")
        if event is None:
            message = str(meta.get("orig_message", record.getMessage()))
            # After a failed step Dagster repeats every dependency of every step that it skips.
            if record.levelno >= logging.WARNING and not message.startswith("Dependencies for step"):
                self._console.print(f"  [yellow]{escape(message)}[/yellow]", soft_wrap=True)
            return
        step = event.step_key or ""
        if event.event_type_value == "STEP_START":
            self._started[step] = time.perf_counter()
            self._nodes = 0
            self._console.print(f"[cyan]>[/cyan] {step}")
        elif event.event_type_value == "ASSET_MATERIALIZATION":
            self._nodes += 1
        elif event.event_type_value == "STEP_SUCCESS":
            seconds = time.perf_counter() - self._started.get(step, time.perf_counter())
            self._console.print(f"  [green]done[/green] {self._nodes} assets, {seconds:.1f} s")
        elif event.event_type_value == "STEP_FAILURE":
            self._console.print(f"  [red]failed[/red] {step}")
        elif event.event_type_value == "STEP_SKIPPED":
            self._console.print(f"  [yellow]skipped[/yellow] {step}")


@dg.logger(config_schema=None, description="One line per step, for the command line.")
def progress_logger(init_context: dg.InitLoggerContext) -> logging.Logger:
    """Logger of the command line's runs."""
    logger = logging.Logger("assay.progress", level=logging.DEBUG)
    logger.addHandler(ProgressHandler(Console(highlight=False)))
    return logger
