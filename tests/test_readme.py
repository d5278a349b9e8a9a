"""The commands in README and guides, run as shown: one reader's after the other, in a fresh clone.

Each line of a shell block is run, or is named below with the reason why not. Nothing is prepared
but what the pages tell a reader to bring: handed-in notebooks, a sheet, a file with a function.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.authoring.recorded_answers import solution_cells
from autograder.course_paths import CoursePaths
from autograder.examining.exam import load_exam
from autograder.sample.sheets import sheet_of

ROOT = Path(__file__).resolve().parent.parent
INSTALLS = "installs packages into an environment of its own; CI does it on a clean clone"
SERVES = "opens a browser and waits; `test_browser` does what a reader does there"
#: Commands that are not run here, each with the reason.
LEFT_OUT = {
    "make demo": INSTALLS,
    "make test": INSTALLS,
    "make wheel": f"{INSTALLS}; `test_repository` makes the wheel",
    "make lab": SERVES,
    "jupyter lab": SERVES,
    "jupyter lab release/01-tokenizing/tokenizing.ipynb": SERVES,
    "pip install bert_classroom_course-*.whl jupyterlab": INSTALLS,
    "pip install dist/bert_classroom_course-*.whl jupyterlab": INSTALLS,
    "source .venv/bin/activate": "the environment that runs the tests is active",
    "pre-commit install": "changes the clone's git hooks, which a copy without git has not",
    "autograder calibrate": "takes 16 fine-tuning runs and writes into the installation",
    "autograder check-course": "takes half an hour; a lesson at a time is in the nightly tests",
}
#: Commands that take minutes, and are run at night.
SLOW = {"autograder check-course 01-tokenizing", "autograder verdict my_fine_tune.py"}


def hand_in(clone: CoursePaths) -> None:
    """Put two submissions where the guide says; one solved, one as it was released."""
    name = "01-tokenizing"
    for student, folder in (("ann", clone.source), ("ben", clone.release)):
        place = clone.notebook(clone.submitted / student, name)
        place.parent.mkdir(parents=True)
        shutil.copy(clone.notebook(folder, name), place)


def bring_answers(clone: CoursePaths) -> None:
    """Put a sheet and a function beside the clone's own files."""
    questions = clone.exams / "06-mastery-test" / "questions"
    sheet = sheet_of(questions, "Änne Maier", 10)
    (clone.root / "mastery_answers.json").write_text(sheet.model_dump_json(), encoding="utf-8")
    exam = load_exam(clone.exams, "05-fine-tuning")
    (task,) = (task for task in exam.tasks if task.answer_id == "fine-tune")
    code = "\n".join(solution_cells(clone, exam, task))
    (clone.root / "my_fine_tune.py").write_text(code, encoding="utf-8")


def bring_nothing(clone: CoursePaths) -> None:
    """Readers who need nothing but the clone."""


#: What each reader reads, in order (a page, or the part of the README that begins so), and brings.
READERS: dict[str, tuple[tuple[str, ...], Callable[[CoursePaths], None]]] = {
    "everyone": (("README.md#", "CONTRIBUTING.md", "docs/security.md"), bring_nothing),
    "student": (("README.md#Students", "docs/student.md"), bring_nothing),
    "instructor": (("README.md#Instructors", "docs/instructor.md"), hand_in),
    "self-learner": (("README.md#Self-learners", "docs/self-learner.md"), bring_answers),
    "author": (("README.md#Authors", "docs/author.md"), bring_nothing),
}


def commands(text: str) -> list[str]:
    """Return the commands in a page's shell blocks, without their comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
    lines = [
        re.sub(r"(^|\s+)#.*", "", line).strip() for block in blocks for line in block.splitlines()
    ]
    return [line for line in lines if line]


def part_of(readme: str, audience: str) -> str:
    """Return what the README tells an audience; "" for what stands before and after all of them."""
    found = []
    for part in re.split(r"^(?=\*\*[\w-]+\.\*\* |## )", readme, flags=re.M):
        begins = re.match(r"\*\*([\w-]+)\.", part)
        if (begins[1] if begins else "") == audience:
            found.append(part)
    assert found, audience
    return "".join(found)


def read(page: str) -> str:
    path, part, audience = page.partition("#")
    text = (ROOT / path).read_text(encoding="utf-8")
    return part_of(text, audience) if part else text


def shown(reader: str) -> list[str]:
    """Return what a reader is shown, in order; what README and guide both show is typed once."""
    every = (command for page in READERS[reader][0] for command in commands(read(page)))
    return list(dict.fromkeys(every))


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], CoursePaths]:
    """Make a copy of what git would give, in a folder whose name is not plain."""

    def make(reader: str) -> CoursePaths:
        root = tmp_path_factory.mktemp(reader) / "Größe 2"
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, root / name)
        return CoursePaths(root)

    return make


def run_as_shown(command: str, root: Path) -> None:
    """Run a line in a shell; it must end with 0 and show no traceback."""
    began = time.monotonic()
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=root,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(root), "NO_COLOR": "1", "TERM": "dumb"},
    )
    said = f"{done.stdout}{done.stderr}"
    print(f"{time.monotonic() - began:5.1f} s  {command}")
    assert done.returncode == 0 and "Traceback" not in said, f"$ {command}\n{said}"
    # One that asks for another command sends the reader away from the page.
    assert "run `" not in said, f"$ {command}\n{said}"


@pytest.mark.parametrize("reader", READERS)
def test_what_a_reader_types_works(reader: str, clone: Callable[[str], CoursePaths]) -> None:
    todo = [one for one in shown(reader) if one not in LEFT_OUT and one not in SLOW]
    if todo:
        paths = clone(reader)
        READERS[reader][1](paths)
        for command in todo:
            run_as_shown(command, paths.root)


@pytest.mark.nightly
@pytest.mark.parametrize("reader", READERS)
def test_what_takes_a_reader_minutes_works_too(
    reader: str, clone: Callable[[str], CoursePaths]
) -> None:
    todo = [one for one in shown(reader) if one in SLOW]
    if todo:
        paths = clone(reader)
        READERS[reader][1](paths)
        for command in todo:
            run_as_shown(command, paths.root)


def test_every_page_with_commands_has_its_reader() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    having = {str(path.relative_to(ROOT)) for path in pages if commands(path.read_text("utf-8"))}
    assert having <= {page.partition("#")[0] for pages, _ in READERS.values() for page in pages}
    # Each part of the README is somebody's.
    every = commands(read("README.md"))
    parts = [page for pages, _ in READERS.values() for page in pages if page.startswith("README")]
    assert sorted(every) == sorted(one for page in parts for one in commands(read(page)))
    # A block without a language would be run by nobody.
    for path in pages:
        fences = re.findall(r"^```(.*)$", path.read_text(encoding="utf-8"), re.M)
        assert all(fences[::2]) and not any(fences[1::2]), path


def test_what_is_left_out_or_slow_is_still_shown() -> None:
    every = {command for reader in READERS for command in shown(reader)}
    assert set(LEFT_OUT) | SLOW <= every


def test_a_block_is_read_as_it_is_written() -> None:
    page = (
        "**A.** x\n\n```sh\none two   # why\n\n# a remark\nthree\n```\n```text\nno\n```\n"
        "## B\n```sh\nb\n```\n"
    )
    assert commands(page) == ["one two", "three", "b"]
    assert commands(part_of(page, "A")) == ["one two", "three"]
    assert commands(part_of(page, "")) == ["b"]
