"""Grading the miniature course with real nbgrader and real kernels, in each way that it can go."""

from __future__ import annotations

import ast
import copy
import html
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from classroom import LOOP, NAME, SOLUTION, Edit, by_task, cell_of, grades, set_source, submit
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook

from autograder.course_paths import CoursePaths
from autograder.examining.draws import course_secret, draws_for
from autograder.examining.exam import load_exam
from autograder.grading.grade import Recorder
from autograder.grading.gradebook import read_gradebook
from autograder.grading.plugins.execute import _fingerprint
from autograder.grading.submission import SubmissionId
from autograder.records import all_records, read_records
from course import checkpoint


def hostile(notebook: NotebookNode) -> None:
    """Try everything that gives full marks on stock nbgrader, with nothing solved."""
    cell_of(notebook, "count-words").source = (
        "import sys\n"
        "get_ipython().input_transformers_cleanup.append(lambda lines: [])\n"
        "class Always:\n    def __eq__(self, other): return True\n    __hash__ = None\n"
        "count_words = longest_word = lambda text: Always()\n"
        "sys.displayhook(5)\n"
    )
    cell_of(notebook, "longest-word").source = "pass"
    for cell in notebook.cells:
        cell.metadata["tags"] = ["skip-execution"]
        if "points" in cell.metadata.get("nbgrader", {}):
            cell.metadata["nbgrader"]["points"] = 100
            cell.source = "5"


def swapped_ids(notebook: NotebookNode) -> None:
    one, two = cell_of(notebook, "count-words-points"), cell_of(notebook, "longest-word-points")
    one.metadata["nbgrader"]["grade_id"] = "longest-word-points"
    two.metadata["nbgrader"]["grade_id"] = "count-words-points"


def duplicated(notebook: NotebookNode) -> None:
    notebook.cells += [copy.deepcopy(cell_of(notebook, "count-words-points")) for _ in range(2)]


def deleted(notebook: NotebookNode) -> None:
    notebook.cells = [c for c in notebook.cells if not c.metadata.get("nbgrader", {}).get("grade")]


def garbled_metadata(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata["nbgrader"].update(schema_version=99, points="many", locked="?")
    notebook.cells[0].metadata["nbgrader"] = "nothing"


def retyped(notebook: NotebookNode) -> None:
    cell = cell_of(notebook, "count-words-points")
    cell.cell_type = "markdown"
    for field in ("outputs", "execution_count"):
        cell.pop(field)


STUBBORN = """
import time
while True:
    try:
        time.sleep(9)
    except KeyboardInterrupt:
        pass
"""


def unchanged(notebook: NotebookNode) -> None:
    """Hand in the right solution as it is."""


NOISY = "import sys, warnings\nwarnings.warn('w')\nsys.stderr.write('x')\n" + SOLUTION
#: Each student with what was done to the right solution, and the points that it must get.
CLASS: dict[str, tuple[Edit, float]] = {
    "right": (unchanged, 5),
    "noisy": (set_source("count-words", NOISY), 5),
    "hostile": (hostile, 0),
    "swapped": (swapped_ids, 5),
    "duplicated": (duplicated, 5),
    "deleted": (deleted, 5),
    "garbled": (garbled_metadata, 5),
    "retyped": (retyped, 5),
    "loop": (set_source("count-words", LOOP), 3),
    "stubborn": (set_source("count-words", STUBBORN), 0),
    "dies": (set_source("count-words", "import os\nos._exit(1)"), 0),
    "syntax": (set_source("count-words", "def count_words(text:"), 3),
    "other": (set_source("count-words", "def count_words(text):\n    return {'x': 1}\n"), 3),
    "removed": (lambda notebook: notebook.cells.remove(cell_of(notebook, "count-words")), 3),
    # What these hand in is no longer a notebook of that name; see below.
    "cut": (unchanged, 0),
    "renamed": (unchanged, 5),
    "unnumbered": (unchanged, 5),
    "downloaded": (unchanged, 5),
    "empty": (unchanged, 0),
    "linked": (unchanged, 0),
}


@dataclass(frozen=True)
class Graded:
    """A class that was graded by one command."""

    paths: CoursePaths
    said: str
    handed_in: dict[Path, bytes]

    def files(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in self.paths.submitted.glob("*/*/*")}


@pytest.fixture(scope="module")
def graded(
    released: CoursePaths, tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Any]
) -> Graded:
    root = tmp_path_factory.mktemp("class") / "classroom"
    shutil.copytree(released.root, root)
    paths = CoursePaths(root)
    written = {student: submit(paths, student, edit) for student, (edit, _) in CLASS.items()}
    written["cut"].write_text(written["cut"].read_text()[:900])
    # Before version 0.2 notebooks had no numbers in their names; browsers add one of their own.
    for student, name in {
        "renamed": f"{NAME} (1).ipynb",
        "unnumbered": "counting.ipynb",
        "downloaded": "counting (1).ipynb",
    }.items():
        written[student].rename(written[student].with_name(name))
    written["empty"].unlink()
    written["linked"].unlink()
    written["linked"].symlink_to(paths.notebook(paths.source, NAME))
    handed_in = Graded(paths, "", {}).files()
    options = ("--feedback", "--json", root / "out.json")
    done = run("autograder", "grade", NAME, "--root", root, *options)
    return Graded(paths, done.stdout, handed_in)


