"""The same lesson and submissions for each grader, and whether each did the work.

Stock nbgrader and otter test inside the student's kernel. The cells that run are those that run
with us; in each graded cell our own task, its cases, its observation and its judgement, is carried
out in the kernel. So all three do the same work.
"""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.authoring.recorded_answers import recorded_answers
from autograder.cells import DEMO_TAG, grade_id_of
from autograder.course_paths import CoursePaths
from autograder.examining.exam import load_exam
from autograder.records import all_records
from autograder.sample.demo import set_up

# A hidden test, as an instructor with stock nbgrader would call one.
HELPER = """
import copy, random, sys

sys.path.insert(0, {root!r})


def examine_here(assignment, grade_id, function):
    from pathlib import Path
    from autograder.examining.exam import load_exam
    from course.plain import as_plain
    task = load_exam(Path({exams!r}), assignment).task(grade_id)
    for inputs in task.cases(random.Random(7)):
        # A student's function may change what it is given; ours are in another process.
        given = copy.deepcopy(inputs)
        task.judge(as_plain(type(task).observe(function, **given)), **inputs)
"""

CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "stock"
c.Execute.timeout = 900
c.Execute.kernel_name = "python3"
"""

OTTER_TEST = """
from otter.test_files import test_case

OK_FORMAT = False
name = {name!r}
points = 1


@test_case(points=1)
def test_it(env):
    import sys
    sys.path.insert(0, {folder!r})
    from stock_tests import examine_here
    examine_here({assignment!r}, {grade_id!r}, env[{function!r}])
"""


def distinct_answers(paths: CoursePaths, assignment: str, number: int) -> dict[str, str]:
    """Return the answers of submission `number` by answer id: right, and like no other's."""
    answers = {}
    exam = load_exam(paths.exams, assignment)
    for task in exam.tasks:
        right = [one for one in recorded_answers(exam, task) if one.right]
        answers[task.answer_id] = f"{right[number % len(right)].source}\n# {number}\n"
    return answers


def fill(notebook: NotebookNode, answers: dict[str, str]) -> NotebookNode:
    """Return a copy of `notebook` with `answers` in their cells."""
    filled = copy.deepcopy(notebook)
    for cell in filled.cells:
        if (grade_id := grade_id_of(cell)) in answers:
            cell.source = answers[str(grade_id)]
    return filled


def make_ours(origin: CoursePaths, root: Path, assignment: str, count: int) -> CoursePaths:
    """Make a course of ours in `root` with the submissions 0 to `count` - 1."""
    paths = set_up(origin, root, [assignment], lambda step: None)
    released = nbformat.read(paths.notebook(paths.release, assignment), as_version=4)
    for number in range(count):
        path = paths.notebook(paths.submitted / f"s{number:04}", assignment)
        path.parent.mkdir(parents=True)
        nbformat.write(fill(released, distinct_answers(origin, assignment, number)), path)
    return paths


def make_stock(
    origin: CoursePaths, root: Path, assignment: str, numbers: Sequence[int]
) -> CoursePaths:
    """Make a stock nbgrader course in `root` with the submissions `numbers`."""
    paths = CoursePaths(root)
    notebook = nbformat.read(origin.notebook(origin.source, assignment), as_version=4)
    exam = load_exam(origin.exams, assignment)
    notebook.cells = [c for c in notebook.cells if DEMO_TAG not in c.metadata.get("tags", [])]
    for cell in notebook.cells:
        if task := exam.task(grade_id_of(cell) or ""):
            cell.source = (
                "### BEGIN HIDDEN TESTS\n"
                f"import sys; sys.path.insert(0, {str(root)!r})\n"
                "from stock_tests import examine_here\n"
                f"examine_here({assignment!r}, {task.grade_id!r}, {task.function})\n"
                "### END HIDDEN TESTS"
            )
    root.mkdir(parents=True)
    helper = HELPER.format(root=str(origin.root), exams=str(origin.exams))
    (root / "stock_tests.py").write_text(helper)
    (root / "nbgrader_config.py").write_text(CONFIG)
    source = paths.notebook(paths.source, assignment)
    source.parent.mkdir(parents=True)
    nbformat.write(notebook, source)
    run(nbgrader(), "generate_assignment", assignment, "--force", cwd=root)
    released = nbformat.read(paths.notebook(paths.release, assignment), as_version=4)
    for number in numbers:
        path = paths.notebook(paths.submitted / f"s{number:04}", assignment)
        path.parent.mkdir(parents=True)
        nbformat.write(fill(released, distinct_answers(origin, assignment, number)), path)
    return paths


