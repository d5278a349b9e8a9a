"""The walls around a kernel in which a student's code runs, built of what Linux has.

Covered, each proved by the attacks named behind it (`tests/attacks`):

- files: a root of its own. System, virtual environment and the package `course` are there
  read-only; no home, no course folder, no `source/`, exams, gradebook or other submission exists,
  and no lesson's text, for it has the solutions
  [walks-the-file-system, writes-the-gradebook, reads-home-folders, reads-lesson-texts];
- writing: one tmpfs for /tmp, /home and /dev/shm, with a bound on bytes and on files; the reply
  to the examiner is one file, bounded too. The submission's folder is a copy
  [fills-the-disk, uses-up-the-inodes, grows-the-reply, overwrites-the-submission];
- the system: nothing of it can be changed [writes-to-the-system, makes-devices];
- network: a namespace with `lo` alone; no sockets but local, IPv4, IPv6 and netlink ones
  [sends-the-tests-home, asks-a-name-server, talks-to-docker, talks-to-the-host];
- processes: a PID namespace whose first process is the kernel. Nothing outside can be seen,
  signalled or traced, and with the kernel all that it started ends
  [reads-foreign-memory, kills-everything, leaves-a-daemon, survives-its-parent];
- handles: none of the grader's is open in it [uses-inherited-handles, asks-the-warm-process];
- System V and POSIX message queues, host name: namespaces of their own [hides-memory-in-files-without-names];
- rights: not root, no capabilities, no way to new ones (no_new_privs), a user namespace of its
  own that no further one can be made in [becomes-root, gains-capabilities, makes-namespaces];
- system calls: a filter of them (`seccomp`) [mounts, goes-around-the-filter, traces-a-process];
- amounts: address space, processes and threads, CPU time, file size, open files (rlimits)
  [fork-bomb, thread-bomb, one-huge-file, opens-everything, raises-its-limits];
- memory of all processes together and total time: the supervisor ends the kernel [memory-bomb];
- output: bounded where it arrives (`autograder.grading.plugins.execute`)
  [prints-without-end, shows-without-end, floods-the-error-stream].

Not covered:

- a flaw in Linux itself: the wall is the machine's own kernel. A virtual machine is thicker;
- timing, caches and the other side channels of one shared processor;
- with a GPU, its driver: the device files are passed through, and address space has no bound;
- macOS, Windows and containers that forbid namespaces: there grading refuses, unless told
  `--containment none`, and says so in the report;
- memory that grows within a tenth of a second: until the supervisor looks, address space bounds it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import shutil
import socket
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from autograder.kernels import linux, seccomp

MIB = 2**20
#: The unprivileged user that a kernel becomes where the grader is root: `nobody` everywhere.
NOBODY = 65534
HOME = "/home/student"
WORK = f"{HOME}/work"

#: Parts of the system that programs need to run. /etc by name: it also holds what is private.
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SETTINGS = (
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives",
    "/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/fonts", "/etc/ssl/openssl.cnf",
    "/etc/passwd", "/etc/group", "/etc/nsswitch.conf",
)  # fmt: skip
DEVICES = ("null", "zero", "full", "random", "urandom")


@dataclass(frozen=True)
class Limits:
    """What one kernel and all that it starts may use. Sizes in MiB, times in seconds.

    `address_space` is each process's own and must leave room for torch, which maps 3 GiB at its
    peak; `memory` is what all of them hold together, `disk` included.
    """

    address_space: int = 8192
    memory: int = 4096
    disk: int = 2048
    files: int = 20_000
    file_size: int = 700
    processes: int = 256
    cpu_seconds: int = 900
    wall_seconds: int = 1200
    open_files: int = 1024


@dataclass(frozen=True)
class Place:
    """Where one kernel lives: `folder` on the grader's side, and what it may read.

    `readable` are files and folders that keep their paths, of `hidden` ones nothing is shown;
    `submission` is copied into the working directory.
    """

    folder: Path
    submission: Path | None = None
    readable: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    gpu: bool = False

    @property
    def sockets(self) -> Path:
        """The folder of the kernel's sockets; read-only once they are there."""
        return self.folder / "s"

    @property
    def mail(self) -> Path:
        """The folder of requests, read-only, with the one file that a reply goes into."""
        return self.folder / "mail"

    @property
    def root(self) -> Path:
        """Where the new root is put together before it becomes one."""
        return self.folder / "root"

    def prepare(self) -> None:
        """Make the folders and the reply's file, on the grader's side."""
        for path in (self.sockets, self.mail, self.root):
            path.mkdir(mode=0o755, exist_ok=True)
        reply = self.mail / "reply"
        reply.touch(mode=0o600)
        if os.geteuid() == 0:
            for path in (self.sockets, reply):
                os.chown(path, NOBODY, NOBODY)


