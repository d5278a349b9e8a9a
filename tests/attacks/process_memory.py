# %% reads-foreign-memory: Reads the grader's memory through /proc.
# evidence: EVIDENCE processes \['1'\]
say("processes", [name for name in os.listdir("/proc") if name.isdigit()])

# %% traces-a-process: ptrace takes another process over.
# evidence: EVIDENCE ptrace EPERM
attempt("ptrace", lambda: syscall(101 if MACHINE == "x86_64" else 117, 16, 1, 0, 0))

# %% copies-foreign-memory: process_vm_readv reads another process without stopping it.
# evidence: EVIDENCE vm_readv EPERM
attempt("vm_readv", lambda: syscall(310 if MACHINE == "x86_64" else 270, 1, 0, 0, 0, 0, 0))

# %% opens-kernel-memory: The machine's memory as a file.
# evidence: EVIDENCE kcore (EACCES|EPERM|ENOENT)\n.*EVIDENCE mem (EACCES|EPERM|ENOENT)
attempt("kcore", lambda: open("/proc/kcore", "rb").read(1))
attempt("mem", lambda: open("/dev/mem", "rb").read(1))

# %% uses-inherited-handles: A file or socket of the grader was left open across the fork.
# evidence: EVIDENCE handles \[\]
bad = []
for name in os.listdir("/proc/self/fd"):
    try:
        target = os.readlink(f"/proc/self/fd/{name}")
    except OSError:
        continue
    if not target.startswith(("/dev/null", "anon_inode:", "socket:", "pipe:", "/proc", "/dev/urandom")):
        bad.append(target)
say("handles", bad)

# %% asks-the-warm-process: A socket to the warm process could ask it for a kernel without walls.
# evidence: EVIDENCE doors \[\]
import socket
doors = []
for name in os.listdir("/proc/self/fd"):
    try:
        one = socket.socket(fileno=os.dup(int(name)))
        if one.family == socket.AF_UNIX and one.type == socket.SOCK_SEQPACKET:
            doors.append(name)
        one.detach()
    except OSError:
        continue
say("doors", doors)

# %% takes-a-handle-from-a-process: pidfd_getfd copies an open file out of another process.
# evidence: EVIDENCE getfd EPERM
attempt("getfd", lambda: syscall(438, os.pidfd_open(1), 0, 0))
