"""Runs a submission's cells in its kernel, and examines the graded ones from outside it.

The source of an examined cell never runs: in its place the examiner, in this process, asks the
kernel to try the student's function and judges what comes back. Its outputs are written here, so
what the student's code prints or raises has no say in the mark.
"""

from __future__ import annotations

import hashlib
import json
import textwrap
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_core.utils import run_sync
from nbclient.exceptions import DeadKernelError
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute
from nbgrader.utils import is_grade
from traitlets import Unicode

from autograder.build import DEMO_TAG
from autograder.examiner import course_secret, draws_for, examine, load_exam, skipped
from autograder.layout import Layout
from autograder.plugins.repair import grade_id_of
from autograder.records import Finding, Outcome, Record, write_records
from autograder.students import KernelStudent


class ExamExecute(Execute):
    """nbgrader's Execute, with the graded cells examined instead of run."""

    course_root = Unicode(".", help="The course's folder.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any, km: Any = None) -> Any:
        """See nbconvert's ExecutePreprocessor; writes the records of this submission."""
        names = resources["nbgrader"]
        self.layout = Layout(Path(self.course_root))
        self.exam = load_exam(self.layout.exams, names["assignment"])
        self.draw_names = (names["assignment"], names["student"], _fingerprint(nb))
        self.findings: list[Finding] = []
        self.cell_errors: dict[str, str] = {}
        self.lost: str | None = None
        self.student: KernelStudent | None = None
        try:
            nb, resources = super().preprocess(nb, resources, km)
        finally:
            self._disconnect()
        resources["findings"] = {finding.grade_id: finding for finding in self.findings}
        write_records(
            self.layout.records(names["assignment"], names["student"]),
            [
                Record(
                    **finding.model_dump(),
                    assignment=names["assignment"],
                    student=names["student"],
                    notebook=names["notebook"],
                )
                for finding in self.findings
            ],
        )
        return nb, resources

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> Any:
        """Examine a graded cell; run any other, unless it only shows something."""
        grade_id = grade_id_of(cell)
        if is_grade(cell):
            finding = self._examine(grade_id or "")
            self.findings.append(finding)
            cell.outputs = _outputs(finding)
        elif cell.cell_type == "code" and DEMO_TAG in cell.metadata.get("tags", []):
            cell.outputs = [new_output("stream", text="Not run for grading: this cell only shows.")]
        elif self.lost is None:
            try:
                cell, resources = super().preprocess_cell(cell, resources, index)
            except DeadKernelError:
                self.lost = f"the kernel died while cell {index + 1} was running"
            self._note_errors(cell, grade_id, index)
        return cell, resources

    def _note_errors(self, cell: NotebookNode, grade_id: str | None, index: int) -> None:
        for output in cell.get("outputs", []):
            if output.output_type != "error":
                continue
            if grade_id:
                self.cell_errors[grade_id] = f"{output.ename}: {output.evalue}".strip(": ")[:500]
            if output.ename == "CellTimeoutError" and not self._connect().responds():
                self.lost = f"cell {index + 1} ran for over {self.timeout} seconds and did not stop"
                run_sync(self.km.shutdown_kernel)(now=True)

    def _examine(self, grade_id: str) -> Finding:
        task = self.exam.task(grade_id)
        if task is None:
            raise LookupError(f"{self.exam.assignment} has no task for the cell {grade_id!r}")
        if self.lost is not None:
            return skipped(task, f"This could not be tried any more: {self.lost}.")
        student = self._connect()
        rng = draws_for(course_secret(self.layout.secret), *self.draw_names, grade_id)
        finding = examine(task, student, rng, self.cell_errors.get(task.answer_id))
        if not student.usable:
            self.lost = f"the kernel was lost while `{task.function}` was being examined"
        return finding

    def _connect(self) -> KernelStudent:
        if self.student is None:
            client = BlockingKernelClient()
            client.load_connection_info(self.km.get_connection_info())
            client.start_channels(iopub=False, stdin=False, hb=False, control=False)
            self.student = KernelStudent(
                client,
                interrupt=run_sync(self.km.interrupt_kernel),
                is_alive=run_sync(self.km.is_alive),
            )
        return self.student

    def _disconnect(self) -> None:
        if self.student is not None:
            self.student.close()


def _fingerprint(nb: NotebookNode) -> str:
    """Return a digest of what the student handed in: kinds and texts of the cells, in order."""
    cells = [(cell.cell_type, cell.source) for cell in nb.cells]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _outputs(finding: Finding) -> list[NotebookNode]:
    """Return a finding as outputs that nbgrader scores: the last one is the number of points."""
    line = f"{finding.points:g} of {finding.max_points:g} points ({finding.outcome})"
    if finding.outcome is Outcome.GRADER_ERROR:
        line = "Not graded yet."
    # Feedback pages do not wrap what was printed.
    text = f"{line}\n{textwrap.fill(finding.message, 100)}\n"
    return [
        new_output("stream", name="stdout", text=text),
        new_output(
            "execute_result", data={"text/plain": f"{finding.points:g}"}, execution_count=None
        ),
    ]