def python_paths() -> tuple[str, ...]:
    """Return what this Python consists of, outside the system's folders: prefixes and `course`.

    Not taken from `sys.path`: that holds the course's own folder, with exams and gradebook.
    """
    import course

    wanted = {
        sys.prefix,
        sys.base_prefix,
        os.path.realpath(sys.prefix),
        os.path.realpath(sys.base_prefix),
        os.path.dirname(os.path.realpath(sys.executable)),
        str(Path(course.__file__).parent),
    }
    return tuple(
        sorted(path for path in wanted if not any(_inside(path, system) for system in SYSTEM))
    )


def private_folders() -> tuple[str, ...]:
    """Return the folders of solutions and exams, which an installation may have beside the code."""
    import autograder
    import course

    lessons = Path(course.__file__).parent / "lessons"
    exams = Path(str(autograder.__file__)).parent / "exams"
    return (str(lessons), str(exams))


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def enter_namespaces() -> None:
    """Leave the machine's namespaces (in the supervisor); the next child is PID 1 of the new ones.

    An ordinary user needs a user namespace for that first; root enters its own later, as nobody.
    """
    if os.geteuid() != 0:
        user, group = os.geteuid(), os.getegid()
        linux.unshare(linux.CLONE_NEWUSER)
        _map_user(user, group)
    linux.unshare(
        linux.CLONE_NEWNS | linux.CLONE_NEWPID | linux.CLONE_NEWIPC
        | linux.CLONE_NEWNET | linux.CLONE_NEWUTS
    )  # fmt: skip
    # Nothing that is mounted here shows outside.
    linux.mount(None, "/", None, linux.MS_REC | linux.MS_PRIVATE)