@pytest.mark.parametrize("student", CLASS)
def test_whatever_is_handed_in_gets_the_points_it_deserves(graded: Graded, student: str) -> None:
    assert grades(graded.paths)[student] == CLASS[student][1]


@pytest.mark.parametrize(
    ("student", "task", "misconception", "words"),
    [
        ("loop", "count-words", "timeout", "no answer came within 3 seconds"),
        ("syntax", "count-words", "cell-error", "SyntaxError"),
        ("removed", "count-words", "missing-name", "nothing was called"),
        ("cut", "count-words", "unreadable-notebook", "cut off"),
        ("stubborn", "longest-word", "skipped", "did not stop"),
        ("dies", "longest-word", "skipped", "died while cell 2"),
    ],
)
def test_what_went_wrong_is_named(
    graded: Graded, student: str, task: str, misconception: str, words: str
) -> None:
    record = by_task(graded.paths, student)[task]
    assert record.misconception == misconception and words in record.message


def test_records_are_the_same_in_the_file_and_in_our_folder_one_a_cell(graded: Graded) -> None:
    written = read_records(graded.paths.root / "out.json")
    assert written == all_records(graded.paths.records_folder)
    assert len(written) == 2 * len(CLASS)


def test_the_gradebook_has_the_points_of_the_records(graded: Graded) -> None:
    totals = dict.fromkeys(CLASS, 0.0)
    for record in all_records(graded.paths.records_folder):
        totals[record.student] += record.points
    assert grades(graded.paths) == totals


def test_what_was_handed_in_is_left_as_it_was(graded: Graded) -> None:
    assert graded.files() == graded.handed_in and len(graded.handed_in) == len(CLASS) - 1


def test_the_table_names_each_student(graded: Graded) -> None:
    assert all(student in graded.said for student in CLASS)


def page_of(graded: Graded, student: str) -> str:
    """Return a student's feedback page as it is read."""
    path = graded.paths.feedback / student / NAME / f"{NAME}.html"
    return html.unescape(path.read_text(encoding="utf-8"))


def test_feedback_tells_what_went_wrong(graded: Graded) -> None:
    page = page_of(graded, "loop")
    assert "<strong>3 of 5 points</strong>" in page
    assert '<a href="#task-1">count-words</a></td><td class="number">0 of 2</td>' in page
    assert "not right yet: Took too long" in page
    assert "no answer came within 3 seconds" in page
    assert page.index("no answer came") < page.index("<details") < page.index("while")


def test_feedback_has_no_machinery_in_it(graded: Graded) -> None:
    for student in CLASS:
        page = page_of(graded, student)
        for words in ("Out[", "In [", "Skipped during grading", "points (", "¶", "<script", "//"):
            assert words not in page, (student, words)


def hidden_in(exam: Path, shown: str) -> set[str]:
    """Return the lines and the values of an exam that stand in nothing that `shown` holds."""
    hidden = set()
    for path in (path for path in exam.rglob("*.py") if "answers" not in path.parts):
        source = path.read_text(encoding="utf-8")
        hidden |= {line.strip() for line in source.splitlines()}
        hidden |= {
            str(node.value)
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float)
        }
    return {one for one in hidden if len(one) > 6 and one not in shown}


