"""What the practice widgets have in common: where they show themselves, and what is saved of them.

A widget lives only as long as its kernel. So its text stands beside it in the notebook, with the
state that it had last: the living widget hides the text, and without a kernel the text remains.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any
from uuid import uuid4

import anywidget
import traitlets

HERE = Path(__file__).parent
#: JupyterLab and Notebook say "Error displaying widget" in place of a widget without a kernel.
STYLE = (
    "<style>.jp-OutputArea:has([data-bc-kept]) .jp-OutputArea-output.jupyter-widgets"
    ":not(:has(*)){display:none}[data-bc-kept] pre{white-space:pre-wrap}</style>"
)


class Widget(anywidget.AnyWidget):
    """A widget of ours; `view` is everything that the browser shows."""

    _esm = HERE / "widget.js"
    _css = HERE / "widget.css"
    view = traitlets.Dict().tag(sync=True)
    #: By which the browser finds the text that belongs to the widget.
    key = traitlets.Unicode().tag(sync=True)

    def __init__(self, view: dict[str, Any]) -> None:
        super().__init__(view=view, key=uuid4().hex)

    def summary(self) -> str:
        """Return in one line how it stands."""
        raise NotImplementedError

    def texts(self) -> list[tuple[str, str]]:
        """Return each question as a title, with its state, and its text."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return "\n\n".join([self.summary(), *(f"{title}\n{text}" for title, text in self.texts())])

    def show(self, view: dict[str, Any]) -> None:
        """Show a new view, here and in what the notebook saves."""
        self.view = view
        if self._is_displayed:
            from IPython.display import update_display

            update_display(self._kept(), raw=True, display_id=self.key)

    _is_displayed = False

    def _ipython_display_(self, **kwargs: Any) -> None:
        from IPython.display import display

        self._is_displayed = True
        display(self._kept(), raw=True, display_id=self.key)
        reference = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        data = {"application/vnd.jupyter.widget-view+json": reference, "text/plain": ""}
        display(data, raw=True)

    def _kept(self) -> dict[str, str]:
        """Return what the notebook saves: the text, which the widget hides by its `data-bc-kept`."""
        parts = "".join(
            f"<details><summary>{html.escape(title)}</summary><pre>{html.escape(text)}</pre></details>"
            for title, text in self.texts()
        )
        shown = f'<div data-bc-kept="{self.key}">{STYLE}<b>{html.escape(self.summary())}</b>{parts}</div>'
        return {"text/html": shown, "text/plain": repr(self)}
