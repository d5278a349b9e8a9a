"""Attacks on the way between examiner and function: what is asked, and what is answered.

The reply is written by code of ours that runs in the student's process, so a student can write
another one. It is read as hostile input: no form of it is a mark.
"""

from __future__ import annotations

from attacks.base import Attack, coded

# Once `count_words` was called, the next reply is `forged`; all others are packed as usual.
_ONCE = """
import course.plain
honest_pack, armed = course.plain.pack, []
def count_words(text):
    armed.append(text)
    return {}
def pack(value):
    if armed:
        armed.clear()
        return forged
    return honest_pack(value)
course.plain.pack = pack
"""


def _forged(name: str, story: str, expression: str, says: str = "unreadable-reply") -> Attack:
    return coded(name, "forged-reply", story, f"import struct\nforged = {expression}\n" + _ONCE, says=says)


FORGED = (
    _forged(
        "two-answers-in-one",
        "Beside the value stands what it is worth; graders that merge dictionaries take both.",
        r"""b'{"dict": [["value", {"dict": []}], ["points", 2]]}\n'""",
    ),
    _forged(
        "points-for-an-answer",
        "The reply is the mark itself, which graders that let tests print their score believe.",
        r"""b'{"dict": [["points", 2]]}\n'""",
    ),
    _forged(
        "names-a-class",
        "A restorer that builds classes by name would build one with full credit.",
        r"""b'{"dict": [["value", {"class": "course.checks.base.Miss", "credit": 1.0}]]}\n'""",
    ),
    _forged(
        "claims-a-huge-header",
        "A tensor file whose header claims eight exabytes makes careless readers allocate them.",
        r"""b'{"dict": [["value", {"array": "t0"}]]}\n' + struct.pack("<Q", 2**63)""",
    ),
    _forged(
        "hides-a-pickle",
        "Where tensors are unpickled, a pickle in their place runs code in the grader.",
        r"""b'{"dict": [["value", {"array": "t0"}]]}\n' + b"\x80\x04cos\nsystem\n(Vtrue\ntR."
""".strip(),
    ),
    _forged(
        "refers-to-no-tensor",
        "A reference to a tensor that did not come stops a reader that looks it up unasked.",
        r"""b'{"dict": [["value", {"tensor": "t9", "requires_grad": false}]]}\n'""",
    ),
    _forged(
        "bare-nan",
        "NaN is no JSON, but Python reads it; compared with a bar it is never too small.",
        r"""b'{"dict": [["value", {"dict": [["the", NaN]]}]]}\n'""",
    ),
    _forged(
        "number-of-many-digits",
        "Reading a number of a hundred thousand digits takes quadratic time, or raises.",
        r"""b'{"dict": [["value", ' + b"9" * 100_000 + b']]}\n'""",
    ),
    _forged(
        "no-end-of-line",
        "A skeleton without an end is looked for through gigabytes.",
        r"""b'{"dict": [["value", {"dict": []}]]}' + b" " * 5_000_000""",
    ),
    _forged(
        "not-utf-8",
        "Bytes that no decoder takes raise where nobody expects it.",
        r"""b'{"dict": [["value", "\xff\xfe\xc0"]]}\n'""",
    ),
    _forged(
        "says-it-was-not-there",
        "Some graders give a missing function the benefit of the doubt.",
        r"""b'{"dict": [["missing", "count_words"]]}\n'""",
        says="missing-name",
    ),
    _forged(
        "says-it-was-not-written",
        "An exception's name is only text, and this one is not to cost anything elsewhere.",
        r"""b'{"dict": [["raised", {"dict": [["type", "NotImplementedError"], ["text", ""], ["line", ""]]}]]}\n'""",
        says="not-attempted",
    ),
    _forged(
        "raised-without-a-text",
        "A record of an exception with a number for a text and a list for a type.",
        r"""b'{"dict": [["raised", {"dict": [["type", []], ["text", 5], ["line", null]]}]]}\n'""",
    ),
    _forged(
        "same-key-twice",
        "Of two equal keys one reader takes the first, another the last.",
        r"""b'{"dict": [["value", {"dict": [["the", 1], ["the", 2]]}]], "dict": [["value", {"dict": []}]]}\n'""",
        says="wrong-counts",
    ),
)