def test_feedback_has_no_line_and_no_value_of_the_exam(graded: Graded) -> None:
    paths = graded.paths
    released = paths.notebook(paths.release, NAME).read_text(encoding="utf-8")
    told = {task.success() for task in load_exam(paths.exams, NAME).tasks}
    hidden = hidden_in(paths.exams / NAME, released + "".join(told))
    assert {"right = Counter(text.lower().split())", "case-kept"} <= hidden
    hidden |= {course_secret(paths.secret).hex(), str(paths.exams), str(paths.root)}
    assert len(hidden) > 30
    for student in CLASS:
        page = page_of(graded, student)
        assert not [one for one in hidden if one in page], student


def test_feedback_tells_of_the_inputs_drawn_only_the_one_that_failed(graded: Graded) -> None:
    def drawn(student: str) -> list[str]:
        path = graded.paths.root / "autograded" / student / NAME / f"{NAME}.ipynb"
        cells = _fingerprint(nbformat.read(path, as_version=4))
        task = load_exam(graded.paths.exams, NAME).tasks[0]
        secret = course_secret(graded.paths.secret)
        rng = draws_for(secret, NAME, cells, task.grade_id)
        return [inputs["text"] for inputs in task.cases(rng)]

    shown = [text in page_of(graded, "other") for text in drawn("other")]
    assert shown == [True, False, False]
    assert not any(text in page_of(graded, "right") for text in drawn("right"))


def test_plain_nbgrader_gives_the_same_marks(
    classroom: CoursePaths, run: Callable[..., Any]
) -> None:
    submit(classroom, "right")
    submit(classroom, "wrong", set_source("count-words", SOLUTION.replace(".lower()", "")))
    run("nbgrader", "autograde", NAME, cwd=classroom.root)
    assert grades(classroom) == {"right": 5, "wrong": 3}
    assert by_task(classroom, "wrong")["count-words"].misconception == "case-kept"


def test_the_released_notebook_runs_and_validates_without_us(
    classroom: CoursePaths, tmp_path: Path, run: Callable[..., Any]
) -> None:
    # A folder with nothing of ours beside it: a student's own machine.
    shutil.copy(classroom.notebook(classroom.source, NAME), tmp_path / "notebook.ipynb")
    notebook = nbformat.read(tmp_path / "notebook.ipynb", as_version=4)
    notebook.cells.remove(cell_of(notebook, "see-counts"))
    nbformat.write(notebook, tmp_path / "notebook.ipynb")
    done = run("nbgrader", "validate", "notebook.ipynb", cwd=tmp_path)
    assert "Your notebook passes all the tests" in done.stdout


def test_what_is_graded_is_not_graded_again_unless_it_changed(
    classroom: CoursePaths, run: Callable[..., Any]
) -> None:
    submit(classroom, "ann")
    changed = submit(classroom, "ben")
    command = ("autograder", "grade", NAME, "--root", classroom.root, "--jobs", "1")
    run(*command)
    first = {s: classroom.records(NAME, s).stat().st_mtime_ns for s in ("ann", "ben")}
    notebook = nbformat.read(changed, as_version=4)
    cell_of(notebook, "count-words").source = "count_words = None"
    nbformat.write(notebook, changed)
    run(*command)
    second = {s: classroom.records(NAME, s).stat().st_mtime_ns for s in ("ann", "ben")}
    assert first["ann"] == second["ann"] and first["ben"] != second["ben"]
    assert grades(classroom) == {"ann": 5, "ben": 3}
    run(*command, "--force", "--student", "ann")
    assert classroom.records(NAME, "ann").stat().st_mtime_ns != second["ann"]


def test_a_changed_exam_grades_anew(classroom: CoursePaths, run: Callable[..., Any]) -> None:
    submit(classroom, "ann")
    command = ("autograder", "grade", NAME, "--root", classroom.root, "--jobs", "1")
    run(*command)
    assert grades(classroom) == {"ann": 5}
    exam = classroom.exams / NAME / "exam.py"
    exam.write_text(
        exam.read_text().replace("right = Counter(text.lower()", "right = Counter(text.upper()")
    )
    run(*command)
    assert grades(classroom) == {"ann": 3}


def test_a_change_in_any_file_that_a_grade_depends_on_is_seen(classroom: CoursePaths) -> None:
    handed_in = submit(classroom, "ann")

    def state() -> str:
        recorder = Recorder(classroom, read_gradebook(classroom))
        return recorder._state(SubmissionId(NAME, "ann"))

    before = state()
    exam = classroom.exams / NAME
    released = classroom.notebook(classroom.release, NAME)
    config = classroom.root / "nbgrader_config.py"
    for path in (exam / "exam.py", exam / "mistakes.yaml", released, config, handed_in):
        content = path.read_bytes()
        path.write_bytes(content + b"\n")
        assert state() != before, path
        path.write_bytes(content)
    assert state() == before


