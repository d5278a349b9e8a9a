# %% leaves-threads: Threads that go on computing after the cell has ended.
# says: missing-name|skipped|timeout
import threading
for _ in range(20):
    threading.Thread(target=lambda: sum(range(10**9)), daemon=False).start()
# points: any

# %% leaves-a-daemon: A process that leaves its session and waits for the grader to go home.
# evidence: EVIDENCE daemon \d+
import subprocess
child = subprocess.Popen([sys.executable, "-c", "import os, time; os.setsid(); os.fork(); time.sleep(300)"])
say("daemon", child.pid)

# %% fork-bomb: Processes that make processes.
# evidence: EVIDENCE bomb (EAGAIN|ENOMEM)
pids = []
def bomb():
    while True:
        pid = os.fork()
        if pid == 0:
            import time
            time.sleep(60)
            os._exit(0)
        pids.append(pid)
attempt("bomb", bomb)
import signal
for pid in pids:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

# %% thread-bomb: The same with threads.
# evidence: EVIDENCE threads (RuntimeError|EAGAIN)
import threading, time
stop = threading.Event()
def bomb():
    while True:
        threading.Thread(target=stop.wait, daemon=True).start()
attempt("threads", bomb)
stop.set()

# %% survives-its-parent: Not to be ended with the supervisor.
# evidence: EVIDENCE pdeathsig EPERM
import ctypes
def survive():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(1, 0, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
attempt("pdeathsig", survive)
