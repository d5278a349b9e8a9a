"""Marks shown are the gradebook's: penalties, extensions, points by hand; nothing runs for them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import nbformat
import pytest
from classroom import NAME, SOLUTION, by_task, cell_of, set_source, submit
from nbgrader.api import Gradebook

from autograder.cli.terminal import missing_sentences
from autograder.course_paths import CoursePaths
from autograder.courses.extensions import period
from autograder.errors import CourseError
from autograder.grading.marks import Marks, duration, lateness, read_marks
from autograder.nbgrader_api import open_gradebook

#: What an instructor would write: a point for each day begun.
PENALTY = """
from nbgrader.plugins import LateSubmissionPlugin
class PointADay(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return -(-total_seconds_late // 86400)
c.AssignLatePenalties.plugin_class = PointADay
c.CourseDirectory.db_url = f"sqlite:///{root}/marks of ours.db"
c.Exchange.timezone = "Europe/Berlin"
"""


@pytest.fixture(scope="module")
def term(released: CoursePaths, tmp_path_factory: pytest.TempPathFactory, run: Any) -> Any:
    """A class in which one was late and one was helped by hand, with its gradebook elsewhere."""
    root = tmp_path_factory.mktemp("term") / "course"
    shutil.copytree(released.root, root)
    paths = CoursePaths(root)
    paths.gradebook.unlink()
    with (root / "nbgrader_config.py").open("a") as file:
        file.write(PENALTY)
    with open_gradebook(root) as gradebook:
        gradebook.add_assignment(NAME, duedate="2026-12-01 22:59:00")
        gradebook.add_student("ann", first_name="Änne", last_name="<b>Maier")
        gradebook.add_student("carl")
    submit(paths, "ann").with_name("timestamp.txt").write_text("2026-12-03 20:00:00 UTC")
    submit(paths, "ben", set_source("count-words", SOLUTION.replace(".lower()", "")))
    run("autograder", "grade", "--root", root)
    with open_gradebook(root) as gradebook:
        grade = gradebook.find_grade("count-words-points", NAME, NAME, "ben")
        grade.manual_score, grade.extra_credit = 1.0, 0.5
        grade.needs_manual_grade = False
        comment = gradebook.find_comment("count-words", NAME, NAME, "ben")
        comment.manual_comment = "Nearly: <b>look</b> at case."
        comment = gradebook.find_comment("longest-word", NAME, NAME, "ben")
        comment.manual_comment = "Neat."
        gradebook.db.commit()
    run("nbgrader", "generate_feedback", NAME, cwd=root)
    return paths


def results(paths: CoursePaths) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in paths.store.glob("*/*.json")}


def exported(paths: CoursePaths, run: Any) -> dict[str, float]:
    """Return what nbgrader's own export says."""
    run("nbgrader", "export", "--to", "marks.csv", cwd=paths.root)
    lines = (paths.root / "marks.csv").read_text(encoding="utf-8").splitlines()
    rows = [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines[1:]]
    return {row["student_id"]: float(row["score"]) for row in rows}


def test_what_is_shown_is_what_nbgrader_exports(term: CoursePaths, run: Any) -> None:
    assert not term.gradebook.exists()  # db_url names another
    before = results(term)
    done = run("autograder", "grade", "--root", term.root)
    assert "3  late by 1 d 21 h, −2" in done.stdout and "3 of 5" in done.stdout
    assert (
        "4.5  count-words by hand: 1.5, comment on count-words, comment on longest-word"
        in done.stdout
    )
    assert "4.5 of 5" in done.stdout
    assert "01-counting: 1 of 3 students has no mark: carl." in done.stdout
    assert results(term) == before
    marks = read_marks(term).by_submission
    shown = {student: mark.points for (_, student), mark in marks.items()}
    assert exported(term, run) == {"carl": 0.0} | shown == {"carl": 0.0, "ann": 3.0, "ben": 4.5}
    run("autograder", "report", "--root", term.root)
    page = (term.root / "report.html").read_text(encoding="utf-8")
    assert '>3</a><small class="quiet">late by 1 d 21 h, −2</small>' in page and "3 of 5" in page
    assert (
        '>4.5</a><small class="quiet">count-words by hand: 1.5</small>' in page
        and "4.5 of 5" in page
    )
    assert "01-counting: 1 of 3 students has no mark</summary><p>carl</p>" in page
    assert "Änne &lt;b&gt;Maier (ann), 01-counting: late by 1 d 21 h, −2" in page
    assert "Änne &lt;b&gt;Maier" in page and "<b>Maier" not in page


def test_feedback_explains_the_gradebooks_mark(term: CoursePaths) -> None:
    def page(student: str) -> str:
        return (term.feedback / student / NAME / f"{NAME}.html").read_text(encoding="utf-8")

    late = page("ann")
    assert "<strong>3 of 5 points</strong>" in late and "Änne &lt;b&gt;Maier (ann)" in late
    assert "The work was due on Tuesday, 2026-12-01 at 23:59 CET. It came on Thursday, " in late
    assert "2026-12-03 at 21:00 CET, late by 1 d 21 h." in late
    assert "The penalty is 2 points: 5 − 2 = 3." in late
    assert 'Late penalty</td><td class="number">−2' in late
    by_hand = page("ben")
    assert "<strong>4.5 of 5 points</strong>" in by_hand and "1.5 of 2" in by_hand
    assert "graded by your instructor" in by_hand and "Late" not in by_hand
    assert "<blockquote>Nearly: &lt;b&gt;look&lt;/b&gt; at case.</blockquote>" in by_hand


def test_more_time_is_a_better_mark_and_nothing_runs(term: CoursePaths, run: Any) -> None:
    before = results(term)

    def marks() -> dict[str, float]:
        run("autograder", "grade", "--root", term.root)
        return exported(term, run)

    done = run("autograder", "extend", "ann", NAME, "1d", "--root", term.root)
    assert "ann has until Wednesday, 2026-12-02 23:59 CET for 01-counting" in done.stdout
    assert marks()["ann"] == 4
    run("autograder", "extend", "ann", NAME, "3d", "--root", term.root)
    assert marks()["ann"] == 5
    run("autograder", "extend", "ann", NAME, "0d", "--root", term.root)
    assert marks()["ann"] == 3
    due = "2026-12-03 12:00:00 UTC"
    run("nbgrader", "db", "assignment", "add", NAME, f"--duedate={due}", cwd=term.root)
    assert marks() == {"ann": 4, "ben": 4.5, "carl": 0}
    assert results(term) == before
    # Who has not handed in can have more time, waits for nobody and has no mark.
    run("autograder", "extend", "carl", NAME, "2w", "--root", term.root)
    assert set(read_marks(term).by_submission) == {(NAME, "ann"), (NAME, "ben")}
    with open_gradebook(term.root) as gradebook:
        submission = gradebook.find_submission(NAME, "carl")
        assert submission.extension == timedelta(days=14) and not submission.needs_manual_grade


def test_who_is_excused_has_no_mark_and_misses_none(term: CoursePaths, run: Any) -> None:
    run("autograder", "grade", "--root", term.root)
    before, had = results(term), read_marks(term).by_submission[NAME, "ann"]
    for student in ("ann", "carl"):
        done = run("autograder", "excuse", student, NAME, "--root", term.root)
        assert done.stdout == f"{student} is excused from {NAME}.\n"
    done = run("autograder", "excuse", "carl", NAME, "--root", term.root)
    assert "carl is already excused" in done.stdout
    done = run("autograder", "grade", "--root", term.root)
    rows = [line for line in done.stdout.splitlines() if "excused" in line]
    assert [row.split()[1] for row in rows] == ["ann", "carl"] and "0 of 0" in rows[0]
    assert "4.5 of 5" in done.stdout and "no mark" not in done.stdout
    run("autograder", "report", "--root", term.root)
    page = (term.root / "report.html").read_text(encoding="utf-8")
    assert page.count(">excused</span>") == 2 and "no mark</summary>" not in page
    # One may be undone in a spreadsheet, the other by the command; nothing ran for it.
    assert (
        term.root / "excused.csv"
    ).read_text() == f"student,assignment\nann,{NAME}\ncarl,{NAME}\n"
    (term.root / "excused.csv").write_text(f"\ufeffstudent;assignment\r\nann;{NAME}\r\n", "utf-8")
    run("autograder", "excuse", "ann", NAME, "--undo", "--root", term.root)
    done = run("autograder", "excuse", "ann", NAME, "--undo", "--root", term.root)
    assert done.stdout == f"ann is not excused from {NAME}.\n"
    done = run("autograder", "grade", "--root", term.root)
    assert "excused" not in done.stdout and "1 of 3 students has no mark: carl." in done.stdout
    assert read_marks(term).by_submission[NAME, "ann"] == had and results(term) == before
    (term.root / "excused.csv").write_text("ann\n")
    done = run("autograder", "report", "--root", term.root, code=2)
    assert "excused.csv, line 1: a line has two columns; the first names them" in done.stderr
    (term.root / "excused.csv").unlink()


def test_other_points_are_another_score_and_nothing_runs(classroom: CoursePaths, run: Any) -> None:
    submit(classroom, "ann")
    submit(classroom, "ben", set_source("count-words", SOLUTION.replace(".lower()", "")))
    run("autograder", "grade", "--root", classroom.root)
    before = results(classroom)
    # As in JupyterLab's Create Assignment; nbgrader then enters it in the gradebook.
    path = classroom.notebook(classroom.source, NAME)
    notebook = nbformat.read(path, as_version=4)
    cell_of(notebook, "longest-word-points").metadata.nbgrader.points = 8
    nbformat.write(notebook, path)
    run("nbgrader", "generate_assignment", NAME, cwd=classroom.root)
    done = run("autograder", "grade", "--root", classroom.root)
    assert "10 of 10" in done.stdout and "8 of 10" in done.stdout
    assert results(classroom) == before and exported(classroom, run) == {"ann": 10, "ben": 8}
    assert by_task(classroom, "ann")["longest-word"].points == 8


def test_who_is_removed_from_the_gradebook_is_no_longer_shown(
    classroom: CoursePaths, run: Any
) -> None:
    for student in ("ann", "ben"):
        submit(classroom, student)
    run("autograder", "grade", "--root", classroom.root)
    with Gradebook(f"sqlite:///{classroom.gradebook}") as gradebook:
        gradebook.remove_student("ben")
    run("autograder", "report", "--root", classroom.root)
    page = (classroom.root / "report.html").read_text(encoding="utf-8")
    assert ">ann<" in page and ">ben<" not in page
    shutil.rmtree(classroom.submitted / "ben")
    done = run("autograder", "grade", "--root", classroom.root)
    assert "ann" in done.stdout and "ben" not in done.stdout
    run("nbgrader", "db", "assignment", "remove", NAME, "--force", cwd=classroom.root)
    done = run("autograder", "report", "--root", classroom.root, code=2)
    assert "Nothing is graded yet" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("an", NAME, "3d"), "There is no student 'an' in the gradebook. Did you mean 'ann'?"),
        (
            ("ann", "01-countin", "3d"),
            "There is no assignment '01-countin'; there are: 01-counting. Did you mean '01-counting'?",
        ),
        (("ann", NAME, "3 days"), "'3 days' is no length of time: write 3d"),
        (("ann", NAME, "999999999w"), "is longer than any term"),
        (("ann", NAME, "3d"), "01-counting has no due date: set one with `nbgrader db assignment"),
    ],
)
def test_what_cannot_be_extended_gets_one_sentence(
    classroom: CoursePaths, run: Callable[..., Any], arguments: tuple[str, ...], words: str
) -> None:
    with Gradebook(f"sqlite:///{classroom.gradebook}") as gradebook:
        gradebook.add_student("ann")
    done = run("autograder", "extend", *arguments, "--root", classroom.root, code=2)
    assert words in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_a_large_class_is_told_in_one_line() -> None:
    names = {f"s{number:02}": "" for number in range(60)}
    (sentence,) = missing_sentences([NAME], Marks({}, names))
    assert sentence.startswith("01-counting: 60 of 60 students have no mark: s00, s01, ")
    assert sentence.endswith("s09 and 50 more.")


def test_lengths_of_time_are_read_and_written() -> None:
    assert period("1d12h") == timedelta(hours=36) and period("1.5h") == timedelta(minutes=90)
    with pytest.raises(CourseError):
        period("")
    spans = {
        timedelta(days=2, hours=5): "2 d", timedelta(days=1, hours=4): "1 d 4 h",
        timedelta(days=1, minutes=1): "1 d", timedelta(hours=3, minutes=59): "3 h",
        timedelta(seconds=2): "1 min",
    }  # fmt: skip
    assert {span: duration(span) for span in spans} == spans
    due = datetime(2026, 12, 1)
    assert lateness(due, timedelta(days=1), datetime(2026, 12, 3)) == timedelta(days=1)
    assert not lateness(due, timedelta(days=3), datetime(2026, 12, 3))
    assert not lateness(None, None, due) and not lateness(due, None, None)
