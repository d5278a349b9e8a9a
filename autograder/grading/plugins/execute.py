"""Runs a submission's cells in its kernel, and examines the graded ones from outside it.

The source of an examined cell never runs: in its place the examiner, in this process, asks the
kernel to try the student's function and judges what comes back. Its outputs are written here, so
what the student's code prints or raises has no say in the mark.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_core.utils import run_sync
from nbclient.exceptions import DeadKernelError
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute
from nbgrader.utils import is_grade
from traitlets import Bool, Integer, Unicode

from autograder.cells import DEMO_TAG, grade_id_of
from autograder.course_paths import CoursePaths
from autograder.examining.draws import course_secret, draws_for
from autograder.examining.exam import SheetTask, exam_state, load_exam
from autograder.examining.examiner import examine, examine_sheet, skipped
from autograder.examining.mastery import for_student
from autograder.examining.processes import StudentKernel
from autograder.grading.store import Entry, ResultStore, key_of
from autograder.kernels.containment import Limits
from autograder.kernels.manager import GradingKernelManager
from autograder.records import Finding, GradeRecord, Outcome, write_records

#: The kernelspec whose kernels come out of the warm process, contained; and Jupyter's own.
CONTAINED, PLAIN = "bert-classroom", "python3"


class ExamExecute(Execute):
    """nbgrader's Execute, with the graded cells examined instead of run."""

    course_root = Unicode(".", help="The course's folder.").tag(config=True)
    contained = Bool(True, help="False runs submissions as the grader's user.").tag(config=True)
    fresh = Bool(False, help="True executes what is in the store already once more.").tag(
        config=True
    )
    output_limit = Integer(
        4 * 2**20, help="Bytes that one cell may print; then it is interrupted."
    ).tag(config=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("kernel_manager_class", GradingKernelManager)
        super().__init__(*args, **kwargs)

    def preprocess(self, nb: NotebookNode, resources: Any, km: Any = None) -> Any:
        """See nbconvert's ExecutePreprocessor; writes the records of a named submission.

        What is in the store already is taken from there. Without a student's name nothing but the
        store is written: so the runner executes submissions ahead of nbgrader.
        """
        names = resources["nbgrader"]
        self.paths = CoursePaths(Path(self.course_root))
        self.exam = load_exam(self.paths.exams, names["assignment"])
        folder = (resources.get("metadata") or {}).get("path")
        self.folder = Path(folder or os.devnull)
        key = key_of(nb, Path(folder) if folder else None, self._policy())
        store = ResultStore(self.paths.store)
        entry = None if self.fresh else store.get(key)
        if entry is None:
            nb, resources = self._run(nb, resources, km)
            entry = Entry.of(nb, self.findings, contained=self.contained)
            # A fault of ours is no result: the next run tries again.
            if not any(one.outcome is Outcome.GRADER_ERROR for one in self.findings):
                store.put(key, entry)
        else:
            entry.graft(nb)
        findings = entry.findings
        if student := names.get("student"):
            findings = _settled_for(student, findings, nb)
            write_records(
                self.paths.records(names["assignment"], student),
                [
                    GradeRecord(
                        **finding.model_dump(),
                        assignment=names["assignment"],
                        student=student,
                        notebook=names["notebook"],
                        contained=entry.contained,
                    )
                    for finding in findings
                ],
            )
        resources["findings"] = {finding.grade_id: finding for finding in findings}
        return nb, resources

    def _policy(self) -> dict[str, Any]:
        """Return what else a result depends on: limits, containment and device."""
        devices = sorted({task.device for task in self.exam.tasks})
        if "cuda" in devices:
            self.config.ZygoteProvisioner.gpu = True
        return {
            "assignment": self.exam.assignment,
            "exam": exam_state(self.exam),
            "timeout": self.timeout,
            "output": self.output_limit,
            "contained": self.contained,
            "devices": devices,
            "limits": asdict(Limits()) | dict(self.config.get("ZygoteProvisioner", {})),
        }

    def _run(self, nb: NotebookNode, resources: Any, km: Any) -> Any:
        self.draw_names = (self.exam.assignment, _fingerprint(nb))
        self.findings: list[Finding] = []
        self.cell_errors: dict[str, str] = {}
        self.lost: str | None = None
        self.student: StudentKernel | None = None
        self.printed: dict[int, int] = {}
        self.kernel_name = CONTAINED if self.contained else PLAIN
        try:
            return super().preprocess(nb, resources, km)
        finally:
            self._disconnect()

    def process_message(self, msg: Any, cell: NotebookNode, cell_index: int) -> Any:
        """See nbclient; what a cell prints beyond the limit is dropped, and the cell interrupted."""
        before = self.printed.get(cell_index, 0)
        now = self.printed[cell_index] = before + _size(msg["content"])
        if now <= self.output_limit:
            return super().process_message(msg, cell, cell_index)
        if before <= self.output_limit:
            words = f"\n[more than {self.output_limit:,} bytes: the rest was dropped]\n"
            cell.outputs.append(new_output("stream", name="stdout", text=words))
        if (
            now - before > self.output_limit
            or now // self.output_limit > before // self.output_limit
        ):
            # Once for each limit's worth: a cell that swallows one interrupt gets another.
            self._interrupting = asyncio.ensure_future(self.km.interrupt_kernel())
        if msg["msg_type"] == "status":
            return super().process_message(msg, cell, cell_index)
        return None

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
                self.lost = f"{self._death()} while cell {index + 1} was running"
            except Exception:
                # What nbclient stumbles over now can only be what the kernel sent.
                self.log.exception("cell %d: the kernel's messages are not Jupyter's", index + 1)
                self.lost = f"the kernel's messages could not be read after cell {index + 1}"
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
        if isinstance(task, SheetTask):
            return examine_sheet(task, self.folder)
        if self.lost is not None:
            return skipped(task, f"This could not be tried any more: {self.lost}.")
        student = self._connect()
        rng = draws_for(course_secret(self.paths.secret), *self.draw_names, grade_id)
        finding = examine(task, student, rng, self.cell_errors.get(task.answer_id))
        if not student.usable:
            self.lost = f"{self._death()} while `{task.function}` was being examined"
        return finding

    def _death(self) -> str:
        """Return how the kernel was lost, in words that a sentence goes on from."""
        ended = getattr(self.km.provisioner, "ended", None) or ""
        kind, _, words = ended.partition(": ")
        if kind in ("memory", "time"):
            return f"the kernel was stopped ({words})"
        return "the kernel died"

    def _connect(self) -> StudentKernel:
        if self.student is None:
            client = BlockingKernelClient()
            client.load_connection_info(self.km.get_connection_info())
            client.start_channels(iopub=False, stdin=False, hb=False, control=False)
            place = getattr(self.km.provisioner, "place", None)
            self.student = StudentKernel(
                client,
                interrupt=run_sync(self.km.interrupt_kernel),
                is_alive=run_sync(self.km.is_alive),
                mail=place.mail if place else None,
            )
        return self.student

    def _disconnect(self) -> None:
        if self.student is not None:
            self.student.close()


def _settled_for(student: str, findings: list[Finding], nb: NotebookNode) -> list[Finding]:
    """Return `findings` as they stand for `student`, and show in the notebook what changed."""
    settled = [for_student(finding, student) for finding in findings]
    changed = {one.grade_id: one for one in settled if one not in findings}
    for cell in nb.cells:
        if finding := changed.get(grade_id_of(cell) or ""):
            cell.outputs = _outputs(finding)
    return settled


def _fingerprint(nb: NotebookNode) -> str:
    """Return a digest of what the student handed in: kinds and texts of the cells, in order."""
    cells = [(cell.cell_type, cell.source) for cell in nb.cells]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _size(content: dict[str, Any]) -> int:
    """Return about how many bytes a message's content holds."""
    return len(json.dumps(content, default=str))


def _outputs(finding: Finding) -> list[NotebookNode]:
    """Return a finding as outputs that nbgrader scores: the last one is the number of points."""
    line = f"{finding.points:g} of {finding.max_points:g} points ({finding.outcome})"
    if finding.outcome is Outcome.GRADER_ERROR:
        line = "Not graded yet."
    # Feedback pages do not wrap what was printed.
    wrapped = [textwrap.fill(part, 100) for part in finding.message.splitlines()]
    text = "\n".join([line, *wrapped, ""])
    return [
        new_output("stream", name="stdout", text=text),
        new_output(
            "execute_result", data={"text/plain": f"{finding.points:g}"}, execution_count=None
        ),
    ]
