# %% equals-everything: An object that compares equal to whatever is expected.
# says: .+
class Always:
    __hash__ = None
    def __eq__(self, other):
        return True
    def __getattr__(self, name):
        return self
    def __call__(self, *args, **kwargs):
        return self
    def __iter__(self):
        return iter([])
def count_words(text):
    return Always()

# %% says-it-is-a-dict: A proxy whose __class__ lies passes isinstance.
# says: .+
class Liar:
    __class__ = dict
    def __eq__(self, other):
        return True
    def __len__(self):
        return 10
def count_words(text):
    return Liar()

# %% a-dict-that-equals-all: A subclass keeps its lies to itself when it is copied as plain data.
# says: .+
class Equal(dict):
    def __eq__(self, other):
        return True
    def __ne__(self, other):
        return False
def count_words(text):
    return Equal(the=1)

# %% keys-without-end: A mapping whose keys never stop.
# says: timeout
class Endless:
    def keys(self):
        import itertools
        return (str(n) for n in itertools.count())
    def __getitem__(self, key):
        return 1
def count_words(text):
    return Endless()

# %% a-million-levels-deep: A reply so nested that whoever reads it falls.
# says: .+
def count_words(text):
    nest = []
    for _ in range(1_000_000):
        nest = [nest]
    return nest

# %% a-million-levels-of-json: The same by hand, past the packer.
# points: any
# says: .+
import course.plain
course.plain.pack = lambda value: b"[" * 1_000_000 + b"]" * 1_000_000 + b"\n"
def count_words(text):
    return {}

# %% a-gigabyte-of-reply: A reply that fills the examiner's memory.
# points: any
# says: .+
def count_words(text):
    return {"the": "x" * 2**30}

# %% many-small-values: Ten million numbers are small in memory and long in JSON.
# points: any
# says: .+
def count_words(text):
    return list(range(10_000_000))

# %% text-that-breaks-json: Half of a surrogate pair, control characters and quotation marks.
# says: .+
def count_words(text):
    return {"\udc80\x00\"\n": 1}

# %% a-key-that-is-an-attack: Names that mean something to whoever restores objects.
# says: .+
def count_words(text):
    return {"opaque": "x", "tensor": "t0", "__class__": "dict", "float": "1e999"}

# %% lies-about-its-size: A sequence whose length is a lie.
# says: .+
class Long(list):
    def __len__(self):
        return 2**62
def count_words(text):
    return Long([1])

# %% changes-while-it-is-read: A generator that ends the process when it is looked at.
# says: .+
# points: 0
class Trap(dict):
    def keys(self):
        os._exit(3)
def count_words(text):
    return Trap(a=1)

# %% an-error-that-is-an-attack: The exception's own text takes for ever, or never ends.
# says: .+
class Loud(Exception):
    def __str__(self):
        return "x" * 10**8
def count_words(text):
    raise Loud()

# %% an-error-of-another-name: An exception that calls itself what the examiner looks for.
# says: .+
def count_words(text):
    raise type("Passed\n2 of 2 points", (Exception,), {})("2 of 2 points (passed)")

# %% four-thousand-digits: An integer longer than any number has to be.
# says: .+
def count_words(text):
    return {"the": 10**4000, "cat": -(10**5000)}

# %% four-thousand-digits-by-hand: The same as it stands in a reply, past the packer.
# points: any
# says: .+
import autograder.examining.responder as responder
responder.pack = lambda value: b'{"dict": [["value", {"dict": [["the", ' + b"9" * 4000 + b"]]}]]}\n"
def count_words(text):
    return {}

# %% impossible-flags: A tensor of integers that requires gradients, and one that is named twice.
# points: any
# says: .+
import autograder.examining.responder as responder
head = b'{"t0": {"dtype": "I64", "shape": [1], "data_offsets": [0, 8]}}'
flags = b'{"tensor": "t0", "requires_grad": true}, {"array": "t0"}, {"tensor": "t0", "requires_grad": false}'
reply = b'{"dict": [["value", [' + flags + b']]]}\n' + len(head).to_bytes(8, "little") + head + bytes(8)
responder.pack = lambda value: reply
def count_words(text):
    return {}
