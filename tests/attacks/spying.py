"""Attacks that look: for tests, expected values, secrets and handles in all that can be read.

Each prints what it found; the evidence is that it found nothing, or was not let near it.
"""

from __future__ import annotations

from attacks.base import coded

_READ = """
found = {}
def count_words(text):
    found["request"] = open(f"{mail()}/request", "rb").read()
    found["frames"] = [frame.f_code.co_name for frame in _frames()]
    return {}
def _frames():
    frame = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back
"""

ATTACKS = (
    coded(
        "reads-the-request",
        "reads-tests",
        "What the examiner asks is a file; in other graders the expected value travels beside it.",
        _READ,
        says="wrong-counts",
        evidence=r"EVIDENCE request \['function', 'inputs', 'module', 'qualname', 'source'\]",
        then="""
import json
request = dict(json.loads(found["request"].partition(b"\\n")[0])["dict"])
say("request", sorted(request))
""",
    ),
    coded(
        "names-its-callers",
        "reads-tests",
        "From the function the stack is climbed to the frame that holds the expected value.",
        _READ,
        says="wrong-counts",
        evidence=r"EVIDENCE judges \[\]",
        then='say("judges", [n for n in found["frames"] if n in ("judge", "_judge", "examine", "cases")])\n',
    ),
    coded(
        "searches-its-memory",
        "process-memory",
        "A forked process may still hold what its parent had read: exams, answers, the secret.",
        """
import re, time
# Written so that neither this cell nor the pattern itself is what it looks for.
wanted = re.compile(rb"class CountWords[(]Task")
over = time.monotonic() + 2
def search():
    hits = []
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps:
            place, rights, _, _, _, *name = line.split(None, 5)
            if "rw" not in rights or (name and name[0].startswith(("/", "[v"))):
                continue
            start, end = (int(part, 16) for part in place.split("-"))
            if end - start > 2**26 or time.monotonic() > over:
                continue
            memory.seek(start)
            try:
                hits += [match.start() for match in wanted.finditer(memory.read(end - start))]
            except OSError:
                continue
    return hits
try:
    say("memory", search())
except OSError as error:
    say("memory", errno.errorcode[error.errno])
""",
        says="missing-name",
        evidence=r"EVIDENCE memory (\[\]|EACCES|EPERM)",
    ),
    coded(
        "searches-source-lines",
        "reads-tests",
        "Python keeps the lines of each file that a traceback has shown; one may be an exam's.",
        """
import linecache
names = [name for name in linecache.cache if "exam" in name.rpartition("/")[2] and name != "<examiner>"]
say("lines", names)
""",
        says="missing-name",
        evidence=r"EVIDENCE lines \[\]",
    ),
    coded(
        "looks-back-after-the-test",
        "reads-tests",
        "After the first task was examined, the heap may still hold what it was compared with.",
        """
import gc
def count_words(text):
    return {}
""",
        says="wrong-counts",
        evidence=r"EVIDENCE left \[\]",
        then="""
ours = ("bert_classroom_exam", "autograder.examiner", "autograder.students", "autograder.records")
kinds = {str(type(one).__module__) for one in gc.get_objects()}
say("left", sorted(kind for kind in kinds if kind.startswith(ours)))
""",
    ),
    coded(
        "listens-to-every-open",
        "reads-tests",
        "An audit hook cannot be taken off again, and is told of each file that is opened.",
        """
opened = []
def listen(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        opened.append(arguments[0])
sys.addaudithook(listen)
def count_words(text):
    return {}
""",
        says="wrong-counts",
        evidence=r"EVIDENCE opened \['reply', 'request'\]",
        then="""
say("opened", sorted({os.path.basename(p) for p in opened if "/mail/" in p or "exam" in p or "secret" in p}))
""",
    ),
    coded(
        "traces-the-examiner",
        "hooks",
        "A trace function is called for each line that runs, the examiner's included.",
        """
seen = set()
def trace(frame, event, argument):
    if frame.f_code.co_filename in ("<examiner>", "<probes>"):
        seen.add(frame.f_code.co_name)
    return None
def count_words(text):
    return {}
sys.settrace(trace)
import threading
threading.settrace(trace)
""",
        says="wrong-counts",
        evidence=r"EVIDENCE judged \[\]",
        then="""
sys.settrace(None)
say("judged", sorted(name for name in seen if "judge" in name or name == "cases"))
""",
    ),
    coded(
        "watches-imports",
        "hooks",
        "A finder before all others sees which module is looked for, and could be that module.",
        """
asked = []
class Finder:
    def find_spec(self, name, path=None, target=None):
        asked.append(name)
        return None
sys.meta_path.insert(0, Finder())
def count_words(text):
    return {}
""",
        says="wrong-counts",
        evidence=r"EVIDENCE exams \[\]",
        then='say("exams", [name for name in asked if name.partition(".")[0] in ("autograder", "exam", "exams")])\n',
    ),
    coded(
        "draws-the-same-numbers",
        "reads-tests",
        "If hidden inputs come from a seeded generator in this process, they can be drawn first.",
        """
import random
random.seed(0)
def count_words(text):
    words = ["The", "the", "a", "cat", "Cat", "sat", "on", "mat", "MAT", "slowly"]
    random.seed(0)
    known.append(text == " ".join(random.choices(words, k=20)))
    return {}
known = []
""",
        says="wrong-counts",
        evidence=r"EVIDENCE known \[False\]",
        then='say("known", known)\n',
    ),
    coded(
        "asks-the-user",
        "environment",
        "A cell that asks for input makes a grader wait, or answer with what it types there.",
        """
import getpass
attempt("input", input)
attempt("password", getpass.getpass)
""",
        says="missing-name",
        evidence=r"EVIDENCE input StdinNotImplementedError\n.*EVIDENCE password StdinNotImplementedError",
    ),
    coded(
        "reads-foreign-process-files",
        "process-memory",
        "The grader's own process has a number, and under it its memory, handles and environment.",
        """
def outside(pid):
    return [open(f"/proc/{pid}/{name}", "rb").read(1) for name in ("environ", "cmdline", "mem")]
attempt("parent", lambda: outside(os.getppid()))
say("root", sorted(os.listdir("/proc/1/root")) == sorted(os.listdir("/")))
""",
        says="missing-name",
        evidence=r"EVIDENCE parent ENOENT\n.*EVIDENCE root True",
    ),
    coded(
        "sends-to-inherited-handles",
        "process-memory",
        "The supervisor's socket obeys whoever writes to it; a handle left open would be one.",
        """
import socket, stat
control = []
for number in range(3, 256):
    try:
        if not stat.S_ISSOCK(os.fstat(number).st_mode):
            continue
        one = socket.socket(fileno=os.dup(number))
        if one.family == socket.AF_UNIX and one.type in (socket.SOCK_SEQPACKET, socket.SOCK_DGRAM):
            control.append(number)
        one.close()
    except OSError:
        continue
say("control", control)
""",
        says="missing-name",
        evidence=r"EVIDENCE control \[\]",
    ),
)
