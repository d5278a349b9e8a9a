"""What a graded notebook shows: findings as outputs that nbgrader scores, and short notes."""

from __future__ import annotations

import textwrap

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output

from autograder.cells import grade_id_of
from autograder.records import Finding, Outcome
from course.checks.mistakes import mistake
from course.plain import whole_text

#: What stands in cells that grading leaves out.
SUPERSEDED = "Skipped: your answer in another cell is used."
PRACTICE = "Skipped during grading: practice questions are not graded."
ONLY_SHOWS = "Skipped during grading: this cell only displays something."


def outputs_of(finding: Finding) -> list[NotebookNode]:
    """Return a finding as outputs that nbgrader scores: the last one is the number of points."""
    line = f"{finding.points:g} of {finding.max_points:g} points ({finding.outcome})"
    if finding.outcome is Outcome.GRADER_ERROR:
        line = "Not graded yet."
    if finding.title:
        line += f" – {finding.title}"
    # Feedback pages do not wrap what was printed.
    wrapped = [textwrap.fill(part, 100) for part in finding.message.splitlines()]
    text = "\n".join([line, *wrapped, ""])
    return [
        new_output("stream", name="stdout", text=text),
        new_output(
            "execute_result", data={"text/plain": f"{finding.points:g}"}, execution_count=None
        ),
    ]


def show(findings: list[Finding], nb: NotebookNode) -> None:
    """Write each finding into its cell, as it stands for the student."""
    by_id = {finding.grade_id: finding for finding in findings}
    for cell in nb.cells:
        if finding := by_id.get(grade_id_of(cell) or ""):
            cell.outputs = outputs_of(finding)


def note(text: str) -> list[NotebookNode]:
    """Return `text` as the outputs of a cell."""
    return [new_output("stream", name="stdout", text=text)]


def left_out(cell: NotebookNode) -> bool:
    """Return whether grading left the cell out, because there is nothing in it to grade."""
    return cell.get("outputs") in (note(PRACTICE), note(ONLY_SHOWS))


def error_of(cell: NotebookNode) -> str | None:
    """Return the exception with which a cell stopped, or None."""
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            return whole_text(f"{output.ename}: {output.evalue}".strip(": "))
    return None


def unreadable(finding: Finding, complaint: str) -> Finding:
    """Return `finding` as that of a notebook that could not be read, for the reason `complaint`."""
    error = mistake("unreadable-notebook", reason=complaint)
    return finding.model_copy(
        update={
            "outcome": Outcome.FAILED,
            "misconception": error.mistake.id,
            "title": error.mistake.title,
            "message": error.message,
        }
    )


def in_points_of(nb: NotebookNode, finding: Finding) -> Finding:
    """Return `finding` in the points that the gradebook gives its task, which may not be the exam's."""
    for cell in nb.cells:
        if grade_id_of(cell) == finding.grade_id and finding.max_points:
            worth = float(cell.metadata.nbgrader.points)
            scale = worth / finding.max_points
            return finding.model_copy(
                update={"points": finding.points * scale, "max_points": worth}
            )
    return finding
