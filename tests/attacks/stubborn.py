"""Attacks that do not end, or do not end when they are told to: in the function, under examination."""

from __future__ import annotations

from attacks.base import coded

ATTACKS = (
    coded(
        "sums-for-ever",
        "endless",
        "A sum over a range stays in C and never looks whether it was interrupted.",
        "def count_words(text):\n    return sum(range(10**15))\n",
        says="timeout",
        points=0,
    ),
    coded(
        "swallows-the-interrupt-when-examined",
        "endless",
        "The function catches the interrupt and goes on, as often as it comes.",
        """
def count_words(text):
    while True:
        try:
            while True:
                pass
        except KeyboardInterrupt:
            pass
""",
        says="timeout",
        points=0,
    ),
    coded(
        "ignores-the-interrupt-when-examined",
        "endless",
        "SIGINT is switched off by the function itself, after the cells have run.",
        """
def count_words(text):
    import signal
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        pass
""",
        says="timeout",
        points=0,
    ),
    coded(
        "interrupt-as-an-answer",
        "endless",
        "The interrupt's own exception is turned into a value just before the time is over.",
        """
def count_words(text):
    try:
        while True:
            pass
    except KeyboardInterrupt:
        return {"passed": 2}
""",
        says="timeout",
    ),
    coded(
        "blocks-signals-through-c",
        "endless",
        "Signals are masked by the C library's own call, which Python does not see.",
        """
import ctypes
def count_words(text):
    mask = (ctypes.c_ulong * 16)(*[2**64 - 1] * 16)
    ctypes.CDLL(None).pthread_sigmask(0, mask, None)
    while True:
        pass
""",
        says="timeout",
    ),
    coded(
        "sleeps-through-the-examination",
        "endless",
        "A sleeping function costs no processor time, so a limit on that alone never ends it.",
        "import time\ndef count_words(text):\n    time.sleep(10**6)\n",
        says="timeout",
    ),
    coded(
        "takes-nearly-all-the-time",
        "endless",
        "Each case takes a little less than its limit, and the answer is still wrong.",
        "import time\ndef count_words(text):\n    time.sleep(1.5)\n    return {}\n",
        says="wrong-counts",
    ),
    coded(
        "aborts-when-examined",
        "endings",
        "An abort in C ends the process with a signal, and would leave a core file behind.",
        "def count_words(text):\n    os.abort()\n",
        says="kernel-died",
        points=0,
    ),
    coded(
        "answers-and-ends",
        "endings",
        "The reply is written by the function, which ends the process before it can be replaced.",
        """
def count_words(text):
    with open(f"{mail()}/reply", "w") as file:
        file.write('{"dict": [["value", {"dict": [["passed", true]]}]]}\\n')
    os._exit(0)
""",
        says="kernel-died",
        points=0,
    ),
    coded(
        "exits-with-success",
        "endings",
        "sys.exit(0) in the function says to some graders that all tests were run.",
        "def count_words(text):\n    sys.exit(0)\n",
        says="raised",
        evidence=r"`count_words` raised SystemExit",
    ),
    coded(
        "daemon-of-a-daemon",
        "children",
        "Two forks and a session of its own leave nobody who would wait for the last process.",
        """
import time
ready, tell = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(tell, str(os.getpid()).encode())
        for number in range(3, 256):
            try:
                os.close(number)
            except OSError:
                pass
        time.sleep(300)
    os._exit(0)
os.close(tell)
say("daemon", os.read(ready, 16).decode())
os.wait()
""",
        says="missing-name",
        evidence=r"EVIDENCE daemon \d+",
    ),
    coded(
        "child-that-answers",
        "children",
        "The process goes on in a child, so that the examiner speaks with one nobody has limited.",
        """
def count_words(text):
    if os.fork():
        os._exit(0)
    return {"passed": 2}
""",
        says="kernel-died",
        points=0,
    ),
    coded(
        "task-left-behind",
        "children",
        "An unfinished task in the kernel's own event loop goes on between all requests.",
        """
import asyncio
async def spin():
    while True:
        await asyncio.sleep(0.01)
task = asyncio.get_event_loop().create_task(spin())
say("task", type(task).__name__)
""",
        says="missing-name",
        evidence=r"EVIDENCE task Task",
    ),
)
