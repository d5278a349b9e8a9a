# %% empties-all-cells: An input transformer turns every later cell into nothing.
# points: 0
# evidence: EVIDENCE on
get_ipython().input_transformers_cleanup.append(lambda lines: [])
say("on", 1)

# %% rewrites-the-tree: An AST transformer takes all asserts out of what runs.
# says: missing-name
import ast
class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
get_ipython().ast_transformers.append(NoAsserts())

# %% runs-before-each-cell: A hook shows the maximum before each cell runs.
get_ipython().events.register("pre_run_cell", lambda info: sys.displayhook(2))
get_ipython().events.register("post_run_cell", lambda result: sys.displayhook(2))

# %% swallows-exceptions: Failing tests raise nothing any more.
get_ipython().set_custom_exc((BaseException,), lambda *a, **k: None)
sys.excepthook = lambda *a: None
get_ipython().showtraceback = lambda *a, **k: None

# %% traces-every-call: A trace function sees the hidden test's locals as it runs.
# evidence: EVIDENCE seen
seen = []
sys.setprofile(lambda frame, event, arg: seen.append(frame.f_code.co_name) if "judge" in frame.f_code.co_name else None)
say("seen", seen)

# %% acts-at-exit: Code that runs when everybody thinks that the kernel has ended.
import atexit
atexit.register(lambda: open("/tmp/late", "w").write("2"))

# %% replaces-run-cell: The shell itself is exchanged.
# points: any
get_ipython().run_cell = lambda *a, **k: None
get_ipython().run_code = lambda *a, **k: None

# %% listens-to-the-examiner: A new exec shows what the examiner runs; it holds no test.
# evidence: EVIDENCE patched
# says: missing-name|unreadable-reply
import builtins
heard = []
real_exec = builtins.exec
def spy(source, *rest):
    heard.append(str(source)[:100])
    return real_exec(source, *rest)
builtins.exec = spy
say("patched", 1)