def _map_user(user: int, group: int) -> None:
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def confine(place: Place, limits: Limits) -> None:
    """Build the walls around this process, PID 1 of its namespaces; no student's code has run.

    Raises OSError where the machine does not allow a step.
    """
    root = str(place.root)
    linux.mount("tmpfs", root, "tmpfs", linux.MS_NOSUID, "size=1m,mode=755")
    # Scratch first: what is readable may itself lie below /tmp or /home.
    _make_scratch(root, limits, place.submission)
    _bind_system(root, place)
    _make_devices(root, place.gpu)
    os.makedirs(f"{root}/proc")
    # Before the old root goes: later the kernel forbids a fresh /proc.
    linux.mount("proc", f"{root}/proc", "proc", linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
    _bind_file(str(place.mail), root, read_only=True)
    _bind_file(str(place.mail / "reply"), root, read_only=False)
    _bind_file(str(place.sockets), root, read_only=False)
    os.makedirs(f"{root}/.old")
    linux.pivot_root(root, f"{root}/.old")
    os.chdir("/")
    linux.detach("/.old")
    os.rmdir("/.old")
    linux.mount(None, "/", None, linux.MS_REMOUNT | linux.MS_BIND | linux.MS_RDONLY)
    linux.raise_loopback()
    socket.sethostname("student")
    _limit(limits, place.gpu)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        # Else /proc/self still belongs to root, and the next step may not write there.
        linux.prctl(linux.PR_SET_DUMPABLE, 1)
        linux.unshare(linux.CLONE_NEWUSER)
        _map_user(NOBODY, NOBODY)
    linux.drop_capabilities()
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    linux.prctl(linux.PR_SET_PDEATHSIG, 9)
    os.chdir(WORK)
    seccomp.install()


def seal_sockets(place: Place) -> None:
    """Make the sockets' folder read-only, from the supervisor: it is no place to fill a disk."""
    linux.mount(
        None,
        str(place.sockets),
        None,
        linux.MS_REMOUNT | linux.MS_BIND | linux.MS_RDONLY | linux.MS_NOSUID | linux.MS_NODEV,
    )


def _bind_system(root: str, place: Place) -> None:
    for path in SYSTEM:
        if os.path.islink(path):
            os.symlink(os.readlink(path), root + path)
        elif os.path.isdir(path):
            _bind_file(path, root, read_only=True)
    wanted = [*SETTINGS, *place.readable, *(["/sys"] if place.gpu else [])]
    for path in wanted:
        if os.path.exists(path):
            _bind_file(path, root, read_only=True)
    for path in place.hidden:
        if os.path.isdir(root + path):
            linux.mount("tmpfs", root + path, "tmpfs", linux.MS_RDONLY, "size=4k,mode=755")


def _bind_file(path: str, root: str, *, read_only: bool) -> None:
    """Bind a file or folder of the old root to the same place in the new one."""
    target = root + path
    if os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    elif not os.path.lexists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        open(target, "x").close()
    linux.bind(path, target, read_only=read_only)


def _make_scratch(root: str, limits: Limits, submission: Path | None) -> None:
    """Mount the one place for writing, and copy the submission's files into it."""
    home = f"{root}/home"
    os.makedirs(home, exist_ok=True)
    linux.mount(
        "tmpfs",
        home,
        "tmpfs",
        linux.MS_NOSUID | linux.MS_NODEV,
        f"size={limits.disk}m,nr_inodes={limits.files},mode=755",
    )
    work = root + WORK
    os.makedirs(work)
    for name in ("tmp", "shm"):
        os.mkdir(f"{home}/{name}")
        os.chmod(f"{home}/{name}", 0o1777)
    if submission is not None:
        # What does not fit is left out: too much handed in is the student's affair, not ours.
        with contextlib.suppress(OSError):
            shutil.copytree(submission, work, symlinks=True, dirs_exist_ok=True, ignore=_not_plain)
    os.makedirs(f"{root}/tmp", exist_ok=True)
    linux.bind(f"{home}/tmp", f"{root}/tmp", read_only=False)
    if os.geteuid() == 0:
        for where, _, names in os.walk(root + HOME):
            os.chown(where, NOBODY, NOBODY)
            for name in names:
                os.chown(os.path.join(where, name), NOBODY, NOBODY, follow_symlinks=False)


def _not_plain(folder: str, names: list[str]) -> list[str]:
    """Return the names in `folder` that are neither files nor folders: links, pipes, devices."""
    kinds = {name: os.lstat(os.path.join(folder, name)).st_mode for name in names}
    return [name for name, mode in kinds.items() if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))]


def _make_devices(root: str, gpu: bool) -> None:
    os.makedirs(f"{root}/dev/shm")
    linux.bind(f"{root}/home/shm", f"{root}/dev/shm", read_only=False)
    names = list(DEVICES)
    if gpu:
        names += [name for name in os.listdir("/dev") if name.startswith("nvidia")]
    for name in names:
        path = f"/dev/{name}"
        if os.path.isdir(path):
            os.makedirs(root + path)
        else:
            open(root + path, "x").close()
        linux.mount(path, root + path, None, linux.MS_BIND | linux.MS_REC)
    for name, place in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        os.symlink(f"/proc/self/fd{place}", f"{root}/dev/{name}")


def _limit(limits: Limits, gpu: bool) -> None:
    # CUDA reserves address ranges far larger than any memory.
    space = resource.RLIM_INFINITY if gpu else limits.address_space * MIB
    for kind, amount in (
        (resource.RLIMIT_AS, space),
        (resource.RLIMIT_NPROC, limits.processes),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.file_size * MIB),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        _, ceiling = resource.getrlimit(kind)
        if ceiling != resource.RLIM_INFINITY:
            amount = ceiling if amount == resource.RLIM_INFINITY else min(amount, ceiling)
        resource.setrlimit(kind, (amount, amount))
    # When the machine itself runs out of memory, this goes first.
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def explain(error: OSError) -> str:
    """Return why this machine does not let us contain a kernel, in words that help."""
    if error.errno in (errno.EPERM, errno.EACCES):
        return (
            f"{error.strerror or error}: not allowed here. In a container, namespaces need `--privileged` "
            "(or seccomp=unconfined with an unmasked /proc); Ubuntu 24.04 forbids them to ordinary "
            "users unless kernel.apparmor_restrict_unprivileged_userns is 0"
        )
    return str(error)