def make_otter(
    origin: CoursePaths, root: Path, assignment: str, numbers: Sequence[int], otter: Path
) -> list[list[str]]:
    """Make an otter assignment in `root`; return one command for each submission."""
    tests = root / "tests"
    tests.mkdir(parents=True)
    helper = HELPER.format(root=str(origin.root), exams=str(origin.exams))
    (root / "stock_tests.py").write_text(helper)
    for task in load_exam(origin.exams, assignment).tasks:
        name = task.function
        text = OTTER_TEST.format(
            name=name,
            folder=str(root),
            assignment=assignment,
            grade_id=task.grade_id,
            function=name,
        )
        (tests / f"{name}.py").write_text(text)
    (root / "otter_config.json").write_text(json.dumps({"show_stdout": False}))
    run(
        str(otter),
        "generate",
        "-t",
        "tests",
        "-c",
        "otter_config.json",
        "-o",
        "autograder.zip",
        cwd=root,
    )
    archive = next(root.glob("*.zip"))
    notebook = nbformat.read(origin.notebook(origin.source, assignment), as_version=4)
    notebook.cells = [
        cell
        for cell in notebook.cells
        if DEMO_TAG not in cell.metadata.get("tags", [])
        and not cell.metadata.get("nbgrader", {}).get("grade")
    ]
    commands = []
    for number in numbers:
        folder = root / f"s{number:04}"
        folder.mkdir()
        path = folder / f"{origin.notebook_name(assignment)}.ipynb"
        nbformat.write(fill(notebook, distinct_answers(origin, assignment, number)), path)
        commands.append([str(otter), "run", "-a", str(archive), "-o", str(folder), str(path)])
    return commands


def fault_of_ours(paths: CoursePaths, count: int) -> str:
    """Return what the submissions, which are all right, did not get full marks for, or ""."""
    records = all_records(paths.records_folder)
    if (seen := len({one.student for one in records})) != count:
        raise SystemExit(f"Of {count} submissions {seen} were graded.")
    short = {f"{one.grade_id} {one.outcome}" for one in records if one.points < one.max_points}
    return ", ".join(sorted(short))


def fault_of_stock(origin: CoursePaths, course: CoursePaths, assignment: str, count: int) -> str:
    """Return which hidden test failed with stock nbgrader, though all answers are right, or ""."""
    tests = [one for one in graded_cells(course, assignment) if one.metadata.nbgrader.grade]
    wanted = count * len(load_exam(origin.exams, assignment).tasks)
    if (ran := sum(seconds_of(cell) > 0 for cell in tests)) != wanted:
        raise SystemExit(f"Stock nbgrader ran {ran} of {wanted} hidden tests.")
    errors = [one for cell in tests for one in cell.outputs if one.output_type == "error"]
    return f"{errors[0].ename}: {errors[0].evalue[:200]}" if errors else ""


def fault_of_otter(folder: Path, count: int) -> str:
    """Return which test failed with otter-grader, though all answers are right, or ""."""
    found = [json.loads(path.read_text()) for path in folder.glob("s*/results.json")]
    if len(found) != count:
        raise SystemExit(f"Of {count} submissions otter-grader graded {len(found)}.")
    tests = [test for one in found for test in one["tests"] if "max_score" in test]
    short = {test["name"] for test in tests if test["score"] < test["max_score"]}
    return ", ".join(sorted(short)) if tests else "no test ran"


def graded_cells(course: CoursePaths, assignment: str) -> Iterator[NotebookNode]:
    """Yield nbgrader's own cells of all notebooks that stock nbgrader graded."""
    for cell in executed_cells(course, assignment):
        if "nbgrader" in cell.metadata:
            yield cell


def executed_cells(course: CoursePaths, assignment: str) -> Iterator[NotebookNode]:
    """Yield the code cells of all notebooks that stock nbgrader graded."""
    for path in sorted(course.root.glob(f"autograded/*/{assignment}/*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                yield cell


def kernel_seconds(course: CoursePaths, assignment: str) -> float:
    """Return how long stock nbgrader's kernels were at work in cells, hidden tests included."""
    return sum(map(seconds_of, executed_cells(course, assignment)))


def seconds_of(cell: NotebookNode) -> float:
    """Return how long the kernel says that `cell` kept it busy; 0 if it did not run."""
    times = cell.metadata.get("execution", {})
    if not {"iopub.status.busy", "iopub.status.idle"} <= times.keys():
        return 0.0
    begin, end = (datetime.fromisoformat(times[f"iopub.status.{x}"]) for x in ("busy", "idle"))
    return (end - begin).total_seconds()


def nbgrader() -> str:
    return str(Path(sys.executable).parent / "nbgrader")


def run(*command: str, cwd: Path) -> None:
    """Run a command whose failure is told with what it printed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
