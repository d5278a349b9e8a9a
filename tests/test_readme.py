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
import zipfile
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
#: How a laptop gets PyTorch without CUDA's libraries, and no page has to name an index.
FOR_THE_CPU = "uv pip install --torch-backend cpu"
#: Commands that are not run here, each with the reason.
LEFT_OUT = {
    "make demo": INSTALLS,
    "make test": INSTALLS,
    "make wheel": f"{INSTALLS}; `test_repository` makes the wheel",
    "make wheel-alone": f"{INSTALLS}; `test_alone` makes the wheel",
    "make lab": SERVES,
    "jupyter lab": SERVES,
    "jupyter lab release/00-orientation/00-orientation.ipynb": SERVES,
    "python -m venv learning && source learning/bin/activate": INSTALLS,
    "pip install uv": INSTALLS,
    f"{FOR_THE_CPU} bert_classroom_alone-*.whl jupyterlab": INSTALLS,
    f"{FOR_THE_CPU} dist/bert_classroom_alone-*.whl jupyterlab": INSTALLS,
    "source .venv/bin/activate": "the environment that runs the tests is active",
    "pre-commit install": "changes the clone's git hooks, which a copy without git has not",
    "make mutate": "installs mutmut, and takes hours",
    "make mutate MUTANTS='course.plain*'": "installs mutmut, and takes many minutes",
    ".venv/bin/mutmut show NAME": "shows what an earlier run has left",
    "autograder calibrate": "takes 16 fine-tuning runs and writes into the installation",
    "autograder site 01-tokenizing --into dist/site": "`test_site` builds it, with another lesson",
    "autograder check-course": "takes half an hour; a lesson at a time is in the nightly tests",
}
#: Commands that take minutes, and are run at night.
SLOW = {
    "autograder check-course 01-tokenizing",
    "python bench/fairness.py run 01-tokenizing --draws 200",
    "autograder verdict my_fine_tune.py",
    "autograder verdict --challenge my_fine_tune.py",
}


