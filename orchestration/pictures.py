"""Pictures on materialisations: a matplotlib figure as Dagster metadata.

Belongs here: the way from a figure to metadata. What is drawn is decided beside the numbers, in ``ml/``.
"""

import base64
import io
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def picture(figure: "Figure", description: str) -> dg.MarkdownMetadataValue:
    """A figure as Markdown with the PNG inside, which Dagster's UI shows.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Made without pyplot (``Figure(figsize=..., layout="constrained")``), so that it needs no display and no global
        state. It must show counts and shares only, never a person.
    description : str
        Text in place of the picture.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    encoded = base64.b64encode(buffer.getvalue()).decode("ascii")
    return dg.MetadataValue.md(f"![{description}](data:image/png;base64,{encoded})")
