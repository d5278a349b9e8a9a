# %% never-ends: A loop in the function.
# says: timeout
def count_words(text):
    while True:
        pass

# %% ignores-the-interrupt: KeyboardInterrupt is caught, again and again.
# points: any
# says: skipped|cell-error|missing-name|timeout
import time
while True:
    try:
        time.sleep(9)
    except KeyboardInterrupt:
        pass

# %% switches-the-interrupt-off: SIGINT is ignored.
# points: any
# says: skipped|cell-error|missing-name|timeout
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
time.sleep(10**6)

# %% blocks-all-signals: The signal mask lets nothing through.
# points: any
# says: skipped|cell-error|missing-name|timeout
import signal, time
signal.pthread_sigmask(signal.SIG_SETMASK, set(range(1, 65)))
while True:
    time.sleep(10)

# %% computes-in-c: A regular expression that looks for ever, without the interpreter's attention.
# points: any
# says: skipped|cell-error|missing-name|timeout
import re
re.match(r"(a|a)*$", "a" * 60 + "b")

# %% multiplies-for-ever: One bytecode that takes a year.
# points: any
# says: skipped|timeout
def count_words(text):
    return pow(3, 10**9) * pow(3, 10**9)
