"""The examiner's hand in the student's process: runs one request and writes down what came of it.

This file's text is executed inside the untrusted process, so nothing here is believed: it reads a
request, calls the student's function, and writes plain data that `autograder.examining.messages` will read
as hostile input. It holds no test, no expected value and no label.
"""

from __future__ import annotations

import importlib
import json
import linecache
import sys
import traceback
from typing import Any

from course.plain import pack, restore


def answer(student: dict[str, Any], request_path: str, reply_path: str) -> None:
    """Carry out the request in `request_path` on the names in `student`; write `reply_path`."""
    request = _read(request_path)
    name = request["function"]
    if name not in student:
        _write(reply_path, {"missing": name})
        return
    observe = _find(request)
    try:
        value = observe(student[name], **request["inputs"])
    except BaseException as error:
        raised = {"type": type(error).__name__, "text": str(error)[:2000], "line": _line(error)}
        _write(reply_path, {"raised": raised})
    else:
        _write(reply_path, {"value": value})


def _find(request: dict[str, Any]) -> Any:
    """Return the observing function: one of `course`, or one whose source came along."""
    if request["source"] is None:
        found: Any = importlib.import_module(request["module"])
    else:
        namespace = {"__name__": "probes"}
        exec(compile(request["source"], "<probes>", "exec"), namespace)
        found = type("probes", (), namespace)
    for part in request["qualname"].split("."):
        found = getattr(found, part)
    return found


def _line(error: BaseException) -> str:
    """Return the student's line of code that raised `error`, or the empty string."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        # IPython keeps a cell's source in linecache under a made-up file name.
        if "ipykernel" in frame.filename or frame.filename.startswith("<cell"):
            return (frame.line or linecache.getline(frame.filename, frame.lineno or 0)).strip()
    return ""


def _read(path: str) -> Any:
    with open(path, "rb") as file:
        head, _, tail = file.read().partition(b"\n")
    tensors = {}
    if tail:
        from safetensors.torch import load

        tensors = load(tail)
    return restore(json.loads(head), tensors)


def _write(path: str, reply: dict[str, Any]) -> None:
    # Into the one file that a contained process may write outside its own; it is read when we are
    # done, and at no other time.
    with open(path, "wb") as file:
        file.write(pack(reply))
    sys.stdout.flush()
