"""Releases feedback through the exchange, also where some work did not come through it.

nbgrader's own command stops for the whole class at a submission without the exchange's secret, as
those from an LMS or by e-mail are.
"""

from __future__ import annotations

import glob
from pathlib import Path

from nbgrader.exchange.default.release_feedback import ExchangeReleaseFeedback

from autograder.grading.submission import EXCHANGE_FILES


class ReleaseFeedback(ExchangeReleaseFeedback):
    """nbgrader's release of feedback, one student after the other."""

    def copy_files(self) -> None:
        """See nbgrader; says for whom there is no way through the exchange."""
        pattern: str = self.src_path  # type: ignore[has-type] # untyped base
        elsewhere = []
        for folder in sorted(map(Path, glob.glob(pattern))):
            if all((folder / name).is_file() for name in EXCHANGE_FILES):
                self.src_path = glob.escape(str(folder))
                super().copy_files()
            elif folder.is_dir():
                elsewhere.append(folder.parent.name)
        self.src_path = pattern
        if elsewhere:
            self.log.warning(
                "%s did not submit through the exchange, so it has no way to them: give them the "
                "pages in %s yourself.", ", ".join(elsewhere), pattern,
            )  # fmt: skip
