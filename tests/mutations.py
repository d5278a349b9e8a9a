"""What happens to notebooks on their way: changes that keep a student's code, and some that do not.

Each `KEEPS` change leaves the code runnable, so that the marks must stay; each of `BREAKS` may cost
the marks, but never more than its author's, and never a fault of the grader. A change takes the
notebook as a dict and changes it; a packing decides in which files it is handed in.
"""

from __future__ import annotations

import copy
import io
import json
import random
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import jupytext
import nbformat

Notebook = dict[str, Any]
Change = Callable[[random.Random, Notebook], None]
Packing = Callable[[random.Random, Notebook, str], dict[str, bytes]]


def marks(cell: dict[str, Any]) -> dict[str, Any]:
    metadata = cell.get("metadata")
    found = metadata.get("nbgrader", {}) if isinstance(metadata, dict) else {}
    return found if isinstance(found, dict) else {}


def answers(nb: Notebook) -> list[dict[str, Any]]:
    """The cells in which something is answered."""
    return [
        cell
        for cell in nb["cells"]
        if marks(cell).get("solution") and cell["source"] != BLANKS.get(marks(cell)["grade_id"])
    ]


def code_cell(source: str) -> dict[str, Any]:
    return {
        "cell_type": "code", "id": f"x{zlib.crc32(source.encode())}", "metadata": {},
        "execution_count": None, "outputs": [], "source": source,
    }  # fmt: skip


def first_import(nb: Notebook) -> int:
    """The place after the cells that import what the answers need."""
    return next(i for i, cell in enumerate(nb["cells"]) if marks(cell).get("solution"))


# Changes that keep the code.


def metadata_gone(rng: random.Random, nb: Notebook) -> None:
    for cell in nb["cells"]:
        cell["metadata"] = {}


def metadata_gone_in_some(rng: random.Random, nb: Notebook) -> None:
    for cell in nb["cells"]:
        if rng.random() < 0.5:
            cell.pop("metadata")


def metadata_of_another_kind(rng: random.Random, nb: Notebook) -> None:
    for cell in rng.sample(nb["cells"], 2):
        cell["metadata"] = rng.choice(([], "none", 5, None, {"nbgrader": "x"}))


def ids_gone(rng: random.Random, nb: Notebook) -> None:
    for cell in nb["cells"]:
        cell.pop("id", None)


def ids_and_metadata_gone(rng: random.Random, nb: Notebook) -> None:
    ids_gone(rng, nb)
    metadata_gone(rng, nb)


def ids_doubled(rng: random.Random, nb: Notebook) -> None:
    one, other = rng.sample([cell for cell in nb["cells"] if not marks(cell)], 2)
    one["id"] = other["id"]


def ids_renamed(rng: random.Random, nb: Notebook) -> None:
    for number, cell in enumerate(nb["cells"]):
        cell["id"] = rng.choice((f"cell-{number}", number, "", "ü" * 70))


def answers_merged(rng: random.Random, nb: Notebook) -> None:
    if len(answers(nb)) < 2:
        return
    one, other = sorted(rng.sample(range(len(answers(nb))), 2))
    first, second = answers(nb)[one], answers(nb)[other]
    first["source"] += "\n\n\n" + second["source"]
    nb["cells"].remove(second)


def answer_split(rng: random.Random, nb: Notebook) -> None:
    cell = rng.choice(answers(nb))
    place = nb["cells"].index(cell)
    nb["cells"].insert(place, code_cell("UNUSED = 1\nALSO = UNUSED + 1"))


def cell_moved_by_one(rng: random.Random, nb: Notebook) -> None:
    place = nb["cells"].index(rng.choice(answers(nb)))
    other = place + rng.choice((-1, 1))
    cells = nb["cells"]
    cells[place], cells[other] = cells[other], cells[place]


def doubled_blank_first(rng: random.Random, nb: Notebook) -> None:
    cell = rng.choice(answers(nb))
    older = copy.deepcopy(cell) | {"source": BLANKS[marks(cell)["grade_id"]]}
    nb["cells"].insert(nb["cells"].index(cell), older)


def doubled_blank_last(rng: random.Random, nb: Notebook) -> None:
    cell = rng.choice(answers(nb))
    older = copy.deepcopy(cell) | {"source": BLANKS[marks(cell)["grade_id"]]}
    nb["cells"].insert(nb["cells"].index(cell) + 1, older)


def doubled(rng: random.Random, nb: Notebook) -> None:
    cell = rng.choice(nb["cells"])
    nb["cells"].insert(nb["cells"].index(cell), copy.deepcopy(cell))


