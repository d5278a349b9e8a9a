"""One page a student: the marks and what each rests on, then the notebook, folded.

Used by `nbgrader generate_feedback`, by formgrader's button and by `autograder grade --feedback`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, NbGraderPreprocessor
from nbgrader.utils import is_grade, is_locked, is_task
from traitlets import Unicode

from autograder.cells import grade_id_of
from autograder.course_paths import CoursePaths
from autograder.grading.harmless import HarmlessExporter, harmless
from autograder.grading.kept_lists import read_excused
from autograder.grading.marks import marks_in
from autograder.grading.outputs import left_out, note
from autograder.grading.pages import TEMPLATES, code_colours, environment, number
from autograder.grading.student_page import (
    StudentPage,
    late_sentences,
    other_comments,
    tasks_shown,
)
from autograder.records import GradeRecord, read_records
from course.practice.places import lessons


class HideTests(ClearHiddenTests):
    """nbgrader's ClearHiddenTests, for cells that only an author could have written."""

    def preprocess_cell(self, cell: NotebookNode, resources: Any, cell_index: int) -> Any:
        """See nbgrader; it stops at a student's cell that holds its marks."""
        if is_grade(cell) and is_locked(cell):
            return super().preprocess_cell(cell, resources, cell_index)
        return cell, resources


class HideMarkScheme(ClearMarkScheme):
    """nbgrader's ClearMarkScheme, for cells of tasks."""

    def preprocess_cell(self, cell: NotebookNode, resources: Any, cell_index: int) -> Any:
        """See nbgrader; where its marks were damaged, nothing of the cell is shown."""
        if is_task(cell):
            try:
                return super().preprocess_cell(cell, resources, cell_index)
            except RuntimeError:
                cell.source = ""
        return cell, resources


class ExplainMarks(NbGraderPreprocessor):
    """Puts what the page says into `resources["page"]`, and takes out of cells what it says."""

    course_root = Unicode(".", help="The course's folder.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """See nbconvert's Preprocessor."""
        names = resources["nbgrader"]
        assignment, student = names["assignment"], names["student"]
        paths = CoursePaths(Path(self.course_root))
        with Gradebook(names["db_url"]) as gradebook:
            marks = marks_in(gradebook, read_excused(paths), only=(assignment, student))
        mark = marks.by_submission.get((assignment, student))
        comments = marks.comments.get((assignment, student), {})
        records = _records(paths, assignment, student)
        lesson = lessons().get(assignment)
        zone = ZoneInfo(self.config.Exchange.get("timezone", "UTC"))
        resources["page"] = page = StudentPage(
            student=student,
            name=marks.names.get(student, ""),
            assignment=assignment,
            title=f"{assignment[:2]} · {lesson.title}" if lesson else assignment,
            mark=mark,
            excused=(assignment, student) in marks.excused,
            tasks=tasks_shown(nb, mark, records, comments, assignment),
            late=late_sentences(mark, zone),
            comments=other_comments(comments, mark.tasks if mark else ()),
        )
        _quieten(nb, page)
        return nb, resources


def _records(paths: CoursePaths, assignment: str, student: str) -> dict[str, GradeRecord]:
    """Return a submission's records by grade_id; none where no exam of ours is."""
    try:
        return {one.grade_id: one for one in read_records(paths.records(assignment, student))}
    except (OSError, ValueError):
        return {}


def _quieten(nb: NotebookNode, page: StudentPage) -> None:
    """Take out what the page says above, and every tested line that a traceback quotes."""
    explained = {one.record.grade_id: one for one in page.tasks if one.record}
    for cell in nb.cells:
        if cell.cell_type != "code":
            continue
        if task := explained.get(grade_id_of(cell) or ""):
            said = (
                f"{number(task.points)} of {number(task.max_points)} points: {task.title}, above."
            )
            cell.outputs = note(said)
        elif left_out(cell):
            cell.outputs = []
        elif cell.metadata.get("nbgrader", {}).get("grade"):
            for output in cell.outputs:
                if output.output_type == "error":
                    # A traceback shows lines of the tests, hidden ones too.
                    output.traceback = [f"{output.ename}: {output.evalue}"]


class FeedbackExporter(HarmlessExporter):
    """Makes the page: the notebook by nbconvert, cleaned as a whole, in a page of our own."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            template_name="feedback_page", extra_template_basedirs=[str(TEMPLATES)], **kwargs
        )

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kwargs: Any) -> Any:
        """See nbconvert."""
        cells, resources = super().from_notebook_node(nb, resources, **kwargs)
        template = environment().get_template("student_page.html")
        page = template.render(
            page=resources["page"],
            notebook=Markup(harmless(cells)),
            colours=Markup(code_colours()),
        )
        return page, resources