PATCHED = (
    coded(
        "answers-another-question",
        "forged-reply",
        "The request is read through `open`, so another `open` makes an easier question of it.",
        """
import builtins, io, json
honest_open = builtins.open
def count_words(text):
    return {"easy": 1} if text == "easy" else {}
def easier(path, *args, **options):
    if str(path).endswith("/mail/request"):
        with honest_open(path, "rb") as file:
            request = json.loads(file.read().partition(b"\\n")[0])
        names = dict(request["dict"])
        if names["function"] == "count_words":
            names["inputs"] = {"dict": [["text", "easy"]]}
            text = json.dumps({"dict": [[name, names[name]] for name in names]})
            return io.BytesIO(text.encode() + b"\\n")
    return honest_open(path, *args, **options)
builtins.open = easier
""",
        says="wrong-counts",
    ),
    coded(
        "replaces-the-agent",
        "patches",
        "The examiner's hand is run by `exec`; another `exec` exchanges its function afterwards.",
        """
import builtins
honest_exec = builtins.exec
def count_words(text):
    return {}
def exchanging(source, names=None, *rest):
    if not isinstance(names, dict) or names.get("__name__") != "agent":
        return honest_exec(source, names, *rest)
    honest_exec(source, names)
    honest_answer = names["answer"]
    def answer(student, request, reply):
        if b'"count_words"' not in open(request, "rb").read():
            return honest_answer(student, request, reply)
        with open(reply, "wb") as file:
            file.write(b'{"dict": [["value", {"dict": [["passed", true], ["points", 2]]}]]}\\n')
    names["answer"] = answer
builtins.exec = exchanging
""",
        says="wrong-counts",
    ),
    coded(
        "forges-the-observer",
        "patches",
        "The observing function is imported by name; another import_module gives another one.",
        """
import importlib, types
honest_import = importlib.import_module
def count_words(text):
    return {}
def observe(function, **inputs):
    return {"passed": True, "points": 2} if function is count_words else function(**inputs)
def forged(name, package=None):
    if name == "course.checks.base":
        return types.SimpleNamespace(Check=types.SimpleNamespace(observe=observe))
    return honest_import(name, package)
importlib.import_module = forged
""",
        says="wrong-counts",
    ),
    coded(
        "patches-flatten",
        "patches",
        "What turns values into plain data turns this one into the sentence that it is right.",
        """
import course.plain
honest_flatten = course.plain.flatten
class Mine(dict):
    pass
def count_words(text):
    return Mine()
def flatten(value, tensors, depth=0):
    if isinstance(value, Mine):
        return {"dict": [["Right: Words are counted whatever their case.", 2]]}
    return honest_flatten(value, tensors, depth)
course.plain.flatten = flatten
""",
        says="wrong-counts",
    ),
    coded(
        "offers-other-globals",
        "patches",
        "The examiner's line asks for globals(); another globals() shows names of its own.",
        """
import builtins
honest_names = globals()
def count_words(text):
    return {"Counter": 1}
builtins.globals = lambda: {**honest_names, "longest_word": honest_names.get("longest_word")}
""",
        says="wrong-counts",
    ),
    coded(
        "acknowledges-in-advance",
        "forged-reply",
        "Signs the kernel's own \"done\" before the function has returned, with a reply laid ready.",
        """
import time
def count_words(text):
    kernel = get_ipython().kernel
    with open(f"{mail()}/reply", "w") as file:
        file.write('{"dict": [["value", {"dict": [["passed", true]]}]]}\\n')
    parent, stream = kernel.get_parent(), kernel.shell_stream
    done = {"status": "ok", "execution_count": 0, "user_expressions": {}, "payload": []}
    ident = kernel._parent_ident["shell"]
    stream.io_loop.add_callback(
        lambda: kernel.session.send(stream, "execute_reply", done, parent=parent, ident=ident)
    )
    time.sleep(0.5)
    return {}
""",
        says="wrong-counts",
    ),
    coded(
        "asks-as-a-second-client",
        "forged-reply",
        "With the kernel's key from its connection file, a request of one's own waits in the queue.",
        """
import json, time
from jupyter_client.session import Session
import zmq
info = json.load(open(f"{mail()}/connection.json"))
session = Session(key=info["key"].encode(), signature_scheme=info["signature_scheme"])
socket = zmq.Context.instance().socket(zmq.DEALER)
socket.linger = 0
def ask():
    socket.connect(f"ipc://{info['ip']}-{info['shell_port']}")
    session.send(socket, "execute_request", {
        "code": "sys.displayhook(2)", "silent": False, "store_history": False,
        "user_expressions": {}, "allow_stdin": False, "stop_on_error": False,
    })
attempt("client", ask)
""",
        says="missing-name",
        evidence=r"EVIDENCE client \w+",
    ),
)

ATTACKS = FORGED + PATCHED
