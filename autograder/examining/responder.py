"""Runs in the student's process: carries out one request and writes down what came of it.

Nothing that happens here is believed. It reads a request, calls the student's function under
settings of our own, and writes plain data that `autograder.examining.messages` will read as
hostile input. It holds no test, no expected value and no label, and depends on no name that a
notebook may have given another meaning.
"""

from __future__ import annotations

import importlib
import json
import linecache
import sys
import traceback
from typing import Any

from course.plain import pack, restore
from course.settings import usual_settings

#: What the examiner asks before any student's cell has run: whether this very code answers.
PING = "ping"


def respond(request_path: str, reply_path: str, names: dict[str, Any] | None = None) -> None:
    """Carry out the request in `request_path`, and write `reply_path`.

    `names` are the student's; by default those of the notebook that calls this.
    """
    student = sys._getframe(1).f_globals if names is None else names
    with open(request_path, "rb") as file:
        request = file.read()
    reply = answered(request, student)
    # Into the one file that a contained process may write outside its own; it is read when we are
    # done, and at no other time.
    with open(reply_path, "wb") as file:
        file.write(reply)


def answered(packed: bytes, student: dict[str, Any]) -> bytes:
    """Return the reply to a request; both are packed, as they travel."""
    request = _read(packed)
    if PING in request:
        return pack({"value": _versions(request[PING])})
    name = request["function"]
    if name not in student:
        return pack({"missing": name})
    try:
        with usual_settings():
            observe = _find(request)
            value = observe(student[name], **request["inputs"])
            return pack({"value": value})
    except BaseException as error:
        raised = {"type": type(error).__name__, "text": _text(error), "line": _line(error)}
        return pack({"raised": raised})


def _versions(modules: list[str]) -> dict[str, str]:
    """Return where each of `modules` was imported from."""
    return {name: str(importlib.import_module(name).__file__) for name in modules}


def _text(error: BaseException) -> str:
    try:
        return str(error)[:2000]
    except BaseException:
        return ""


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


def _read(packed: bytes) -> Any:
    head, _, tail = packed.partition(b"\n")
    tensors = {}
    if tail:
        from safetensors.torch import load

        tensors = load(tail)
    return restore(json.loads(head), tensors)
