"""Attacks by what is handed in rather than by what it does: cells, metadata, files."""

from __future__ import annotations

import copy
import os
from pathlib import Path

import nbformat
from attack_book import Attack, Change
from classroom import cell_of
from nbformat.notebooknode import NotebookNode

NOTHING = frozenset({0.0})
FULL = frozenset({5.0})
HALF = frozenset({3.0})


def unsolved(notebook: NotebookNode) -> None:
    cell_of(notebook, "count-words").source = "pass"


def with_tag(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    for cell in notebook.cells:
        cell.metadata["tags"] = ["skip-execution", "raises-exception", "demo"]


def worth_a_thousand(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    for cell in notebook.cells:
        if "points" in cell.metadata.get("nbgrader", {}):
            cell.metadata.nbgrader["points"] = 1000


def graded_by_itself(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    cell = cell_of(notebook, "count-words")
    cell.metadata.nbgrader.update(grade=True, points=2, solution=False, locked=True)


def own_graded_cell(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    cell = copy.deepcopy(cell_of(notebook, "count-words-points"))
    cell.metadata.nbgrader.update(grade_id="bonus", points=100)
    cell.source, cell["id"] = "5", "bonus"
    notebook.cells.append(cell)


def another_schema(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.update(
                schema_version=99, checksum="0", cell_type="raw", task=True
            )


def another_kernel(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    notebook.metadata["kernelspec"] = {"name": "bash", "display_name": "x", "language": "bash"}


def edited_graded_cells(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    for grade_id in ("count-words-points", "longest-word-points"):
        cell_of(notebook, grade_id).source = "2"


def forged_outputs(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                nbformat.v4.new_output(
                    "execute_result", data={"text/plain": "5"}, execution_count=1
                )
            ]


def swapped(notebook: NotebookNode, folder: Path) -> None:
    # The easy function under the hard task's name, and the other way round.
    one, two = cell_of(notebook, "count-words"), cell_of(notebook, "longest-word")
    one.metadata.nbgrader["grade_id"], two.metadata.nbgrader["grade_id"] = (
        "longest-word",
        "count-words",
    )


def doubled(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    notebook.cells += [copy.deepcopy(cell_of(notebook, "longest-word-points")) for _ in range(50)]


def deleted(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    notebook.cells = [c for c in notebook.cells if not c.metadata.get("nbgrader", {}).get("grade")]


def reversed_cells(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    notebook.cells.reverse()


def retyped(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    for grade_id in ("count-words-points", "longest-word-points"):
        cell = cell_of(notebook, grade_id)
        cell.cell_type = "raw"
        for field in ("outputs", "execution_count"):
            cell.pop(field)


def same_ids(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    for cell in notebook.cells:
        cell["id"] = "same"


def ten_thousand_cells(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    notebook.cells += [nbformat.v4.new_raw_cell("x") for _ in range(10_000)]


def empty_cells(notebook: NotebookNode, folder: Path) -> bytes:
    unsolved(notebook)
    cells = b'{"cell_type": "code", "source": "", "metadata": {}, "outputs": []},' * 60_000
    return nbformat.writes(notebook).encode().replace(b'"cells": [', b'"cells": [' + cells, 1)


def loud_cells(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    notebook.cells[:0] = [nbformat.v4.new_code_cell("print('x' * 4_000_000)") for _ in range(60)]


def raw(text: bytes) -> Change:
    return lambda notebook, folder: text


def nul_bytes(notebook: NotebookNode, folder: Path) -> bytes:
    return nbformat.writes(notebook).encode().replace(b"count", b"co\0unt")


def marked(notebook: NotebookNode, folder: Path) -> bytes:
    return b"\xef\xbb\xbf" + nbformat.writes(notebook).encode()


def huge(notebook: NotebookNode, folder: Path) -> bytes:
    return b'{"cells": [' + b" " * (21 * 2**20) + b"]}"


def third_format(notebook: NotebookNode, folder: Path) -> bytes:
    return b'{"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "x"}, "worksheets": [{"cells": []}]}'


def link_to_solution(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    course = folder.parent.parent.parent
    (folder / "solution.ipynb").symlink_to(course / "source" / "01-counting" / "01-counting.ipynb")
    (folder / "everything").symlink_to("/")


def hard_link_to_gradebook(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    os.link(folder.parent.parent.parent / "nbgrader_config.py", folder / "config.txt")


def pipe(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    os.mkfifo(folder / "data.txt")


def deep_folders(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    place = folder.joinpath(*["d"] * 200)
    place.mkdir(parents=True)
    (place / "x.txt").write_text("x")


def many_files_deep(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    place = folder.joinpath(*["a" * 60] * 24)
    place.mkdir(parents=True)
    for number in range(900):
        (place / f"{number}.txt").touch()


def huge_file(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    with (folder / "weights.bin").open("wb") as file:
        file.truncate(40 * 2**30)


def many_files(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    for number in range(3000):
        (folder / f"{number}.txt").touch()


def shadows(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    for name in (
        "json",
        "sitecustomize",
        "torch",
        "nbformat",
        "nbgrader_config",
        "zmq",
        "conftest",
    ):
        (folder / f"{name}.py").write_text("print('shadowed')\nraise SystemExit(0)\n")
    (folder / "course").mkdir()
    (folder / "course" / "__init__.py").write_text("def check(name): return True\n")
    (folder / "course" / "plain.py").write_text(
        "def pack(x): return b'{}'\nrestore = flatten = pack\n"
    )


def odd_names(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    (folder / "..ipynb").write_text("{}")
    (folder / "a\nb $(touch x).txt").write_text("x")
    os.mkdir(os.fsencode(folder) + b"/\xff\xfe")
    (folder / ".hidden").mkdir()


def half_a_character(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    cell_of(notebook, "count-words").source += "\n# \ud83d"


def odd_metadata(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    notebook.metadata = NotebookNode(
        kernelspec=7, language_info=5, language=5, nbgrader=3, title=[]
    )


def odd_outputs(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            cell.outputs = [{"output_type": "gift", "text": number}]
            cell.execution_count = "five"


def odd_ids(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = ["", "a b!", 7, "x" * 200, None][number % 5]


def no_date(notebook: NotebookNode, folder: Path) -> None:
    unsolved(notebook)
    (folder / "timestamp.txt").write_text("the day after tomorrow")


DEEP = b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"

FORGERIES = tuple(
    Attack(change.__name__.replace("_", "-"), kind, story, change, points)
    for kind, points, change, story in (
        ("cells", HALF, with_tag, "Tags that tell nbclient not to run a cell."),
        ("cells", HALF, worth_a_thousand, "More points for the same work."),
        ("cells", HALF, graded_by_itself, "Flags that make the answer its own test."),
        ("cells", HALF, own_graded_cell, "A graded cell of one's own."),
        ("cells", HALF, another_schema, "Metadata of a version that nobody knows."),
        ("cells", HALF, another_kernel, "A kernel of one's own choice."),
        ("cells", HALF, edited_graded_cells, "Graded cells that show the maximum."),
        ("cells", HALF, forged_outputs, "Outputs that were there before."),
        ("cells", HALF, swapped, "Each task's answer under the other one's name."),
        ("cells", HALF, doubled, "A solved task's cell fifty times."),
        ("cells", HALF, deleted, "No test, no failure."),
        ("cells", HALF, reversed_cells, "Tests before answers."),
        ("cells", HALF, retyped, "Tests that are no code any more."),
        ("cells", HALF, same_ids, "One id for all cells."),
        ("cells", NOTHING, ten_thousand_cells, "Cells without end."),
        ("cells", HALF, empty_cells, "Sixty thousand cells with nothing in them."),
        ("cells", HALF, loud_cells, "Sixty cells that print four megabytes each."),
        ("cells", HALF, half_a_character, "Half of a surrogate pair in a comment."),
        ("cells", HALF, odd_metadata, "Metadata of all the wrong types."),
        ("cells", HALF, odd_outputs, "Outputs that are none."),
        ("cells", HALF, odd_ids, "Ids that are none."),
        ("files", HALF, no_date, "A time of handing in that is no time."),
        ("files", NOTHING, nul_bytes, "NUL bytes in the notebook."),
        (
            "files",
            FULL,
            marked,
            "An honest notebook with a byte-order mark, as some editors write.",
        ),
        ("files", NOTHING, huge, "A notebook of 21 MiB of nothing."),
        ("files", NOTHING, third_format, "A notebook of format 3."),
        ("files", HALF, link_to_solution, "Links to the solution and to the whole machine."),
        ("files", HALF, hard_link_to_gradebook, "A second name for a file of the grader's."),
        ("files", HALF, pipe, "A pipe that nobody writes to."),
        ("files", HALF, deep_folders, "Two hundred folders in each other."),
        ("files", HALF, many_files_deep, "Nine hundred empty files, 24 folders deep."),
        ("files", HALF, huge_file, "Forty gigabytes of zeros."),
        ("files", HALF, many_files, "Three thousand files."),
        ("files", HALF, shadows, "Modules that come before the real ones."),
        ("files", HALF, odd_names, "Names that a shell or a decoder would fall over."),
    )
) + tuple(
    Attack(name, "files", story, raw(text), NOTHING)
    for name, text, story in (
        ("a-list", b"[]", "JSON, but no notebook."),
        ("deep-json", DEEP, "JSON nested beyond reading."),
        (
            "not-a-number",
            b'{"cells": NaN, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
            "NaN.",
        ),
        ("empty", b"", "Nothing."),
        ("cut-off", b'{"cells": [{"cell_type": "code", "sour', "Cut off."),
        ("latin-1", b'{"cells": [], "metadata": {"name": "\xe9"}, "nbformat": 4}', "Not UTF-8."),
        (
            "format-99",
            b'{"cells": [], "metadata": {}, "nbformat": 99, "nbformat_minor": 0}',
            "The future.",
        ),
    )
)
