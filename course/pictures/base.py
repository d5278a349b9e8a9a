"""How a picture shows itself: in any notebook, in both themes, and in words."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass
from typing import Any

#: Okabe and Ito's colours, which colour-blind people can tell apart.
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#7f7f7f"


@dataclass(frozen=True)
class Picture:
    """A matplotlib figure that shows itself in any notebook, and says in words what it shows."""

    figure: Any
    alt: str

    def __repr__(self) -> str:
        return self.alt

    def _repr_html_(self) -> str:
        image = io.BytesIO()
        self.figure.savefig(image, format="png", dpi=100)
        data = base64.b64encode(image.getvalue()).decode()
        return (
            f'<img alt="{html.escape(self.alt)}" style="max-width:100%" '
            f'src="data:image/png;base64,{data}">'
        )


def new_figure(width: float, height: float, panels: int = 1) -> tuple[Any, Any]:
    """Return a white figure of so many inches, and its axes, side by side."""
    # No pyplot: it would keep every figure, and show some of them twice.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    return figure, figure.subplots(1, panels)
