# %% patches-the-packer: Whatever it is given, the packer packs the answer.
# points: any
# says: .+
import course.plain
def count_words(text):
    return {}
course.plain.pack = lambda value: b'{"dict": [["value", true]]}\n'

# %% patches-the-checks: The visible checks say yes; the mark does not come from them.
# says: missing-name
import course.checks, course.checks.base
course.checks.run_check = lambda *a, **k: None
course.checks.base.Miss.__init__ = lambda self, *a, **k: None

# %% patches-json: The reply is written by json, so json writes the mark.
# says: .+
# points: 0|3
import json
def count_words(text):
    return {}
real = json.dumps
json.dumps = lambda value, **k: real({"dict": [["value", {"dict": [["score", 2]]}]]})

# %% patches-builtins: len, sorted, sum and isinstance answer as the test would like.
# says: .+
# points: 0|3
import builtins
def count_words(text):
    return Everything()
class Everything(dict):
    def __eq__(self, other):
        return True
builtins.isinstance = lambda *a: True

# %% patches-the-import: Modules that the examiner's hand imports come from here.
# says: .+
# points: any
import importlib, types
fake = types.ModuleType("course.plain")
fake.pack = lambda value: b'{"dict": [["value", {"dict": []}]]}\n'
fake.restore = lambda *a: {"function": "count_words", "source": None, "module": "course.checks.base", "qualname": "Check", "inputs": {}}
sys.modules["course.plain"] = fake
def count_words(text):
    return {}

# %% patches-safetensors: Tensors are written by safetensors; this one writes code for a pickle.
# says: wrong-type|.*
import safetensors.torch, pickle
class Bomb:
    def __reduce__(self):
        return (os.system, ("echo 2 > /tmp/boom",))
safetensors.torch.save = lambda tensors: pickle.dumps(Bomb())
def count_words(text):
    import numpy
    return numpy.zeros(3)

# %% patches-the-timer: Time stands still, so no limit is ever reached.
# says: timeout
import time
time.monotonic = time.time = lambda: 0.0
def count_words(text):
    while True:
        pass