def _taken_out(nb: Notebook, cells: list[dict[str, Any]]) -> str:
    text = "\n\n\n".join(cell["source"] for cell in cells)
    for cell in cells:
        cell["source"] = BLANKS[marks(cell)["grade_id"]]
    return text


def answers_at_the_top(rng: random.Random, nb: Notebook) -> None:
    place = first_import(nb) - 1
    nb["cells"].insert(max(place, 0), code_cell(_taken_out(nb, answers(nb))))


def answers_at_the_end(rng: random.Random, nb: Notebook) -> None:
    nb["cells"].append(code_cell(_taken_out(nb, answers(nb))))


def answer_in_own_cell(rng: random.Random, nb: Notebook) -> None:
    cell = rng.choice(answers(nb))
    place = nb["cells"].index(cell) + rng.choice((0, 1))
    nb["cells"].insert(place, code_cell(_taken_out(nb, [cell])))


def answer_cell_deleted_and_own(rng: random.Random, nb: Notebook) -> None:
    cell = rng.choice(answers(nb))
    place = nb["cells"].index(cell)
    nb["cells"][place] = code_cell(cell["source"])


def answer_in_markdown_turned_code(rng: random.Random, nb: Notebook) -> None:
    cell = rng.choice(answers(nb))
    texts = [c for c in nb["cells"] if c["cell_type"] == "markdown"]
    host = rng.choice(texts[1:] or texts)
    host |= code_cell(_taken_out(nb, [cell])) | {"id": host.get("id", "m")}


def answer_turned_markdown_and_back(rng: random.Random, nb: Notebook) -> None:
    cell = rng.choice(answers(nb))
    cell.pop("outputs", None)
    cell.pop("execution_count", None)


def graded_cells_deleted(rng: random.Random, nb: Notebook) -> None:
    nb["cells"] = [cell for cell in nb["cells"] if not marks(cell).get("grade")]


