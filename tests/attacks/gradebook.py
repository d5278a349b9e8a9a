# %% writes-the-gradebook: Opens nbgrader's database beside the course and gives itself the points.
# evidence: EVIDENCE gradebook (OperationalError|FileNotFoundError)
def cheat():
    import sqlite3, course
    from pathlib import Path
    path = Path(course.__file__).parent.parent / "gradebook.db"
    base = sqlite3.connect(f"file:{path}?mode=rw", uri=True)
    return base.execute("UPDATE grade SET auto_score = 5").rowcount
attempt("gradebook", cheat)

# %% climbs-to-the-gradebook: nbgrader runs a notebook two folders below its database.
# evidence: EVIDENCE up 0
say("up", sum(os.path.exists("../" * n + name) for n in range(8) for name in ("gradebook.db", "nbgrader_config.py", "source")))

# %% uses-nbgraders-own-api: The grader's library is installed, so let it write the mark.
# evidence: EVIDENCE api \w+
def cheat():
    import logging
    logging.disable(logging.CRITICAL)
    from nbgrader.api import Gradebook
    with Gradebook("sqlite:////gradebook.db") as book:
        return [one.score for one in book.assignments]
attempt("api", cheat)

# %% reads-records-and-store: What others were told, and the results to come, lie in .autograder.
# evidence: EVIDENCE store \[\]
found = []
for where, folders, _ in os.walk("/"):
    folders[:] = [f for f in folders if where != "/" or f not in ("usr", "proc")]
    found += [f for f in folders if f in (".autograder", "store", "records")]
    folders[:] = [f for f in folders if f not in ("site-packages", "lib")]
say("store", found)
