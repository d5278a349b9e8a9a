# %% exits-at-once: os._exit in the first cell.
# points: 0
# says: .+
os._exit(0)

# %% kills-everything: Signal 9 to every process that it may signal.
# points: 3
# evidence: EVIDENCE kill (ESRCH|succeeded)
import signal
attempt("kill", lambda: os.kill(-1, signal.SIGKILL))

# %% kills-its-supervisor: The parent process, by its number.
# evidence: EVIDENCE parent 0
import signal
say("parent", os.getppid())
attempt("zero", lambda: os.killpg(0, 0))

# %% stops-itself: SIGSTOP makes whoever waits wait for ever.
# points: any
import signal
os.kill(os.getpid(), signal.SIGSTOP)

# %% crashes: A null pointer.
# points: 0
# says: .+
import ctypes
ctypes.string_at(0)

# %% ends-when-examined: The process ends while the examiner waits for the answer.
# points: 0
# says: kernel-died|.+
def count_words(text):
    os._exit(0)

# %% leaves-by-exception: SystemExit and friends, out of the function.
# says: .+
def count_words(text):
    raise SystemExit(0)

# %% closes-all-handles: Closes the sockets through which it is asked.
# points: 0
# says: .+
os.closerange(3, 200)
