"""Pictures that show themselves in any notebook, in both themes, and in words."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass
from typing import Any

#: Colours by Okabe and Ito, which colour-blind people can tell apart.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#777777"


#: On a dark page light and dark change places, and a hue remains what it is: of JupyterLab and
#: Notebook, VS Code and Colab. White becomes JupyterLab's #111.
STYLE = (
    '<style>body[data-jp-theme-light="false"] .bc-picture,body.vscode-dark .bc-picture,'
    'html[theme="dark"] .bc-picture{filter:invert(.93) hue-rotate(180deg)}</style>'
)


@dataclass(frozen=True)
class Picture:
    """A matplotlib figure that shows itself in any notebook and describes itself in words."""

    figure: Any
    alt: str

    def __repr__(self) -> str:
        return self.alt

    def _repr_html_(self) -> str:
        image = io.BytesIO()
        self.figure.savefig(image, format="png", dpi=100)
        data = base64.b64encode(image.getvalue()).decode()
        return (
            f'{STYLE}<img class="bc-picture" alt="{html.escape(self.alt)}" style="max-width:100%" '
            f'src="data:image/png;base64,{data}">'
        )


def blank_figure(width: float, height: float) -> Any:
    """Return a white figure of the given size in inches."""
    # No pyplot: it would keep every figure, and show some of them twice.
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def new_figure(width: float, height: float, panels: int = 1) -> tuple[Any, Any]:
    """Return a white figure of the given size in inches, and its axes, side by side."""
    figure = blank_figure(width, height)
    return figure, figure.subplots(1, panels)