@pytest.mark.nightly
def test_a_change_in_what_a_result_depends_on_executes_anew(
    classroom: CoursePaths, run: Callable[..., Any]
) -> None:
    path = submit(classroom, "ann")
    config = classroom.root / "nbgrader_config.py"

    def executed(*options: str) -> int:
        run("autograder", "grade", NAME, "--root", classroom.root, "--jobs", "1", *options)
        return len(list(classroom.store.glob("*/*.json")))

    assert executed() == 1
    with config.open("a") as file:
        file.write("\n# A comment changes nothing.\n")
    assert executed() == 1
    for number, setting in enumerate(
        (
            "ExamExecute.timeout = 9",
            "ExamExecute.output_limit = 999",
            "ZygoteProvisioner.memory = 999",
        )
    ):
        with config.open("a") as file:
            file.write(f"\nc.{setting}\n")
        assert executed() == 2 + number, setting
    assert executed("--force", "--containment", "none") == 5
    (path.parent / "words.txt").write_text("the cat")
    assert executed() == 6
    (path.parent / "words.txt").write_text("the mat")
    assert executed() == 7
    assert grades(classroom) == {"ann": 5}


#: An exam of two tasks that tell what was drawn for them.
TELLING = """
from autograder.examining.exam import Task
from course.checks.mistakes import Mistake, MistakeError

class Telling(Task):
    "What was drawn is told."
    points, timeout = 2, 3
    def cases(self, rng):
        yield {"text": str(rng.random())}
    def judge(self, observed, *, text):
        record = Mistake(id="told", title="Told", message="What was drawn is told.")
        raise MistakeError(record, f"drawn: {text}")

class One(Telling):
    answer_id, function = "count-words", "count_words"

class Two(Telling):
    answer_id, function = "longest-word", "longest_word"

TASKS = [One, Two]
"""


def test_each_submission_and_each_task_draws_its_own(
    classroom: CoursePaths, run: Callable[..., Any]
) -> None:
    (classroom.exams / NAME / "exam.py").write_text(TELLING)
    for student in ("ann", "like-ann", "ben"):
        submit(classroom, student, set_source("count-words", SOLUTION + f"# {student[-3:]}"))
    command = ("autograder", "grade", NAME, "--root", classroom.root, "--jobs", "1")
    run(*command)
    drawn = {
        (student, task): record.message
        for student in ("ann", "like-ann", "ben")
        for task, record in by_task(classroom, student).items()
    }
    assert all(message.startswith("drawn: 0.") for message in drawn.values())
    for task in ("count-words", "longest-word"):
        assert drawn["like-ann", task] == drawn["ann", task]
    assert len(set(drawn.values())) == 4
    shutil.rmtree(classroom.store)
    run(*command, "--force")
    assert by_task(classroom, "ben")["count-words"].message == drawn["ben", "count-words"]


def test_a_fault_of_ours_waits_for_a_person_and_the_batch_goes_on(
    classroom: CoursePaths, run: Callable[..., Any]
) -> None:
    exam = classroom.exams / NAME / "exam.py"
    exam.write_text(
        exam.read_text().replace("right = Counter(text.lower().split())", "right = 1 / 0")
    )
    submit(classroom, "ann")
    done = run("autograder", "grade", NAME, "--root", classroom.root, code=3)
    assert (
        "need manual grading in formgrader" in done.stderr and "No marks were lost" in done.stderr
    )
    assert by_task(classroom, "ann")["count-words"].outcome == "grader_error"
    assert by_task(classroom, "ann")["longest-word"].points == 3
    with Gradebook(f"sqlite:///{classroom.gradebook}") as gradebook:
        grade = gradebook.find_grade("count-words-points", NAME, NAME, "ann")
        assert grade.needs_manual_grade and grade.auto_score is None
    # Mended, the same command grades what was left.
    exam.write_text(
        exam.read_text().replace("right = 1 / 0", "right = Counter(text.lower().split())")
    )
    run("autograder", "grade", NAME, "--root", classroom.root)
    assert grades(classroom) == {"ann": 5}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("grade", "02-nothing"), "There is no assignment '02-nothing'; there are: 01-counting."),
        (("grade", NAME), f"There is no submission for {NAME}"),
        (("grade", NAME, "--student", "nobody"), "There is no submission of 'nobody'"),
        (("report",), "Nothing is graded yet"),
        (("build", "x"), "There is no assignment 'x'"),
        (("verdict", "nothing.py"), "There is no file 'nothing.py'"),
    ],
)
def test_bad_input_gets_one_clear_sentence(
    classroom: CoursePaths, run: Callable[..., Any], arguments: tuple[str, ...], words: str
) -> None:
    root = () if arguments[0] == "verdict" else ("--root", classroom.root)
    done = run("autograder", *arguments, *root, code=2)
    assert words in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize("command", [("grade", "--json"), ("report", "--output")])
