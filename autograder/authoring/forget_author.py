"""Removes from a released notebook what only its authors need."""

from __future__ import annotations

from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor


class ForgetAuthor(NbGraderPreprocessor):
    """Removes jupytext's pairing: in a student's folder it would point to nothing."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """See nbconvert's Preprocessor."""
        nb.metadata.pop("jupytext", None)
        return nb, resources
