# %% walks-the-file-system: Looks for exams, solutions and gradebooks wherever they may lie.
# evidence: EVIDENCE found \[\]
found = []
for where, folders, names in os.walk("/", onerror=lambda error: None):
    if where.startswith(("/proc", "/usr", "/dev")) or "/lib/python" in where:
        folders[:] = []
        continue
    found += [
        os.path.join(where, name)
        for name in names
        if name in ("exam.py", "gradebook.db", "secret", "grade.log") or name.endswith(".done")
    ]
    found += [os.path.join(where, f) for f in folders if f in ("exams", "source", "submitted")]
say("found", sorted(found))

# %% reads-lesson-texts: The lessons' masters hold the solutions; in the course's own package folder.
# evidence: EVIDENCE lessons \[\]
import course
from pathlib import Path
say("lessons", sorted(Path(course.__file__).parent.glob("lessons/*")))

# %% imports-the-exam: The examiner's package is installed beside the course: import it.
# evidence: EVIDENCE load_exam (UnknownAssignment|ModuleNotFoundError|FileNotFoundError|ImportError)
def load():
    from pathlib import Path
    import course
    from autograder.examining.exam import load_exam
    root = Path(course.__file__).parent.parent
    return load_exam(root / "autograder" / "exams", "05-fine-tuning")
attempt("load_exam", load)

# %% searches-loaded-modules: Reads hidden tests out of the process that runs them.
# evidence: EVIDENCE modules \[\]
say("modules", [name for name in sys.modules if "exam" in name.split(".")[-1].split("_")])

# %% searches-living-objects: Finds the hidden test's class, or its expected values, on the heap.
# evidence: EVIDENCE objects \[\]
import gc
say("objects", [t for t in gc.get_objects() if isinstance(t, type) and t.__name__ in ("CountWords", "Task", "LongestWord")])

# %% reads-the-callers-frames: The function looks up the stack for what it will be compared with.
# says: wrong-counts|case-kept|wrong-type|.*
# points: 3
import inspect
def count_words(text):
    seen = {}
    for frame in inspect.stack():
        for name, value in frame.frame.f_locals.items():
            if name in ("right", "expected", "answer", "solution") and isinstance(value, dict):
                return value
    return seen

# %% reads-the-cells-that-ran: Hidden tests stand in IPython's history once they have run.
# evidence: EVIDENCE history 0
say("history", sum("assert" in cell or "judge" in cell for cell in get_ipython().user_ns["_ih"][:-1]))

# %% reads-the-environment: Secrets and paths of the grader stand in environment variables.
# evidence: EVIDENCE environment \[\]
text = open("/proc/1/environ").read() + repr(dict(os.environ))
say("environment", [word for word in ("NBGRADER", "SECRET", "_TOKEN", "KEY=", "PASSWORD", "SSH_") if word in text])
