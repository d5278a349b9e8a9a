"""A gradebook in PostgreSQL, named by `db_url` alone, from a new course to the exported marks."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.course_paths import CoursePaths
from autograder.grading.marks import read_marks

NAME = "01-tokenizing"


def programs() -> Path | None:
    """Return the folder of PostgreSQL's own programs, which Debian keeps off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    beside = shutil.which("initdb")
    return found[-1].parent if found else Path(beside).parent if beside else None


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """A server of this test's own, reached by a socket alone: the URL of its database."""
    where = programs()
    if where is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    # The server refuses to run as root, and could not look into root's temporary folders.
    user = "nobody" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    folder = Path(tempfile.mkdtemp(prefix="postgresql-", dir="/tmp"))
    shutil.chown(folder, user)

    def call(program: str, *arguments: str) -> None:
        command = [str(where / program), "-D", str(folder / "data"), *arguments]
        subprocess.run(
            command, check=True, cwd=folder, user=user if os.getuid() == 0 else None,
            stdout=subprocess.DEVNULL, timeout=120,
        )  # fmt: skip

    try:
        call("initdb", "-U", "grader", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        call("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql+psycopg2://grader@/postgres?host={folder}"
        finally:
            call("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.mark.long
def test_a_term_with_its_gradebook_in_postgresql(
    database: str, tmp_path: Path, run: Callable[..., Any]
) -> None:
    (tmp_path / "roster.csv").write_text(
        "id,first_name,last_name\nann,Änne,Maier\nben,,\n", "utf-8"
    )
    root = tmp_path / "Kurs"
    run(
        "autograder", "new-course", root, "--roster", "roster.csv", "--db", database,
        "--due", f"{NAME}=2026-12-01", cwd=tmp_path,
    )  # fmt: skip
    run("nbgrader", "generate_assignment", NAME, cwd=root)
    paths = CoursePaths(root)
    place = paths.notebook(paths.submitted / "ann", NAME)
    place.parent.mkdir(parents=True)
    shutil.copy(paths.notebook(paths.source, NAME), place)
    place.with_name("timestamp.txt").write_text("2026-12-03 20:00:00 UTC")
    done = run("autograder", "grade", "--feedback", cwd=root)
    assert "late by 1 d 20 h" in done.stdout and "10 of 10" in done.stdout
    assert "1 of 2 students has no mark: ben." in done.stdout
    for command in (("extend", "ann", NAME, "3d"), ("excuse", "ben", NAME)):
        run("autograder", *command, cwd=root)
    done = run("autograder", "grade", cwd=root)
    assert "late" not in done.stdout and "excused" in done.stdout
    run("autograder", "report", cwd=root)
    assert "Änne Maier" in (root / "report.html").read_text(encoding="utf-8")
    exporter = "--exporter=autograder.grading.plugins.exports.CsvExport"
    run("nbgrader", "export", exporter, cwd=root)
    lines = (root / "marks.csv").read_text(encoding="utf-8").splitlines()
    assert lines[1:] == ["ann,Maier,Änne,,10,", "ben,,,,,"]
    assert read_marks(paths).by_submission[NAME, "ann"].points == 10
    # One whose server is gone, with a password that is nobody else's business.
    config = root / "nbgrader_config.py"
    gone = "postgresql+psycopg2://grader:geheim@/postgres?host=/nowhere"
    config.write_text(config.read_text(encoding="utf-8").replace(database, gone), "utf-8")
    done = run("autograder", "grade", cwd=root, code=2)
    assert "grader:***@/postgres" in done.stderr and "cannot be used" in done.stderr
    assert "geheim" not in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert not (root / "gradebook.db").exists()
