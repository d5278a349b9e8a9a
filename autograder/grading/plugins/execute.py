"""Runs a submission's cells in its kernel, and examines the graded ones from outside it.

The source of an examined cell never runs: in its place the examiner, in this process, asks the
kernel to try the student's function and judges what comes back. Its outputs are written here, so
what the student's code prints or raises has no say in the mark.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_core.utils import run_sync
from nbclient.exceptions import DeadKernelError
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell
from nbgrader.preprocessors import LimitOutput
from nbgrader.utils import compute_checksum, is_grade, is_solution
from traitlets import Bool, Unicode

import course
from autograder.cells import DEMO_TAG, PRACTICE_TAG, SUPERSEDED_TAG, grade_id_of
from autograder.course_paths import CoursePaths
from autograder.errors import GraderError
from autograder.examining.draws import course_secret, draws_for
from autograder.examining.exam import Exam, SheetTask, Task, load_exam
from autograder.examining.examiner import examine, examine_sheet, skipped
from autograder.examining.mastery import for_student
from autograder.examining.processes import Returned, StudentKernel
from autograder.grading.causes import Causes, missing_module, missing_name
from autograder.grading.executed import Executed
from autograder.grading.names import after_failed_import, body_of, kept_of_demo
from autograder.grading.outputs import (
    ONLY_SHOWS,
    PRACTICE,
    SUPERSEDED,
    error_of,
    in_points_of,
    note,
    outputs_of,
    show,
    unreadable,
)
from autograder.grading.plan import examinations
from autograder.grading.plugins.contained import ContainedExecute
from autograder.grading.roster_names import read_names
from autograder.grading.store import Entry, ResultStore, key_of
from autograder.grading.submission import Submission
from autograder.kernels.manager import bounded_context
from autograder.records import Finding, Outcome

#: Seconds that a kernel has to answer our own question before the first cell runs.
PING_SECONDS = 60.0
#: Bytes of a kernel's reply to the examiner: it says only that it is done.
MAX_REPLY_MESSAGE = 2**20
#: How many imports of packages that are not there one cell may have.
MISSING_IMPORTS = 10


class Run:
    """What is known while one submission's notebook runs."""

    def __init__(self, nb: NotebookNode, exam: Exam, causes: Causes, secret: bytes) -> None:
        self.exam, self.causes, self.secret = exam, causes, secret
        self.due = examinations(nb, exam)
        self.fingerprint = _fingerprint(nb)
        self.findings: dict[str, Finding] = {}
        self.cell_errors: dict[str, str] = {}
        #: Why nothing can be tried any more; None as long as it can.
        self.lost: str | None = None
        self.student: StudentKernel | None = None

    def draws(self, grade_id: str) -> Any:
        """Return the random draws of a task: the same for the same id."""
        return draws_for(self.secret, self.exam.assignment, self.fingerprint, grade_id)


