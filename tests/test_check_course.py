"""check-course finds each way in which a course can be wrong; each is brought about once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from autograder.authoring.check_course import check_course
from autograder.authoring.practice_faults import practice_faults
from autograder.course_paths import CoursePaths

EXAM = "autograder/exams/01-counting/exam.py"
MISTAKES = "autograder/exams/01-counting/mistakes.yaml"
ANSWERS = "autograder/exams/01-counting/answers/count-words.py"
RELEASE = "release/01-counting/01-counting.ipynb"
LESSON = "course/lessons/01-counting.md"

LAST = "Of several longest words yours returns the last one."

BREAKS = [
    ("wrong passes", EXAM, 'raise mistake(MISTAKES["last-of-several"])', "return"),
    ("right fails", EXAM, "if observed != right:", "if True:"),
    ("solution fails", LESSON, "counts.get(word, 0) + 1", "counts.get(word, 0) + 2"),
    ("blank passes", RELEASE, "raise NotImplementedError()", "return 0"),
    ("other message", ANSWERS, "# %% wrong: case-kept", "# %% wrong: something-else"),
    ("other points", ANSWERS, "wrong-counts (0.5)", "wrong-counts (0.25)"),
    ("message shared", MISTAKES, "longest_word({text!r}) should be {right!r}.", LAST),
    ("no recorded answer", ANSWERS, "# %% wrong: wrong-words", "# %% wrong: wrong-counts"),
    ("no record", EXAM, '    told = (MISTAKES["last-of-several"],', '    told = ("no-such-mistake",'),
    ("stale build", LESSON, "A miniature lesson", "A small lesson"),
    ("points differ", LESSON, "points: 2", "points: 4"),
    ("no cell", LESSON, "grade_id: longest-word, ", "grade_id: short-word, "),
    ("no task", EXAM, "TASKS = [CountWords, LongestWord]", "TASKS = [CountWords]"),
    ("too few right answers", ANSWERS, "# %% right: a Counter", "# %% wrong: returns-none"),
    ("grader error", EXAM, "right = Counter(text.lower().split())", "right = 1 / 0"),
]  # fmt: skip


def kinds(paths: CoursePaths) -> set[str]:
    faults, _ = check_course(paths, paths.assignments(), jobs=2)
    return {fault.kind for fault in faults}


def test_the_miniature_course_is_in_order(built_miniature: CoursePaths) -> None:
    faults, tried = check_course(built_miniature, ["01-counting"], jobs=2)
    assert faults == []
    assert sum(one.trial.answer.right for one in tried) == 8 and len(tried) == 16


@pytest.mark.parametrize(("kind", "path", "old", "new"), BREAKS, ids=[b[0] for b in BREAKS])
def test_each_fault_is_found(
    miniature: CoursePaths, kind: str, path: str, old: str, new: str
) -> None:
    file = miniature.root / path
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    assert kind in kinds(miniature)


def test_an_orphan_is_found(miniature: CoursePaths) -> None:
    (miniature.exams / "01-counting" / "answers" / "gone.py").write_text("# %% right: x\n")
    (miniature.source / "02-gone").mkdir()
    assert "orphan" in kinds(miniature)


def test_the_command_fails_with_a_table_and_passes_with_a_count(
    miniature: CoursePaths, run: Callable[..., Any]
) -> None:
    done = run("autograder", "check-course", "--root", miniature.root)
    assert "8 right and 8 wrong answers tried on 3 draws, 0 faults" in done.stdout
    file = miniature.root / EXAM
    file.write_text(file.read_text().replace("if observed != right:", "if True:"))
    done = run("autograder", "check-course", "--root", miniature.root, code=1)
    assert "right fails" in done.stdout and "longest-word" in done.stdout


def test_an_answer_without_a_proper_head_is_named_by_its_line(
    miniature: CoursePaths, run: Callable[..., Any]
) -> None:
    file = miniature.root / ANSWERS
    file.write_text("# %% fine: x\n" + file.read_text())
    done = run("autograder", "check-course", "--root", miniature.root, code=2)
    assert "count-words.py:1: write `# %% right: STYLE`" in done.stderr


def test_different_points_are_named_with_both_lines(miniature: CoursePaths) -> None:
    file = miniature.root / LESSON
    file.write_text(file.read_text().replace("points: 2", "points: 4"))
    faults, _ = check_course(miniature, ["01-counting"], jobs=2, task="longest_word")
    found = [fault.detail for fault in faults if fault.kind == "points differ"]
    assert found == ["01-counting.md:35 has 4, exam.py:29 has 2"]


FLASHCARD = """
- id: {id}
  kind: flashcard
  difficulty: easy
  minutes: 0.5
  lesson: {lesson}
  front: What is one plus one?
  back: Two.
  verify: assert 1 + 1 == {sum}
"""


def test_practice_questions_are_proved_and_a_broken_one_takes_down_only_itself(
    miniature: CoursePaths, run: Callable[..., Any]
) -> None:
    lesson = miniature.root / LESSON
    cell = """
```{code-cell} ipython3
:tags: [demo, practice]
:nbgrader: {grade_id: recall-sums}

practice("01-counting#recall-sums")
```
"""
    lesson.write_text(lesson.read_text() + cell)
    here, there = "01-counting#recall-sums", "09-other#x"
    cards = [("right", here, 2), ("wrong", here, 3), ("lost", "01-counting#gone", 2)]
    cards += [("astray", there, 2), ("Broken id", here, 2)]
    miniature.questions.mkdir()
    (miniature.questions / "sums.yaml").write_text(
        "".join(FLASHCARD.format(id=id, lesson=place, sum=sum) for id, place, sum in cards)
    )
    found = {
        (fault.where, fault.kind): fault.detail
        for fault in practice_faults(miniature, ["01-counting"], 1)
    }
    assert set(found) == {
        ("questions", "question"),
        ("sums.yaml · wrong", "question"),
        ("sums.yaml · lost", "no such section"),
        ("sums.yaml · astray", "no such lesson"),
    }
    assert (
        "sums.yaml, line 38, field id of the question 'Broken id'" in found["questions", "question"]
    )
    done = run("autograder", "build", "--root", miniature.root, code=2)
    assert "sums.yaml, line 38, field id" in done.stderr and "Traceback" not in done.stderr
    # A lesson without a cell for its kind never asks it.
    lesson.write_text(lesson.read_text().replace("recall-sums", "quiz-sums"))
    cards = (miniature.questions / "sums.yaml").read_text().replace("#recall-sums", "#quiz-sums")
    (miniature.questions / "sums.yaml").write_text(cards)
    kinds = [fault.kind for fault in practice_faults(miniature, ["01-counting"], 1)]
    assert kinds.count("never asked") == 2
