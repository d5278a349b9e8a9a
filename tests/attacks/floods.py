# %% prints-without-end: Output fills the grader's memory and the gradebook's disk.
# points: any
# evidence: the rest was dropped
while True:
    print("x" * 10_000)

# %% prints-one-huge-line: One message of a hundred megabytes.
# points: any
print("x" * 10**8)

# %% shows-without-end: The same with pictures.
# points: any
# evidence: the rest was dropped
from IPython.display import display, HTML
while True:
    display(HTML("<b>" + "x" * 100_000 + "</b>"))

# %% floods-the-error-stream: stderr is an output as well.
# points: any
# evidence: the rest was dropped
while True:
    sys.stderr.write("x" * 100_000)

# %% writes-to-the-first-handle: Past IPython, to the process's own standard output.
# evidence: EVIDENCE handle 1000
for _ in range(1000):
    os.write(1, b"x" * 100_000)
say("handle", 1000)

# %% floods-from-a-thread: Goes on printing while the next cells run.
# points: any
import threading
threading.Thread(target=lambda: [print("x" * 50_000) for _ in range(3000)], daemon=True).start()

# %% widgets-without-end: Widget messages that the notebook keeps.
# points: any
from ipywidgets import HTML as Box
while True:
    Box("x" * 100_000)

# %% sends-frames-while-nobody-reads: While a function is tried, nobody listens to what is shown.
# points: any
# says: .+
def count_words(text):
    kernel = get_ipython().kernel
    for _ in range(300):
        kernel.iopub_thread.send_multipart([b"x" * 2**20] * 3)
    return {}