def other_cells_deleted(rng: random.Random, nb: Notebook) -> None:
    texts = [cell for cell in nb["cells"] if cell["cell_type"] == "markdown"]
    for cell in rng.sample(texts, len(texts) // 2):
        nb["cells"].remove(cell)


def empty_cells_added(rng: random.Random, nb: Notebook) -> None:
    for _ in range(rng.choice((1, 50))):
        nb["cells"].insert(rng.randrange(len(nb["cells"]) + 1), code_cell(rng.choice(("", "  \n"))))


def large_outputs(rng: random.Random, nb: Notebook) -> None:
    cell = code_cell("1")
    cell["outputs"] = [
        {"output_type": "display_data", "metadata": {}, "data": {"text/html": "x" * 2_000_000}}
    ]
    nb["cells"].append(cell)


def odd_outputs(rng: random.Random, nb: Notebook) -> None:
    for cell in nb["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = rng.choice(
                (None, "text", {}, [5], [{"output_type": "unknown"}], [{"name": "stdout"}])
            )
            cell["execution_count"] = rng.choice((None, "3", -1, {}, 2.5))


def attachments(rng: random.Random, nb: Notebook) -> None:
    nb["cells"].append(
        {
            "cell_type": "markdown",
            "id": "pasted",
            "metadata": {},
            "source": "![x](attachment:image.png) ![y](attachment:gone.png)",
            "attachments": {"image.png": {"image/png": "iVBORw0KGgo="}},
        }
    )


def sources_as_lists(rng: random.Random, nb: Notebook) -> None:
    for cell in nb["cells"]:
        if isinstance(cell.get("source"), str):
            cell["source"] = cell["source"].splitlines(keepends=True)


def crlf(rng: random.Random, nb: Notebook) -> None:
    for cell in nb["cells"]:
        if isinstance(cell.get("source"), str):
            cell["source"] = cell["source"].replace("\n", "\r\n")


def format_numbers(rng: random.Random, nb: Notebook) -> None:
    nb["nbformat"], nb["nbformat_minor"] = rng.choice(((4, 0), (4, 2), (4, 4), (4, 9), (5, 0)))
    if rng.random() < 0.3:
        nb.pop("nbformat_minor")


def notebook_metadata(rng: random.Random, nb: Notebook) -> None:
    nb["metadata"] = rng.choice(
        ({}, [], None, {"kernelspec": {"name": "ir", "language": 5}}, {"colab": {"toc": True}})
    )
    for cell in nb["cells"]:
        if isinstance(cell.get("metadata"), dict):
            cell["metadata"] |= {"vscode": {"languageId": "python"}, "tags": ["mine"]}


def builtin_names(rng: random.Random, nb: Notebook) -> None:
    names = ["compile", "exec", "globals", "open", "getattr", "type", "isinstance", "repr",
             "id", "input", "vars", "eval", "__import__", "print", "hash", "all"]  # fmt: skip
    chosen = rng.sample(names, 4)
    nb["cells"].insert(0, code_cell("\n".join(f"{name} = False" for name in chosen)))


def settings(rng: random.Random, nb: Notebook) -> None:
    lines = [
        "import warnings; warnings.filterwarnings('error')",
        "import numpy as np; np.seterr(all='raise')",
        "import sys; sys.setrecursionlimit(400)",
        "import random; random.seed(0)",
        "import os; os.makedirs('elsewhere', exist_ok=True); os.chdir('elsewhere')",
        "import os; os.environ['HF_HUB_OFFLINE'] = '0'; os.environ['HF_HOME'] = '/nowhere'",
        "import logging; logging.disable()",
        "import gc; gc.disable()",
    ]
    place = first_import(nb)
    for line in rng.sample(lines, 2):
        nb["cells"].insert(place, code_cell(line))


def cells_that_fail(rng: random.Random, nb: Notebook) -> None:
    lines = ["1 / 0", "import seaborn_is_not_here", "print('x' * 1000)", "def broken(:",
             "raise SystemExit", "exit()", "undefined_name", "%nomagic", "!false",
             "import sys; sys.exit(3)", "input('?')"]  # fmt: skip
    for line in rng.sample(lines, 3):
        nb["cells"].insert(rng.randrange(1, len(nb["cells"])), code_cell(line))


def script_and_back(rng: random.Random, nb: Notebook) -> None:
    text = jupytext.writes(nbformat.from_dict(nb), fmt=rng.choice(("py:percent", "md", "md:myst")))
    suffix = "py:percent" if text.startswith("# ---") else "md"
    fmt = suffix if suffix != "md" or "```{code-cell}" not in text else "md:myst"
    nb["cells"] = json.loads(nbformat.writes(jupytext.reads(text, fmt=fmt)))["cells"]


KEEPS: tuple[Change, ...] = (
    metadata_gone, metadata_gone_in_some, metadata_of_another_kind, ids_gone,
    ids_and_metadata_gone, ids_doubled, ids_renamed, answers_merged, answer_split,
    cell_moved_by_one, doubled_blank_first, doubled_blank_last, doubled, answers_at_the_top,
    answers_at_the_end, answer_in_own_cell, answer_cell_deleted_and_own,
    answer_in_markdown_turned_code, answer_turned_markdown_and_back, graded_cells_deleted,
    other_cells_deleted, empty_cells_added, large_outputs, odd_outputs, attachments,
    sources_as_lists, crlf, format_numbers, notebook_metadata, builtin_names, settings,
    cells_that_fail, script_and_back,
)  # fmt: skip
#: After these a change by structure finds nothing to hold on to, or would undo another.
LAST: tuple[Change, ...] = (
    metadata_gone, metadata_gone_in_some, metadata_of_another_kind, ids_gone,
    ids_and_metadata_gone, ids_renamed, odd_outputs, sources_as_lists, crlf, format_numbers,
    notebook_metadata, script_and_back,
)  # fmt: skip
#: The released blanks by grade_id, set by the test that uses them.
BLANKS: dict[str, str] = {}


def plain(rng: random.Random, nb: Notebook, name: str) -> dict[str, bytes]:
    return {f"{name}.ipynb": json.dumps(nb).encode()}


def indented(rng: random.Random, nb: Notebook, name: str) -> dict[str, bytes]:
    return {f"{name}.ipynb": json.dumps(nb, indent=4, ensure_ascii=False).encode()}


def byte_order_mark(rng: random.Random, nb: Notebook, name: str) -> dict[str, bytes]:
    return {f"{name}.ipynb": json.dumps(nb).encode("utf-8-sig")}


def utf_16(rng: random.Random, nb: Notebook, name: str) -> dict[str, bytes]:
    return {f"{name}.ipynb": json.dumps(nb, ensure_ascii=False).encode("utf-16")}


def not_a_number(rng: random.Random, nb: Notebook, name: str) -> dict[str, bytes]:
    return {f"{name}.ipynb": json.dumps(nb | {"x": float("nan")}).encode()}


def numbered(rng: random.Random, nb: Notebook, name: str) -> dict[str, bytes]:
    data = json.dumps(nb).encode()
    return {
        f"{name} (1).ipynb": data,
        f"._{name} (1).ipynb": b"\x00\x05\x16\x07",
        ".DS_Store": b"x",
    }


def beside_a_scratch_one(rng: random.Random, nb: Notebook, name: str) -> dict[str, bytes]:
    scratch = {"cells": [code_cell("1 + 1")], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return {"mine final.ipynb": json.dumps(nb).encode(), "a.ipynb": json.dumps(scratch).encode()}


def one_folder_deeper(rng: random.Random, nb: Notebook, name: str) -> dict[str, bytes]:
    return {f"homework/{name}.ipynb": json.dumps(nb).encode(), "homework/notes.txt": b"notes"}


def zipped(rng: random.Random, nb: Notebook, name: str) -> dict[str, bytes]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"hand in/{name}.ipynb", json.dumps(nb))
        archive.writestr(f"__MACOSX/hand in/._{name}.ipynb", b"\x00\x05")
    return {"hand in.zip": buffer.getvalue()}


def with_caches(rng: random.Random, nb: Notebook, name: str) -> dict[str, bytes]:
    data = json.dumps(nb).encode()
    return {
        f"{name}.ipynb": data, f".ipynb_checkpoints/{name}-checkpoint.ipynb": b"{}",
        "helper.py": b"X = 1\n", "__pycache__/helper.cpython-311.pyc": b"\x00" * 20,
    }  # fmt: skip


PACKINGS: tuple[Packing, ...] = (
    plain, plain, plain, indented, byte_order_mark, utf_16, not_a_number, numbered,
    beside_a_scratch_one, one_folder_deeper, zipped, with_caches,
)  # fmt: skip


def kept(rng: random.Random, solved: Notebook, name: str) -> tuple[str, dict[str, bytes]]:
    """Return a story and the files of a solved notebook after one to three changes that keep it."""
    nb = copy.deepcopy(solved)
    chosen = rng.sample(KEEPS, rng.choice((1, 1, 2, 3)))
    chosen.sort(key=lambda change: (change in LAST, change is not script_and_back))
    for change in list(chosen):
        before = copy.deepcopy(nb)
        try:
            change(rng, nb)
        except (IndexError, ValueError, StopIteration):
            # An earlier change has left it nothing to hold on to.
            nb = before
            chosen.remove(change)
    packing = rng.choice(PACKINGS)
    # A scratch notebook's rival must still be known by something.
    if packing is beside_a_scratch_one and ids_and_metadata_gone in chosen:
        packing = numbered
    return "+".join(one.__name__ for one in (*chosen, packing)), packing(rng, nb, name)


# Changes that may cost the marks.


def _some(rng: random.Random) -> Any:
    return rng.choice((None, 5, -1, 10**40, "x", "\ud800", [], {}, [[]], {"a": {}}, True, 1e308))


def cut_off(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data))]