def hand_in(folder: Path) -> None:
    """Put two submissions where the guide says; one solved, one as it was released."""
    course = CoursePaths(folder)
    name = "01-tokenizing"
    for student, origin in (("ann", course.source), ("ben", course.release)):
        place = course.notebook(course.submitted / student, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(course.notebook(origin, name), place)


def bring_roster(folder: Path) -> None:
    (folder / "roster.csv").write_text("id,first_name,last_name,email\nann,Änne,Maier,a@x.org\n")


def bring_notebook(folder: Path) -> None:
    course = CoursePaths(ROOT)
    shutil.copy(course.notebook(course.source, "01-tokenizing"), folder)


def bring_sheet(folder: Path) -> None:
    questions = CoursePaths(ROOT).exams / "08-mastery-test" / "questions"
    sheet = sheet_of(questions, "Änne Maier", 10)
    (folder / "mastery_answers.json").write_text(sheet.model_dump_json(), encoding="utf-8")


def bring_download(folder: Path) -> None:
    course = CoursePaths(folder)
    archive = folder / "downloaded" / "08-mastery-test" / "archive"
    archive.mkdir(parents=True)
    with zipfile.ZipFile(archive / "moodle.zip", "w") as packed:
        notebook = course.notebook(course.source, "08-mastery-test")
        packed.write(notebook, f"Änne Maier_4711_assignsubmission_file/{notebook.name}")


def bring_clone(folder: Path) -> None:
    course = CoursePaths(folder)
    place = folder.parent / "clones" / "01-tokenizing-ann"
    place.mkdir(parents=True)
    shutil.copy(course.notebook(course.source, "01-tokenizing"), place)


def bring_function(folder: Path) -> None:
    course = CoursePaths(ROOT)
    exam = load_exam(course.exams, "05-fine-tuning")
    (task,) = (task for task in exam.tasks if task.answer_id == "fine-tune")
    code = "\n".join(solution_cells(course, exam, task))
    (folder / "my_fine_tune.py").write_text(code, encoding="utf-8")


#: What a reader brings into the folder before a command that begins so, as the page says.
BROUGHT = {
    "autograder collect": bring_clone,
    "autograder grade": hand_in,
    "autograder new-course ~/bert-2026": bring_roster,
    "autograder mastery": bring_sheet,
    "nbgrader zip_collect": bring_download,
    "autograder try": bring_notebook,
    "autograder verdict": bring_function,
}

#: What each reader reads, in order: a page, or what the README tells an audience.
READERS = {
    "everyone": ("README.md#", "CONTRIBUTING.md", "docs/security.md"),
    "student": ("README.md#Students", "docs/student.md"),
    "instructor": ("README.md#Instructors", "docs/instructor.md"),
    "self-learner": ("README.md#Self-learners", "docs/self-learner.md"),
    "administrator": ("docs/jupyterhub.md",),
    "author": ("README.md#Authors", "docs/author.md", "docs/fairness.md", "docs/mutation.md"),
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


def shown(page: str) -> list[str]:
    return commands(read(page))


@pytest.mark.parametrize("page", ["README.md#Self-learners", "docs/self-learner.md"])
def test_a_laptop_is_first_told_how_to_do_without_cuda(page: str) -> None:
    lines = [line for line in shown(page) if "install" in line and ".whl" in line]
    assert lines[0].startswith(FOR_THE_CPU)


LEFT_OUT |= dict.fromkeys(
    shown("docs/jupyterhub.md"),
    "installs, and makes accounts of the machine; `test_jupyterhub` does it with users of its own",
)


def run_as_shown(command: str, folder: Path, clone: Path) -> None:
    """Run a line in a shell; it must end with 0 and show no traceback."""
    began = time.monotonic()
    here = {"PYTHONPATH": str(clone), "HOME": str(clone.parent), "NO_COLOR": "1", "TERM": "dumb"}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=os.environ | here,
    )
    said = f"{done.stdout}{done.stderr}"
    print(f"{time.monotonic() - began:5.1f} s  {command}")
    assert done.returncode == 0 and "Traceback" not in said, f"$ {command}\n{said}"
    # One that asks for another command sends the reader away from the page.
    assert "run `" not in said, f"$ {command}\n{said}"


def run_pages(reader: str, clone: Callable[[str], Path], wanted: Callable[[str], bool]) -> None:
    """Run what a reader's pages show, each page from the clone's folder on."""
    if not any(wanted(command) for page in READERS[reader] for command in shown(page)):
        return
    root = clone(reader)
    done = set()
    for page in READERS[reader]:
        folder = root
        for command in shown(page):
            if (target := re.fullmatch(r"cd ~/(\S+)", command)) is not None:
                folder = root.parent / target[1]
            elif wanted(command) and (folder, command) not in done:
                for begin, bring in BROUGHT.items():
                    if command.startswith(begin):
                        bring(folder)
                run_as_shown(command, folder, root)
                done.add((folder, command))  # README and guide may show the same


@pytest.mark.parametrize("reader", READERS)
def test_what_a_reader_types_works(reader: str, clone: Callable[[str], Path]) -> None:
    run_pages(reader, clone, lambda command: command not in LEFT_OUT and command not in SLOW)


@pytest.mark.nightly
@pytest.mark.parametrize("reader", READERS)
def test_what_takes_a_reader_minutes_works_too(reader: str, clone: Callable[[str], Path]) -> None:
    run_pages(reader, clone, lambda command: command in SLOW)


def test_every_page_with_commands_has_its_reader() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    having = {str(path.relative_to(ROOT)) for path in pages if commands(path.read_text("utf-8"))}
    assert having <= {page.partition("#")[0] for pages in READERS.values() for page in pages}
    # Each part of the README is somebody's.
    parts = [page for pages in READERS.values() for page in pages if page.startswith("README")]
    assert sorted(shown("README.md")) == sorted(one for page in parts for one in shown(page))
    # A block without a language would be run by nobody.
    for path in pages:
        fences = re.findall(r"^```(.*)$", path.read_text(encoding="utf-8"), re.M)
        assert all(fences[::2]) and not any(fences[1::2]), path


def test_what_is_left_out_or_slow_is_still_shown() -> None:
    every = {command for pages in READERS.values() for page in pages for command in shown(page)}
    assert set(LEFT_OUT) | SLOW <= every


def test_a_block_is_read_as_it_is_written() -> None:
    page = (
        "**A.** x\n\n```sh\none two   # why\n\n# a remark\nthree\n```\n```text\nno\n```\n"
        "## B\n```sh\nb\n```\n"
    )
    assert commands(page) == ["one two", "three", "b"]
    assert commands(part_of(page, "A")) == ["one two", "three"]
    assert commands(part_of(page, "")) == ["b"]
