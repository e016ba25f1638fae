"""Pictures of a training: is what is told as sure as it says, and who tells best. Counts and shares only."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def reliability_figure(training: dict[str, Any], title: str) -> "Figure":
    """Reliability curve of held-out people beside the log-loss of the candidates.

    Parameters
    ----------
    training : dict
        Metadata of an ``IncomeModel``.
    title : str
        Above both.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    curve, bars = figure.subplots(1, 2)
    parts = training["reliability"]
    curve.plot([0, 1], [0, 1], color="0.7", linewidth=1, label="as sure as told")
    curve.plot([part["told"] for part in parts], [part["right"] for part in parts], "o-", label="held-out people")
    curve.set(
        xlabel="probability told of the likeliest band", ylabel="share where it was right", xlim=(0, 1), ylim=(0, 1)
    )
    measured = training["metrics"]["chosen"]
    curve.set_title(f"ECE {measured['ece']:.3f}, Brier skill {measured['brier_skill']:.3f}")
    curve.legend(loc="upper left", frameon=False)
    rows = {"majority": training["metrics"]["majority"], **training["metrics"]["candidates"]}
    bars.barh(list(rows), [row["log_loss"] for row in rows.values()], color=["0.7", *["tab:blue"] * (len(rows) - 1)])
    bars.invert_yaxis()
    bars.set_xlabel("log-loss of held-out people (lower is better)")
    bars.set_title(f"{training['declared']:,} people declared")
    figure.suptitle(title)
    return figure
