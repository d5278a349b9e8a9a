"""The class's wheel in environments of its own: nothing is moved, and every solved lesson runs.

Each environment is made by pip and takes gigabytes and many minutes; BERT_CLASSROOM_ENVIRONMENTS
names a folder where they are kept. A Python that is not on this machine is left out.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from autograder.authoring.bundle import Edition, bundle
from autograder.course_paths import CoursePaths

COURSE = CoursePaths(Path(__file__).resolve().parent.parent)
#: What is there before the course comes: as Colab had it in late 2025, or nothing in particular.
COLAB = (
    "transformers==4.57.3", "ipywidgets==7.7.1", "datasets==4.0.0", "numpy==2.0.2",
    "pandas==2.2.2", "scikit-learn==1.6.1", "matplotlib==3.10.0",
)  # fmt: skip
ENVIRONMENTS = {
    "colab-3.11": ("3.11", COLAB),
    "colab-3.12": ("3.12", COLAB),
    "newest-3.11": ("3.11", ()),
    "newest-3.12": ("3.12", ()),
    "newest-3.13": ("3.13", ()),
    "newest-3.14": ("3.14", ()),
}
#: Runs notebooks from top to bottom and prints what any cell raised, and each check that is not met.
RUNNER = """
import json, sys, nbformat
from nbclient import NotebookClient
raised = []
for path in sys.argv[1:]:
    nb = nbformat.read(path, 4)
    NotebookClient(nb, timeout=900, kernel_name="python3", allow_errors=True).execute()
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                raised.append([path, cell.source[:80], output.ename, output.evalue[:200]])
        if cell.source.lstrip().startswith("check(") and "✓" not in str(cell.outputs):
            raised.append([path, cell.source[:80], "not met", str(cell.outputs)[:200]])
print(json.dumps(raised))
"""


def python_of(version: str) -> str | None:
    """Return a Python of that version, from PATH or pyenv; None if there is none."""
    pyenv = Path.home().glob(f".pyenv/versions/{version}.*/bin/python")
    for one in (f"python{version}", *map(str, pyenv)):
        # pyenv's stand-in for a Python that is not switched on can be found, and fails.
        if shutil.which(one) and not subprocess.run([one, "-V"], capture_output=True).returncode:
            return one
    return None


def pip(python: Path, *arguments: str | Path) -> None:
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *arguments], check=True)


def packages(python: Path) -> dict[str, str]:
    command = [python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {one["name"]: one["version"] for one in json.loads(listed)}


@pytest.mark.nightly
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_wheel_moves_nothing_and_the_solved_lessons_run(name: str, tmp_path: Path) -> None:
    version, there = ENVIRONMENTS[name]
    executable = python_of(version)
    if executable is None:
        pytest.skip(f"there is no Python {version} on this machine")
    kept = Path(os.environ.get("BERT_CLASSROOM_ENVIRONMENTS", tmp_path))
    python = kept / name / "bin" / "python"
    if not python.exists():
        subprocess.run([executable, "-m", "venv", kept / name], check=True)
        pip(python, "torch==2.13.0")
        if there:
            pip(python, *there)
        pip(python, "ipykernel", "nbclient")
    before = packages(python)
    bundle(COURSE, ["01-tokenizing"], Edition.CLASS, tmp_path / "bundle")
    (wheel,) = (tmp_path / "bundle").rglob("*.whl")
    pip(python, wheel)
    after = packages(python)
    assert {package: after.get(package) for package in before} == before
    pip(python, "--force-reinstall", "--no-deps", wheel)
    lessons = []
    for lesson in COURSE.assignments():
        lessons.append(tmp_path / COURSE.notebook(COURSE.source, lesson).name)
        shutil.copy(COURSE.notebook(COURSE.source, lesson), lessons[-1])
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MPLBACKEND")}
    environment["PATH"] = f"{python.parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        [python, "-c", RUNNER, *lessons], cwd=tmp_path, env=environment, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    assert json.loads(done.stdout.splitlines()[-1]) == []
