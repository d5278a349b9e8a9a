# %% mounts: Brings the machine's file systems back.
# evidence: EVIDENCE mount EPERM\n.*EVIDENCE umount EPERM
attempt("mount", lambda: libc_call("mount", b"none", b"/tmp", b"tmpfs", 0, b""))
attempt("umount", lambda: libc_call("umount2", b"/proc", 2))

# %% makes-namespaces: In a new user namespace one is root.
# evidence: EVIDENCE unshare EPERM\n.*EVIDENCE setns EPERM\n.*EVIDENCE clone EPERM
attempt("unshare", lambda: libc_call("unshare", 0x10000000))
attempt("setns", lambda: libc_call("setns", os.open("/proc/1/ns/mnt", os.O_RDONLY), 0))
attempt("clone", lambda: syscall(56 if MACHINE == "x86_64" else 220, 0x10000000 | 17, 0, 0, 0, 0))

# %% becomes-root: Asks for it, and by programs that may.
# evidence: EVIDENCE setuid (EPERM|EINVAL)\n.*EVIDENCE uid [1-9]\d*
import subprocess
attempt("setuid", lambda: os.setuid(0))
done = subprocess.run("su -c id || sudo -n id || id -u", shell=True, capture_output=True, text=True)
say("uid", done.stdout.split()[-1])

# %% leaves-the-root: chroot and back, the oldest way out.
# evidence: EVIDENCE chroot EPERM\n.*EVIDENCE above \['bin'
attempt("chroot", lambda: os.chroot("/tmp"))
say("above", sorted(os.listdir("/../../../.."))[:1])

# %% goes-around-the-filter: io_uring does what system calls do, past a filter of them.
# evidence: EVIDENCE io_uring EPERM\n.*EVIDENCE bpf EPERM\n.*EVIDENCE keyctl EPERM\n.*EVIDENCE userfaultfd EPERM
attempt("io_uring", lambda: syscall(425, 8, 0))
attempt("bpf", lambda: syscall(321 if MACHINE == "x86_64" else 280, 0, 0, 0))
attempt("keyctl", lambda: syscall(250 if MACHINE == "x86_64" else 219, 0, 0, 0, 0, 0))
attempt("userfaultfd", lambda: syscall(323 if MACHINE == "x86_64" else 282, 0))

# %% writes-to-the-system: Changes the interpreter, the libraries or the course for who comes next.
# evidence: EVIDENCE usr EROFS\n.*EVIDENCE venv EROFS\n.*EVIDENCE course EROFS\n.*EVIDENCE sysctl (EROFS|EACCES|EPERM)
import course
attempt("usr", lambda: open("/usr/bin/x", "w"))
attempt("venv", lambda: open(os.path.join(sys.prefix, "x"), "w"))
attempt("course", lambda: open(os.path.join(os.path.dirname(course.__file__), "x.py"), "w"))
attempt("sysctl", lambda: open("/proc/sys/kernel/hostname", "w").write("mine"))

# %% makes-devices: A device file of one's own for the machine's disk.
# evidence: EVIDENCE device EPERM\n.*EVIDENCE disks \[\]
import stat, glob
attempt("device", lambda: os.mknod("/tmp/disk", 0o600 | stat.S_IFBLK, os.makedev(254, 0)))
say("disks", glob.glob("/dev/vd*") + glob.glob("/dev/sd*") + glob.glob("/dev/nvme*"))

# %% gains-capabilities: Looks at what it was left.
# evidence: EVIDENCE caps \['0000000000000000'\]
say("caps", sorted({line.split()[1] for line in open("/proc/self/status") if line.startswith("Cap")}))

# %% opens-by-handle: File handles by number ignore where a process may look.
# evidence: EVIDENCE handle EPERM
attempt("handle", lambda: syscall(304 if MACHINE == "x86_64" else 265, -100, 0, 0))
