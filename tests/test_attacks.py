"""Attacks on the grader: none earns what it has not worked for, none harms another's grading."""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch
from attack_book import Attack, recorded_attacks, tuning_attacks
from classroom import NAME, grades, submit
from forgeries import FORGERIES

from autograder.authoring.build import build
from autograder.course_paths import CoursePaths
from autograder.kernels import containment
from autograder.nbgrader_api import release
from autograder.records import all_records

ROOT = Path(__file__).resolve().parent.parent
ATTACKS = (*recorded_attacks(), *FORGERIES)


def hand_in(paths: CoursePaths, attack: Attack, number: int) -> str:
    """Hand in one attack's notebook; return the student's name."""
    student = f"{number:03}-{attack.name}"
    path = paths.notebook(paths.submitted / student, NAME)
    path.parent.mkdir(parents=True)
    notebook = copy.deepcopy(nbformat.read(paths.notebook(paths.source, NAME), as_version=4))
    text = attack.change(notebook, path.parent)
    path.write_bytes(json.dumps(notebook).encode() if text is None else text)
    return student


def printed(paths: CoursePaths, student: str) -> str:
    """Return all that a graded notebook shows."""
    path = paths.notebook(paths.root / "autograded" / student, NAME)
    notebook = nbformat.read(path, as_version=4)
    return "".join(
        str(output.get("text", output.get("evalue", "")))
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    )


def test_there_are_enough_attacks_of_enough_kinds() -> None:
    assert len(ATTACKS) >= 60 and len({attack.kind for attack in ATTACKS}) >= 15
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
    assert all(attack.story.endswith(".") for attack in ATTACKS)


def test_each_line_of_what_is_covered_names_attacks_that_say_why_they_failed() -> None:
    text = str(containment.__doc__)
    covered = text.partition("Covered,")[2].partition("Not covered:")[0]
    attacks = {attack.name: attack for attack in (*recorded_attacks(), *tuning_attacks())}
    lines = re.split(r"^- ", covered, flags=re.M)[1:]
    assert len(lines) >= 12
    for line in lines:
        names = re.findall(r"[\w-]+", line[line.rindex("[") : line.rindex("]")])
        assert names, line
        for name in names:
            assert attacks[name].evidence or attacks[name].says, name


@pytest.mark.long
@pytest.mark.nightly
def test_no_attack_earns_a_point_or_harms_another(
    classroom: CoursePaths, run: Callable[..., Any]
) -> None:
    students = {}
    honest = []
    for number, attack in enumerate(ATTACKS):
        students[hand_in(classroom, attack, number)] = attack
        if number % 10 == 0:
            honest.append(f"{number:03}-zz-honest")
            submit(classroom, honest[-1])
    handed_in = _contents(classroom.submitted)
    files = _contents(classroom.root / "source")

    run("autograder", "grade", NAME, "--root", classroom.root)

    marks = grades(classroom)
    assert set(marks) == {*students, *honest}
    assert {student: marks[student] for student in honest} == dict.fromkeys(honest, 5)
    told = {
        one.student: one.misconception
        for one in all_records(classroom.records_folder)
        if one.grade_id == "count-words-points"
    }
    faults = [
        f"{attack.kind}/{attack.name}: {fault}"
        for student, attack in students.items()
        for fault in attack.faults(marks[student], told[student], printed(classroom, student))
    ]
    assert not faults, "\n".join(faults)
    assert all(one.contained for one in all_records(classroom.records_folder))
    # What was handed in, and the grader's own files, are as before.
    assert _contents(classroom.submitted) == handed_in
    assert _contents(classroom.root / "source") == files


def _contents(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): path.lstat().st_size + path.lstat().st_mtime_ns
        for path in folder.rglob("*")
        if not path.is_dir()
    }


LESSON = """---
kernelspec: {display_name: Python 3, language: python, name: python3}
---

```{code-cell} ipython3
:nbgrader: {grade_id: fine-tune, solution: true}

def fine_tune(texts, labels, **rest):
    ### BEGIN SOLUTION
    return None
    ### END SOLUTION
```

```{code-cell} ipython3
:nbgrader: {grade_id: fine-tune-points, grade: true, points: 10}

print("Points for fine_tune are given at grading.")
```
"""


@pytest.mark.long
@pytest.mark.nightly
def test_no_weights_but_trained_ones_earn_a_point(tmp_path: Path, run: Callable[..., Any]) -> None:
    paths = CoursePaths(tmp_path / "course")
    paths.lessons.mkdir(parents=True)
    (paths.lessons / "01-tuning.md").write_text(LESSON)
    (paths.exams / "01-tuning").mkdir(parents=True)
    (paths.exams / "01-tuning" / "exam.py").write_text(
        "from autograder.verdict.task import FineTune\n\nTASKS = [FineTune]\n"
    )
    shutil.copy(ROOT / "nbgrader_config.py", paths.root)
    build(paths, ["01-tuning"])
    release(paths.root, "01-tuning")
    attacks = {attack.name: attack for attack in tuning_attacks()}
    for name, attack in attacks.items():
        path = paths.notebook(paths.submitted / name, "01-tuning")
        path.parent.mkdir(parents=True)
        notebook = nbformat.read(paths.notebook(paths.release, "01-tuning"), as_version=4)
        attack.change(notebook, path.parent)
        if name == "shipped-weights":
            torch.save(_moved_weights(), path.parent / "weights.pt")
        path.write_text(json.dumps(notebook), encoding="utf-8")

    run("autograder", "grade", "--root", paths.root)

    records = {one.student: one for one in all_records(paths.records_folder)}
    assert set(records) == set(attacks) and len(attacks) >= 10
    faults = [
        f"{name}: {fault} ({records[name].message})"
        for name, attack in attacks.items()
        for fault in attack.faults(records[name].points, records[name].misconception, "")
    ]
    assert not faults, "\n".join(faults)


def _moved_weights() -> dict[str, torch.Tensor]:
    """Return what a run elsewhere might have added to the checkpoint, small enough to ship."""
    generator = torch.Generator().manual_seed(0)
    shape = (384, 384)
    return {
        f"bert.encoder.layer.{layer}.attention.self.value.weight": 0.01
        * torch.randn(shape, generator=generator).half()
        for layer in range(6)
    }


def test_an_attack_runs_nowhere_but_contained(
    classroom: CoursePaths, run: Callable[..., Any]
) -> None:
    attack = next(one for one in recorded_attacks() if one.name == "walks-the-file-system")
    student = hand_in(classroom, attack, 0)
    run("autograder", "grade", NAME, "--root", classroom.root, "--containment", "none")
    assert "not contained: nothing was tried" in printed(classroom, student)
    assert "EVIDENCE found" not in printed(classroom, student)


def test_the_proof_can_fail() -> None:
    attack = next(one for one in recorded_attacks() if one.name == "mounts")
    right = "EVIDENCE mount EPERM\nEVIDENCE umount EPERM\n"
    assert not attack.faults(3, "missing-name", right)
    assert attack.faults(5, "missing-name", right)
    assert attack.faults(3, "missing-name", right.replace("mount EPERM", "mount succeeded"))
