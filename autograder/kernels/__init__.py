"""Where submissions run: kernels forked from a warm process, each in a containment of its own.

Offers a kernel provisioner (so nbclient and nbgrader use it unchanged), its `Limits`, and `doctor`,
which shows what this machine can protect. `zygote` and everything it imports run before a fork.
Must not know: exams, marks, nbgrader.
"""
