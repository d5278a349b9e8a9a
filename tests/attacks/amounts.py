# %% memory-bomb: Takes memory until the machine has none.
# points: any
# evidence: EVIDENCE memory (MemoryError|KeyboardInterrupt)|the kernel was stopped
kept = []
def eat():
    while True:
        kept.append(bytearray(b"x" * 2**27))
attempt("memory", eat)
kept.clear()

# %% memory-bomb-of-children: Each child stays below the bound for one process.
# points: any
# says: cell-error|skipped|missing-name
import time
for _ in range(20):
    if os.fork() == 0:
        kept = bytearray(b"x" * 2**29)
        time.sleep(60)
        os._exit(0)
time.sleep(20)

# %% fills-the-disk: Writes until nobody can write any more.
# evidence: EVIDENCE disk (ENOSPC|EFBIG)
def fill():
    for number in range(100):
        with open(f"/tmp/{number}", "wb") as file:
            os.posix_fallocate(file.fileno(), 0, 2**26)
try:
    attempt("disk", fill)
finally:
    for number in range(100):
        if os.path.exists(f"/tmp/{number}"):
            os.unlink(f"/tmp/{number}")

# %% one-huge-file: A file larger than any notebook needs.
# evidence: EVIDENCE file (EFBIG|ENOSPC)
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def grow():
    with open("/tmp/one", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 900 * 2**20)
attempt("file", grow)

# %% uses-up-the-inodes: Empty files without end.
# evidence: EVIDENCE inodes ENOSPC
def fill():
    for number in range(10**6):
        open(f"/tmp/{number}", "w").close()
attempt("inodes", fill)

# %% hides-memory-in-files-without-names: memfd and shared memory that no limit counts.
# evidence: EVIDENCE memfd EPERM\n.*EVIDENCE shm EPERM
attempt("memfd", lambda: os.memfd_create("x"))
attempt("shm", lambda: syscall(29 if MACHINE == "x86_64" else 194, 0, 2**30, 0o1600))

# %% opens-everything: File handles without end.
# evidence: EVIDENCE handles EMFILE
kept = []
def fill():
    try:
        while True:
            kept.append(open("/dev/null"))
    finally:
        kept.clear()
attempt("handles", fill)

# %% raises-its-limits: Limits that can be lifted are none.
# evidence: EVIDENCE raise (ValueError|EPERM)
import resource
attempt("raise", lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)))
