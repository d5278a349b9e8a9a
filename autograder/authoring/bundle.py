"""What a student gets, as one folder and one zip file: the released notebooks and the wheel.

The same course gives the same bytes, on any day. A class's edition holds no exam and no solution.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from enum import StrEnum
from pathlib import Path

from autograder.course_paths import INSTALLATION, CoursePaths
from autograder.errors import CourseError

#: The first moment that a zip file can name.
NO_DATE = (1980, 1, 1, 0, 0, 0)
READ_ME = """\
BERT fine-tuning for classification

Open this folder in JupyterLab, Jupyter Notebook or VS Code, and the notebook of the first lesson.
Run its first cell: it installs the course from the .whl file in this folder. That takes some
minutes the first time. Python 3.11 or later is needed.
"""


class Edition(StrEnum):
    """For whom: a class has an instructor; who learns alone gets exams and solutions, too."""

    CLASS = "class"
    ALONE = "alone"


#: The folder, in a clone, from which each edition's wheel is built.
BUILT_FROM = {Edition.CLASS: "course", Edition.ALONE: "autograder"}


def bundle(paths: CoursePaths, assignments: list[str], edition: Edition, into: Path) -> Path:
    """Write the folder of an `edition` below `into`, and a zip file of it, whose path is returned.

    Without `assignments` it holds what is released. What stood in either is replaced. Raises
    CourseError where something is not released yet.
    """
    names = assignments or paths.assignments()
    notebooks = {name: paths.notebook(paths.release, name) for name in names}
    missing = [name for name, path in notebooks.items() if not path.is_file()]
    if missing and (assignments or missing == names):
        raise CourseError(
            f"{', '.join(missing)} is not in {paths.release}: run `autograder build`, or in a course "
            "of your own `nbgrader generate_assignment`."
        )
    folder = into / f"bert-classroom-{edition}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _wheel(edition, folder)
    (folder / "README.txt").write_text(READ_ME, encoding="utf-8", newline="\n")
    for name, path in notebooks.items():
        if name in missing:
            continue
        (folder / name).mkdir()
        shutil.copyfile(path, folder / name / path.name)
    return _zipped(folder)


def _wheel(edition: Edition, folder: Path) -> None:
    project = INSTALLATION / BUILT_FROM[edition]
    if not (project / "pyproject.toml").is_file():
        raise CourseError(f"There is no {project / 'pyproject.toml'}: bundles are made in a clone.")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    done = subprocess.run(
        [*command, *options, str(project)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        raise CourseError(f"The wheel could not be built: {(lines or ['pip said nothing'])[-1]}")


def _zipped(folder: Path) -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for one in sorted(folder.rglob("*")):
            if one.is_file():
                entry = zipfile.ZipInfo(one.relative_to(folder.parent).as_posix(), NO_DATE)
                entry.external_attr = 0o644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                file.writestr(entry, one.read_bytes())
    return path
