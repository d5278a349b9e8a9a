"""Where submissions run: kernels forked from a warm process, each in a containment of its own."""
