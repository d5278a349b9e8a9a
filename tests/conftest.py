"""What the tests share: the course itself, and a miniature one to break and repair."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from autograder.authoring.build import build
from autograder.course_paths import CoursePaths
from autograder.nbgrader_api import release

ROOT = Path(__file__).resolve().parent.parent

# What notebooks and checks write down goes to no home folder.
_kept = tempfile.mkdtemp(prefix="progress-")
atexit.register(shutil.rmtree, _kept, ignore_errors=True)

# Kernels and commands started by tests compute side by side and fetch nothing.
os.environ |= {
    "BERT_CLASSROOM_PROGRESS": f"{_kept}/progress.json",
    "OMP_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "MPLBACKEND": "agg",
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
}

# Properties are tried on the same examples each time, so that a run of the tests depends on the
# code alone; `HYPOTHESIS_PROFILE=search pytest tests/test_properties.py` looks for new ones.
settings.register_profile(
    "same", derandomize=True, database=None, deadline=None, max_examples=60, print_blob=False
)
settings.register_profile("search", deadline=None, max_examples=3000)
# `make mutate` asks whether an example fails: it needs neither the smallest one nor, which takes
# longest, a patch that adds it to the test.
settings.register_profile(
    "mutants", settings.get_profile("same"), phases=(Phase.explicit, Phase.generate)
)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "same")
if PROFILE == "mutants":
    sys.modules["hypothesis.extra._patching"] = None  # type: ignore[assignment]
settings.load_profile(PROFILE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: at the end no worker waits for another."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    if PROFILE == "mutants":  # one failure is enough: examples are quicker than properties
        items.sort(key=lambda item: hasattr(getattr(item, "obj", None), "hypothesis"))


@pytest.fixture(scope="session")
def course() -> CoursePaths:
    """The course of this repository."""
    return CoursePaths(ROOT)


@pytest.fixture(scope="session")
def built_miniature(tmp_path_factory: pytest.TempPathFactory) -> CoursePaths:
    """The miniature course, built; not to be changed."""
    root = tmp_path_factory.mktemp("miniature") / "course"
    shutil.copytree(ROOT / "tests" / "miniature", root)
    # Its notebooks import nothing, so its kernels need not wait for torch.
    config = (ROOT / "nbgrader_config.py").read_text()
    (root / "nbgrader_config.py").write_text(config + "\nc.ZygoteProvisioner.preload = []\n")
    paths = CoursePaths(root)
    build(paths, paths.assignments())
    return paths


@pytest.fixture
def miniature(built_miniature: CoursePaths, tmp_path: Path) -> CoursePaths:
    """A copy of the miniature course for one test alone."""
    shutil.copytree(built_miniature.root, tmp_path / "course")
    return CoursePaths(tmp_path / "course")


@pytest.fixture(scope="session")
def released(built_miniature: CoursePaths, tmp_path_factory: pytest.TempPathFactory) -> CoursePaths:
    """The miniature course, in its own gradebook as an instructor has it."""
    root = tmp_path_factory.mktemp("released") / "course"
    shutil.copytree(built_miniature.root, root)
    config = root / "nbgrader_config.py"
    config.write_text(
        config.read_text().replace("ExamExecute.timeout = 60", "ExamExecute.timeout = 4")
    )
    paths = CoursePaths(root)
    release(root, paths.assignments()[0])
    return paths


@pytest.fixture
def classroom(released: CoursePaths, tmp_path: Path) -> CoursePaths:
    shutil.copytree(released.root, tmp_path / "classroom")
    return CoursePaths(tmp_path / "classroom")


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Make a copy of what git would give, in a folder whose name is not plain."""

    def make(reader: str) -> Path:
        root = tmp_path_factory.mktemp(reader) / "Größe 2"
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, root / name)
        return root

    return make


@pytest.fixture(scope="module")
def quiet() -> Iterator[None]:
    """Loading models without transformers' reports and bars."""
    from transformers.utils import logging

    level = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    yield
    logging.set_verbosity(level)
    logging.enable_progress_bar()


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def run() -> Run:
    """Run a command line and return what it printed; `code` is the status that it must have."""

    def run(
        *command: str | Path, cwd: Path = ROOT, code: int = 0
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            capture_output=True,
            text=True,
            env=os.environ | {"COLUMNS": "250", "NO_COLOR": "1", "TERM": "dumb"},
        )
        assert done.returncode == code, (
            f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done

    return run
