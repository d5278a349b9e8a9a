"""Importing this keeps a grammar out of the process that takes over a second to build.

jsonschema (4.26 was measured), by which nbformat validates notebooks, builds it at its import
wherever it is installed, for the formats `iri` and `iri-reference`; no schema of notebooks names
them. Imported by our own commands and their workers alone: a Jupyter server may need it.
"""

from __future__ import annotations

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type] # "cannot be imported"