def bytes_changed(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 10, 200))):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def values_replaced(rng: random.Random, data: bytes) -> bytes:
    nb = json.loads(data)

    def places(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
        keys = value if isinstance(value, dict) else range(len(value))
        for key in list(keys):
            found.append((value, key))
            if isinstance(value[key], dict | list):
                places(value[key], found)
        return found

    for _ in range(rng.choice((1, 5, 40))):
        where, key = rng.choice(places(nb, []))
        where[key] = _some(rng)
    return json.dumps(nb).encode()


def conflict(rng: random.Random, data: bytes) -> bytes:
    text = json.dumps(json.loads(data), indent=1).splitlines()
    text.insert(rng.randrange(len(text)), "<<<<<<< HEAD")
    text.append(">>>>>>> theirs")
    return "\n".join(text).encode()


def another_thing(rng: random.Random, data: bytes) -> bytes:
    return rng.choice((b"", b"null", b"[]", b'"x"', b"{}", b'{"cells": 5}', b"\x00" * 99,
                       b"[" * 100_000, b'{"cells": [' + b"{}," * 5000 + b"{}]}",
                       b'{"worksheets": [{"cells": [5]}]}'))  # fmt: skip


BREAKS = (cut_off, bytes_changed, values_replaced, conflict, another_thing)


def broken(rng: random.Random, solved: Notebook, name: str) -> tuple[str, dict[str, bytes]]:
    """Return a story and the files of a solved notebook after a change that may cost it."""
    change = rng.choice(BREAKS)
    place = rng.choice(
        (f"{name}.ipynb",) * 5 + (f"{name}.ipynb/x.ipynb", "other.ipynb", "a/b/c.zip")
    )
    return f"{change.__name__} as {place}", {place: change(rng, json.dumps(solved).encode())}
