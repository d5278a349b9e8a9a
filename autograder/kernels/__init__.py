"""Where submissions run: kernels forked from a pre-warmed process, each in its own sandbox.

Offers a kernel provisioner (so nbclient and nbgrader use it unchanged), its `Limits`, and `doctor`,
which shows what this machine can protect. `zygote` and everything it imports run before a fork.
Must not know: exams, marks, nbgrader.
"""