def test_a_file_that_cannot_be_written_is_told_before_the_work(
    classroom: CoursePaths, run: Callable[..., Any], command: tuple[str, str]
) -> None:
    submit(classroom, "ann")
    verb, option = command
    for path, words in ((classroom.root, "is a directory"), ("gone/x", "There is no folder gone.")):
        done = run("autograder", verb, "--root", classroom.root, option, path, code=2)
        assert words in " ".join(re.findall(r"[\w.]+", done.stderr)), done.stderr
        assert "Traceback" not in done.stderr
    assert not classroom.records(NAME, "ann").exists() and not Path("gone").exists()


def test_what_is_not_released_is_released_before_it_is_graded(
    miniature: CoursePaths, run: Callable[..., Any]
) -> None:
    # As in a fresh clone: release/ is there, a gradebook is not.
    assert miniature.notebook(miniature.release, NAME).is_file()
    assert not miniature.gradebook.exists()
    submit(miniature, "ann")
    done = run("nbgrader", "autograde", NAME, cwd=miniature.root, code=1)
    assert f"run `nbgrader generate_assignment {NAME}`" in done.stderr
    assert "Traceback" not in done.stderr
    done = run("autograder", "grade", "--root", miniature.root)
    assert f"{NAME} was not in the gradebook: released it." in done.stderr
    assert grades(miniature) == {"ann": 5}
    # Released already, and lost: the results fill it again, and nothing runs.
    miniature.gradebook.unlink()
    run("nbgrader", "generate_assignment", NAME, cwd=miniature.root)
    assert grades(miniature) == {}
    before = {path: path.stat().st_mtime_ns for path in miniature.store.glob("*/*.json")}
    run("autograder", "grade", "--root", miniature.root)
    assert grades(miniature) == {"ann": 5}
    assert {path: path.stat().st_mtime_ns for path in miniature.store.glob("*/*.json")} == before


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda paths: shutil.rmtree(paths.source), "is not built yet: run `autograder build"),
        (lambda paths: paths.gradebook.write_bytes(b"x" * 5000), "file is not a database"),
    ],
    ids=["no source", "no database"],
)
def test_what_cannot_be_released_is_told_before_anything_runs(
    miniature: CoursePaths,
    run: Callable[..., Any],
    spoil: Callable[[CoursePaths], Any],
    words: str,
) -> None:
    submit(miniature, "ann")
    spoil(miniature)
    done = run("autograder", "grade", "--root", miniature.root, code=2)
    assert words in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert not miniature.store.exists() and not miniature.records(NAME, "ann").exists()


def test_a_changed_model_or_a_missing_package_stops_before_it_costs_marks(
    classroom: CoursePaths, tmp_path: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(classroom, "ann")
    program = (
        "import sys; sys.modules['nbgrader'] = None; from autograder.cli import app; "
        f"app(['grade', '--root', {str(classroom.root)!r}])"
    )
    done = run(sys.executable, "-c", program, code=2)
    assert "The package 'nbgrader' is missing: run `pip install -r requirements.txt`" in done.stderr
    folder = tmp_path / "model"
    shutil.copytree(checkpoint(), folder)
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(5_000_000)
        file.write(b"\0\0\0\0")
    monkeypatch.setenv("BERT_CLASSROOM_CHECKPOINT", str(folder))
    for arguments in (
        ("grade", "--root", classroom.root),
        ("check-course", "--root", classroom.root),
    ):
        done = run("autograder", *arguments, code=2)
        assert "sha256 differs" in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert not classroom.records(NAME, "ann").exists()
