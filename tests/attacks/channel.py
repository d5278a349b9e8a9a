# %% writes-the-reply-beforehand: The reply's file is there already, full of the answer.
# evidence: EVIDENCE reply
# says: missing-name
place = mail()
with open(f"{place}/reply", "w") as file:
    file.write('{"dict": [["value", {"dict": [["the", 2]]}]]}\n')
say("reply", "written")

# %% writes-replies-all-the-time: A thread that fills in the reply as soon as it is asked for.
# says: .+
import threading, time
place = mail()
def count_words(text):
    return {}
def forge():
    while True:
        try:
            open(f"{place}/reply", "w").write('{"dict": [["value", {"dict": [["passed", true]]}]]}\n')
        except OSError:
            pass
        time.sleep(0.001)
threading.Thread(target=forge, daemon=True).start()
# points: any

# %% replaces-the-reply-by-a-link: The examiner, who may read everything, follows the link.
# evidence: EVIDENCE unlink (EROFS|EBUSY)\n.*EVIDENCE rename (EROFS|EBUSY)
place = mail()
attempt("unlink", lambda: os.unlink(f"{place}/reply"))
attempt("rename", lambda: os.rename(f"{place}/reply", f"{place}/other"))

# %% leaves-a-pipe-for-a-reply: A named pipe makes whoever opens it wait for ever.
# evidence: EVIDENCE pipe EROFS
place = mail()
attempt("pipe", lambda: os.mkfifo(f"{place}/pipe"))

# %% fills-the-socket-folder: The one folder outside that it once could write to.
# evidence: EVIDENCE fill EROFS
import glob
folder = os.path.dirname(glob.glob("/tmp/**/s/k-1", recursive=True)[0])
attempt("fill", lambda: open(f"{folder}/more", "w"))

# %% changes-the-request: Easier inputs in place of the examiner's.
# evidence: EVIDENCE request EROFS
place = mail()
attempt("request", lambda: open(f"{place}/request", "w"))

# %% grows-the-reply: A reply without end fills the grader's disk or memory.
# evidence: EVIDENCE grow (EFBIG|SIGXFSZ)
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
place = mail()
def grow():
    with open(f"{place}/reply", "r+b") as file:
        os.posix_fallocate(file.fileno(), 0, 800 * 2**20)
attempt("grow", grow)
open(f"{place}/reply", "w").close()

# %% answers-in-the-kernels-name: Signs messages with the kernel's key and says that all went well.
import zmq, json
info = json.load(open(f"{mail()}/connection.json"))
kernel = get_ipython().kernel
for number in range(20):
    kernel.session.send(kernel.iopub_socket, "execute_result", {"data": {"text/plain": "2"}, "metadata": {}, "execution_count": 1}, parent=kernel.get_parent())
    kernel.session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, parent=kernel.get_parent())

# %% says-what-no-file-can-hold: In the kernel's name: halves of characters, counts that are none, nests.
# points: any
# says: .+
import json
kernel = get_ipython().kernel
kernel.session.pack = lambda content: json.dumps(content, default=str).encode()
nest = []
for _ in range(270):
    nest = [nest]
for kind, content in (
    ("display_data", {"data": {"text/plain": "\ud800"}, "metadata": {}}),
    ("display_data", {"data": {"text/html": 5, "image/png": {}}, "metadata": {"\ud800": 1}}),
    ("display_data", {"data": {"text/html": nest}, "metadata": {}}),
    ("stream", {"name": "\udcff", "text": "\udcff"}),
    ("execute_input", {"code": "", "execution_count": "five"}),
    ("error", {"ename": "\ud800", "evalue": "name '\ud800' is not defined", "traceback": [5]}),
):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())
