"""The command line: `autograder VERB`, one module for each audience.

Offers `app`. Commands check their arguments first and import heavy libraries afterwards. An error
that the caller can correct is one sentence and status 2.
Must not know: how anything is done; it only calls, and shows what came of it.
"""

import autograder.kernels.faster_imports  # noqa: F401 # before anything imports jsonschema
from autograder.cli import (  # noqa: F401 # they add their commands
    authoring,
    grading,
    learning,
    submissions,
    term,
    writing,
)
from autograder.cli.options import app

__all__ = ["app"]
