"""Formgrader, in which nothing that a student wrote runs.

Its pages are shown to an instructor who is logged in to Jupyter: a script in one of them could do
whatever the instructor can. nbgrader has no setting for how it makes them, so
`nbgrader_config.py` calls :func:`use`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import escape
from nbgrader.server_extensions.formgrader import formgrader, handlers

from autograder.grading.harmless import HarmlessExporter
from autograder.grading.pages import TEMPLATES


class SubmissionExporter(HarmlessExporter):
    """Formgrader's exporter, which shows a submission with fields to grade it."""

    def __init__(self, **kwargs: Any) -> None:
        theirs = Path(handlers.template_path)
        super().__init__(
            template_name="formgrader_harmless",
            extra_template_basedirs=[str(TEMPLATES)],
            extra_template_paths=[str(theirs), str(theirs / "formgrade")],
            **kwargs,
        )

    def from_filename(self, filename: str, resources: Any = None, **kwargs: Any) -> Any:
        """See nbconvert; the student's name and all other texts are shown as text."""
        shown = {
            key: str(escape(value)) if isinstance(value, str) else value
            for key, value in (resources or {}).items()
        }
        return super().from_filename(filename, resources=shown, **kwargs)


class SubmittedFileHandler(handlers.SubmissionFilesHandler):
    """Shows a file that a student handed in beside the notebook, as if it were from elsewhere."""

    @property
    def content_security_policy(self) -> str:
        """What browsers are told: no script of this file runs, and it is not of this server."""
        return f"{super().content_security_policy}; sandbox"


def use() -> None:
    """Let formgrader show submissions, files and names by what is above."""
    formgrader.HTMLExporter = SubmissionExporter
    formgrader.Environment = partial(jinja2.Environment, autoescape=True)
    handlers.default_handlers[:] = [
        (route[0], SubmittedFileHandler, *route[2:])
        if route[1] is handlers.SubmissionFilesHandler
        else route
        for route in handlers.default_handlers
    ]
