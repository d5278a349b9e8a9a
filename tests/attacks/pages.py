"""Attacks on what a notebook shows: messages that the kernel sends, and pages made of them.

nbgrader takes a number from an output for partial credit. Outputs of examined cells are written by
the examiner, after the kernel has said what it wanted.
"""

from __future__ import annotations

from attacks.base import coded

# Sends a message as the running cell's own, in the kernel's name.
_SEND = """
kernel = get_ipython().kernel
def send(kind, content):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())
"""

ATTACKS = (
    coded(
        "result-in-each-format",
        "outputs",
        "A result in every format that a page or a table may be made of says that all is earned.",
        _SEND
        + """
data = {"text/plain": "2", "text/html": "<b>2</b>", "application/json": {"score": 2, "max": 2}}
for count in (1, 2, 10**9):
    send("execute_result", {"data": data, "metadata": {"points": 2}, "execution_count": count})
say("sent", 3)
""",
        says="missing-name",
        evidence=r"EVIDENCE sent 3",
    ),
    coded(
        "script-in-an-output",
        "outputs",
        "A feedback page that shows outputs as they are runs this script in the instructor's browser.",
        """
from IPython.display import HTML, Javascript, display
display(HTML("<script>document.title = '5 of 5'</script><img src=x onerror='document.title=5'>"))
display(Javascript("document.title = '5 of 5'"))
""",
        says="missing-name",
    ),
    coded(
        "picture-without-end",
        "outputs",
        "A picture of a few bytes that unpacks to gigapixels is left for whoever renders the page.",
        """
import struct, zlib
from IPython.display import Image, display
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
head = struct.pack(">IIBBBBB", 2**30, 2**30, 8, 2, 0, 0, 0)
png = b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
display(Image(data=png, format="png"))
""",
        says="missing-name",
    ),
    coded(
        "error-message-without-a-name",
        "outputs",
        "An error message that lacks its fields raises inside whoever reads it.",
        _SEND + 'send("error", {"ename": 5})\n',
        evidence=r"messages could not be read",
        points=0,
    ),
    coded(
        "display-message-without-data",
        "outputs",
        "A display message whose data is no dictionary makes a notebook that nobody can save.",
        _SEND + 'send("display_data", {"data": "2", "metadata": {}})\n',
        evidence=r"messages could not be read",
        points=0,
    ),
    coded(
        "error-that-was-not-raised",
        "outputs",
        "Shows the error of another cell, so that a fault seems to be the grader's.",
        _SEND
        + """
send("error", {"ename": "DeadKernelError", "evalue": "Kernel died", "traceback": ["Kernel died"]})
def count_words(text):
    return {}
""",
        says="wrong-counts",
    ),
    coded(
        "clears-what-is-shown",
        "outputs",
        "Clearing outputs, now and at the next one, takes away what the page says of the mark.",
        """
from IPython.display import clear_output
print("gone")
clear_output()
def count_words(text):
    clear_output()
    get_ipython().display_pub.clear_output(wait=True)
    return {}
""",
        says="wrong-counts",
    ),
    coded(
        "prints-between-the-cells",
        "outputs",
        "A thread goes on printing marks while the examined cells are filled in.",
        """
import threading, time
def report():
    for _ in range(40):
        print("2 of 2 points (passed)", flush=True)
        time.sleep(0.05)
threading.Thread(target=report, daemon=True).start()
""",
        says="missing-name",
    ),
    coded(
        "replaces-the-streams",
        "outputs",
        "A stream that raises when it is written to breaks whoever prints after them.",
        """
class Broken:
    encoding = "utf-8"
    def write(self, text):
        raise OSError("closed")
    def flush(self):
        pass
def count_words(text):
    return {}
print("EVIDENCE streams replaced", flush=True)
kept = sys.stdout, sys.stderr
sys.stderr = Broken()
""",
        says="wrong-counts",
        evidence=r"EVIDENCE streams replaced",
        then="sys.stdout, sys.stderr = kept\n",
    ),
)
