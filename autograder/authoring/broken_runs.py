"""What students get of the broken runs: `course/diagnosis/runs.json`, scripts and logs.

The logs were recorded by `bench/broken_runs.py`, each under a digest of its script. Answers are
written for the practice runs alone.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from autograder.errors import CourseError
from autograder.examining.broken_runs import BrokenRun, broken_runs, faults


def runs_path(root: Path) -> Path:
    """Return where the students' runs of the course in `root` are."""
    return root / "course" / "diagnosis" / "runs.json"


def logs_path(root: Path) -> Path:
    """Return where the recorded logs of the course in `root` are."""
    return root / "course" / "measured" / "broken_runs.json"


def script_digest(run: BrokenRun) -> str:
    """Return the name under which the log of a script is recorded."""
    return hashlib.sha256(run.script.encode()).hexdigest()[:16]


def runs_text(root: Path, exam: Path) -> str:
    """Return the text of `runs.json`; raises CourseError for a script without a log."""
    logs = json.loads(logs_path(root).read_text(encoding="utf-8"))
    runs = [_told(run, logs) for run in broken_runs(exam).values()]
    titles = {
        fault.id: fault.title for fault in sorted(faults(exam).values(), key=lambda one: one.id)
    }
    return json.dumps({"faults": titles, "runs": runs}, indent=1) + "\n"


def _told(run: BrokenRun, logs: dict[str, Any]) -> dict[str, Any]:
    if (log := logs.get(script_digest(run))) is None:
        raise CourseError(
            f"Run {run.number} has no recorded log, or its script has changed: run "
            "`python bench/broken_runs.py`."
        )
    told: dict[str, Any] = {"number": run.number, "script": run.script, "log": log}
    if run.practised:
        told["answer"] = {
            "fault": run.fault.id,
            "lines": sorted(run.lines),
            "hint": run.fault.hint,
            "why": run.fault.why,
        }
    return told