class ExamExecute(ContainedExecute):
    """Takes a submission's result from the store, or executes and examines it."""

    course_root = Unicode(".", help="The course's folder.").tag(config=True)
    fresh = Bool(False, help="True executes what is in the store already once more.").tag(
        config=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.paths = CoursePaths(Path(self.course_root))
        self.run: Run | None = None

    def finish(self, submission: Submission) -> Executed:
        """Leave the submission's notebook as it is to be seen, graded; return what it came to."""
        notebook = submission.notebook()
        entry = self.result_of(submission)
        entry.graft(notebook)
        findings = self.findings_of(submission, entry, notebook)
        show(findings, notebook)
        LimitOutput(parent=self).preprocess(notebook, {})
        submission.notebook_path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")
        return Executed(
            submission.id,
            folder=submission.folder,
            notebook=submission.name,
            findings=tuple(findings),
            unanswered=_unanswered(notebook),
            contained=entry.contained,
        )

    def findings_of(
        self, submission: Submission, entry: Entry, notebook: NotebookNode
    ) -> list[Finding]:
        """Return a result as it stands for its student, in the points of `notebook`."""
        student = submission.id.student

        def means(typed: str) -> bool:
            return student in read_names(self.paths).of(typed)

        findings = [
            in_points_of(notebook, for_student(finding, student, means))
            for finding in entry.findings
        ]
        if submission.complaint is not None:
            findings = [unreadable(finding, submission.complaint) for finding in findings]
        return findings

    def result_of(self, submission: Submission) -> Entry:
        """Return the result of a submission: from the store, or by executing it."""
        store = ResultStore(self.paths.store)
        exam = load_exam(self.paths.exams, submission.id.assignment)
        key = key_of(submission.digest, exam, self._policy(exam))
        entry = None if self.fresh else store.get(key)
        if entry is None:
            entry = self._execute(submission, exam)
            # A fault of ours is no result: the next run tries again.
            if not any(one.outcome is Outcome.GRADER_ERROR for one in entry.findings):
                store.put(key, entry)
        return entry

    def _policy(self, exam: Exam) -> dict[str, Any]:
        """Return what else a result depends on: limits, containment and device."""
        return {
            "timeout": self.timeout,
            "output": [self.output_limit, self.output_limit_in_all],
            "contained": self.contained,
            "devices": sorted({task.device for task in exam.tasks}),
            "limits": asdict(self.limits()) | dict(self.config.get("ZygoteProvisioner", {})),
        }

    def _execute(self, submission: Submission, exam: Exam) -> Entry:
        gpu = any(task.device == "cuda" for task in exam.tasks)
        causes = Causes(self.limits(), gpu=gpu)
        self.folder = submission.folder
        nb = submission.notebook()
        if gpu:
            self.config.ZygoteProvisioner.gpu = True
        self.run = Run(nb, exam, causes, course_secret(self.paths.secret))
        resources = {"metadata": {"path": str(submission.folder)}, "nbgrader": {}}
        try:
            nb, _ = self.preprocess(nb, resources)
        finally:
            self._disconnect()
        # In the exam's own order, wherever the cells stand.
        ordered = [
            self.run.findings[task.grade_id]
            for task in exam.tasks
            if task.grade_id in self.run.findings
        ]
        return Entry.of(nb, ordered, contained=self.contained)

    def start_new_kernel_client(self, **kwargs: Any) -> Any:
        """See nbclient; before any student's cell runs, the kernel answers a question of ours."""
        client = super().start_new_kernel_client(**kwargs)
        self._ping()
        return client

    def _ping(self) -> None:
        reply = self._connect().ping(["course", "course.checks"], PING_SECONDS)
        if not isinstance(reply, Returned) or not isinstance(reply.value, dict):
            raise GraderError(
                f"A kernel does not answer the examiner ({reply}): nothing was graded. "
                "`autograder doctor` tries the same."
            )
        if reply.value.get("course") != course.__file__:
            raise GraderError(
                f"Kernels import the package `course` from {reply.value.get('course')}, but this "
                f"grader imports it from {course.__file__}: nothing was graded."
            )

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> Any:
        """Run a cell as grading does, then examine the tasks that are due after it."""
        assert self.run is not None
        if not is_grade(cell) and cell.cell_type == "code":
            self._run_cell(cell, resources, index)
        for graded in self.run.due.get(index, []):
            self._examine(self.nb.cells[graded], graded, resources)
        return cell, resources

    def _run_cell(self, cell: NotebookNode, resources: Any, index: int) -> None:
        assert self.run is not None
        tags = cell.metadata.get("tags", [])
        if SUPERSEDED_TAG in tags:
            cell.outputs = note(SUPERSEDED)
        elif PRACTICE_TAG in tags:
            cell.outputs = note(PRACTICE)
        elif DEMO_TAG in tags:
            kept, left = kept_of_demo(cell.source)
            self.run.causes.only_shown |= dict.fromkeys(left, index)
            if kept:
                self._execute_aside(kept, resources, index)
            cell.outputs = note(ONLY_SHOWS)
        elif self.run.lost is None:
            self._execute_cell(cell, resources, index)
            self._note_error(cell, resources, index)

    def _execute_cell(self, cell: NotebookNode, resources: Any, index: int) -> None:
        assert self.run is not None
        try:
            self.run_cell(cell, resources, index)
        except DeadKernelError:
            self.run.lost = f"{self._death()} while cell {index + 1} was running"
        except Exception:
            # What nbclient stumbles over now can only be what the kernel sent.
            self.log.exception("cell %d: the kernel's messages are not Jupyter's", index + 1)
            self.run.lost = f"the kernel's messages could not be read after cell {index + 1}"

    def _execute_aside(self, source: str, resources: Any, index: int) -> NotebookNode:
        """Execute `source` in the notebook's kernel without showing it; return the cell that ran."""
        assert self.run is not None
        cell = new_code_cell(source)
        if self.run.lost is None and source.strip():
            self._execute_cell(cell, resources, index)
        return cell

    def _note_error(self, cell: NotebookNode, resources: Any, index: int) -> None:
        """Remember what a cell stopped with; run what follows an import that is missing here."""
        assert self.run is not None
        error = error_of(cell)
        if error is None:
            return
        self.run.causes.note(index + 1, cell.source, error)
        if grade_id := grade_id_of(cell):
            self.run.cell_errors[grade_id] = error[:500]
        if error.startswith("CellTimeoutError") and not self._connect().responds():
            self.run.lost = f"cell {index + 1} ran for over {self.timeout} seconds and did not stop"
            run_sync(self.km.shutdown_kernel)(now=True)
            return
        source: str | None = cell.source
        for _ in range(MISSING_IMPORTS):
            module = missing_module(error or "")
            source = after_failed_import(source, module) if module and source else None
            if source is None:
                return
            error = error_of(self._execute_aside(source, resources, index))

    def _examine(self, cell: NotebookNode, index: int, resources: Any) -> None:
        assert self.run is not None
        grade_id = grade_id_of(cell) or ""
        task = self.run.exam.task(grade_id)
        if task is None:
            raise LookupError(f"{self.run.exam.assignment} has no task for the cell {grade_id!r}")
        if isinstance(task, SheetTask):
            finding = examine_sheet(task, self.folder)
        elif self.run.lost is not None:
            finding = skipped(task, self.run.lost)
        else:
            finding = self._tried(task)
            # A name that only a shown cell binds: that cell runs now, and the task is tried again.
            for _ in range(MISSING_IMPORTS):
                shown = self.run.causes.only_shown.pop(missing_name(finding) or "", None)
                if shown is None or self.run.lost is not None:
                    break
                self._execute_aside(body_of(self.nb.cells[shown].source), resources, shown)
                finding = self._tried(task)
            finding = self.run.causes.explained(finding, task.function)
        self.run.findings[grade_id] = finding
        cell.outputs = outputs_of(finding)

    def _tried(self, task: Task) -> Finding:
        assert self.run is not None
        if self.run.lost is not None:
            return skipped(task, self.run.lost)
        student = self._connect()
        finding = examine(
            task,
            student,
            self.run.draws(task.grade_id),
            self.run.cell_errors.get(task.answer_id),
        )
        if not student.usable:
            self.run.lost = f"{self._death()} while `{task.function}` was being examined"
        return finding

    def _death(self) -> str:
        """Return how the kernel was lost, in words that a sentence goes on from."""
        ended = getattr(self.km.provisioner, "ended", None) or ""
        kind, _, words = ended.partition(": ")
        if kind in ("memory", "time"):
            return f"the kernel was stopped ({words})"
        return "the kernel died"

    def _connect(self) -> StudentKernel:
        assert self.run is not None
        if self.run.student is None:
            context = bounded_context(zmq.Context(), MAX_REPLY_MESSAGE)
            client = BlockingKernelClient(context=context)
            client.load_connection_info(self.km.get_connection_info())
            client.start_channels(iopub=False, stdin=False, hb=False, control=False)
            place = getattr(self.km.provisioner, "place", None)
            self.run.student = StudentKernel(
                client,
                interrupt=run_sync(self.km.interrupt_kernel),
                is_alive=run_sync(self.km.is_alive),
                mail=place.mail if place else None,
            )
        return self.run.student

    def _disconnect(self) -> None:
        if self.run is not None and self.run.student is not None:
            self.run.student.close()


def _fingerprint(nb: NotebookNode) -> str:
    """Return a digest of what the student handed in: kinds and texts of the cells, in order."""
    cells = [(cell.cell_type, cell.source) for cell in nb.cells]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _unanswered(notebook: NotebookNode) -> frozenset[str]:
    """Return the cells for answers that are as they were handed out, by nbgrader's own measure."""
    return frozenset(
        str(grade_id_of(cell))
        for cell in notebook.cells
        if is_solution(cell) and cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
    )
