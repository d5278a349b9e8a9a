"""Unix users for tests, each with a home and commands of its own, and the exchange between them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from classroom import NAME, cell_of

#: Shows to a student the Python that runs here, should it lie in a folder of root's own.
OPENED = """
set -e
for path in {python}; do mkdir -p $T$path; mount --bind $path $T$path; done
mount --rbind $T{closed} {closed}
exec "$@"
"""


class Student:
    """A Unix user with a home of its own, who types nbgrader's commands there."""

    def __init__(self, name: str, home: Path, config: str) -> None:
        self.name, self.home = name, home
        subprocess.run(["useradd", "-M", "-d", str(home), name], check=True)
        home.mkdir(mode=0o700)
        (home / "nbgrader_config.py").write_text(config)
        subprocess.run(["chown", "-R", f"{name}:", str(home)], check=True)

    def types(self, *command: str) -> str:
        """Run a command as this user, and return what it said."""
        done = self._run(*command)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def fails(self, *command: str) -> str:
        """Run a command that this user may not run, and return what it said."""
        done = self._run(*command)
        assert done.returncode != 0, f"{command}\n{done.stdout}"
        return done.stdout + done.stderr

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*visible(self.home), "setpriv", f"--reuid={self.name}", f"--regid={self.name}",
             "--clear-groups", "--no-new-privs", *command],
            cwd=self.home, capture_output=True, text=True,
            env={"PATH": os.environ["PATH"], "HOME": str(self.home), "USER": self.name},
        )  # fmt: skip

    def writes(self, **answers: str) -> None:
        """Write answers into the notebook that was fetched, as an editor does."""
        path = self.home / NAME / f"{NAME}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        for cell, source in answers.items():
            cell_of(notebook, cell.replace("_", "-")).source = source
        nbformat.write(notebook, path)


def visible(folder: Path) -> list[str]:
    """Return what to put before a command so that any user may run this Python."""
    python = {Path(sys.base_prefix).resolve(), Path(sys.prefix)}
    closed = {
        above
        for path in python
        for above in [*reversed(path.parents), path]
        if not above.stat().st_mode & 0o001
    }
    if not closed:
        return []
    (root,) = closed
    inside = " ".join(str(path) for path in python if path.is_relative_to(root))
    script = OPENED.format(python=inside, closed=root)
    return ["unshare", "--mount", "env", f"T={folder.parent}/seen", "bash", "-c", script, "-"]


@pytest.fixture
def exchange() -> Iterator[Path]:
    """A folder that all users may write into, as nbgrader's guide asks for."""
    folder = Path(tempfile.mkdtemp(prefix="exchange-", dir="/tmp"))
    folder.chmod(0o755)
    (folder / "exchange").mkdir()
    (folder / "exchange").chmod(0o777)
    yield folder / "exchange"
    shutil.rmtree(folder)


@contextmanager
def users(home: Path, parts: str, config: str = "") -> Iterator[list[Student]]:
    """Make a user for each letter of `parts`, with a home below `home`; skips where only root can."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("useradd", "setpriv", "unshare"))):
        pytest.skip("only root can make the users of this test")
    names = [f"bert{os.getpid()}{part}" for part in parts]
    try:
        yield [Student(name, home / name, config) for name in names]
    finally:
        for name in names:
            subprocess.run(["userdel", name], check=False, capture_output=True)
