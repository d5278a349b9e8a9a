"""Attacks on the walls themselves: rights, network, amounts, and what a process may do to others."""

from __future__ import annotations

from attacks.base import coded

ATTACKS = (
    coded(
        "takes-the-network-down",
        "network",
        "Netlink is the door to the machine's network settings, and is open for reading.",
        """
import socket, struct
def answer(kind, body):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.bind((0, 0))
        netlink.settimeout(2)
        netlink.send(struct.pack("=IHHII", 16 + len(body), kind, 5, 1, 0) + body)
        number = struct.unpack("=i", netlink.recv(4096)[16:20])[0]
    if number:
        raise OSError(-number, "netlink")
# RTM_NEWLINK for device 1 with the flag "up" cleared; RTM_NEWADDR with an address for it.
attempt("down", lambda: answer(16, struct.pack("=BxHiII", 0, 0, 1, 0, 1)))
attempt("address", lambda: answer(20, struct.pack("=BBBBI", 2, 8, 0, 0, 1) + struct.pack("=HH4B", 8, 2, 10, 0, 0, 1)))
""",
        says="missing-name",
        evidence=r"EVIDENCE down EPERM\n.*EVIDENCE address EPERM",
    ),
    coded(
        "reaches-the-machine-itself",
        "network",
        "Databases and notebooks of the grader listen on its loopback; clouds answer on 169.254.169.254.",
        """
import socket
def reach(address, family=socket.AF_INET):
    with socket.socket(family, socket.SOCK_STREAM) as one:
        one.settimeout(2)
        one.connect(address)
for port in (22, 5432, 8888):
    attempt(f"port-{port}", lambda: reach(("127.0.0.1", port)))
attempt("metadata", lambda: reach(("169.254.169.254", 80)))
attempt("six", lambda: reach(("2001:db8::1", 443), socket.AF_INET6))
""",
        says="missing-name",
        evidence=r"port-22 ECONNREFUSED\n.*port-8888 ECONNREFUSED\n.*metadata ENETUNREACH\n.*six E[A-Z]+",
    ),
    coded(
        "sends-raw-packets",
        "network",
        "Raw and ping sockets carry data past filters of ports.",
        """
import socket
attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
def ping():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as one:
        one.sendto(b"\\x08" + bytes(7), ("192.0.2.1", 0))
attempt("ping", ping)
""",
        says="missing-name",
        evidence=r"EVIDENCE raw EPERM\n.*EVIDENCE ping (EACCES|EPERM|ENETUNREACH)",
    ),
    coded(
        "shell-with-another-user",
        "rights",
        "A copy of the shell with the set-user-ID bit, and the system's own such programs.",
        """
import shutil, subprocess
shutil.copy("/bin/sh", "/tmp/sh")
os.chmod("/tmp/sh", 0o4755)
done = subprocess.run(["/tmp/sh", "-p", "-c", "id -u"], capture_output=True, text=True)
say("uid", done.stdout.strip() == str(os.getuid()))
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
say("privileges", status["NoNewPrivs"].strip())
os.unlink("/tmp/sh")
""",
        says="missing-name",
        evidence=r"EVIDENCE uid True\n.*EVIDENCE privileges 1",
    ),
    coded(
        "rewrites-its-identity",
        "rights",
        "Maps, groups and the root of a process can be written through /proc by who may.",
        """
def write(name, text):
    with open(f"/proc/self/{name}", "w") as file:
        file.write(text)
attempt("uid_map", lambda: write("uid_map", "0 0 1"))
attempt("groups", lambda: os.setgroups([0]))
attempt("gid", lambda: os.setresgid(0, 0, 0))
attempt("group", lambda: os.chown("/tmp", 0, 0))
""",
        says="missing-name",
        evidence=r"uid_map E(PERM|ACCES)\n.*groups EPERM\n.*gid E(PERM|INVAL)\n.*group E(PERM|INVAL)",
    ),
    coded(
        "takes-the-processor",
        "rights",
        "A real-time process starves the grader; a better nice value starves other students.",
        """
attempt("fifo", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)))
attempt("nice", lambda: os.setpriority(os.PRIO_PROCESS, 0, -20))
""",
        says="missing-name",
        evidence=r"EVIDENCE fifo EPERM\n.*EVIDENCE nice (EPERM|EACCES)",
    ),
    coded(
        "types-into-the-terminal",
        "rights",
        "Characters pushed into the terminal's input are typed by the grader when it ends.",
        """
import fcntl, termios
def push(path):
    with open(path, "rb+", 0) as terminal:
        fcntl.ioctl(terminal, termios.TIOCSTI, b"x")
attempt("tty", lambda: push("/dev/tty"))
attempt("console", lambda: push("/dev/console"))
attempt("input", lambda: fcntl.ioctl(0, termios.TIOCSTI, b"x"))
""",
        says="missing-name",
        evidence=r"EVIDENCE tty E[A-Z]+\n.*EVIDENCE console ENOENT\n.*EVIDENCE input E(NOTTY|PERM|IO)",
    ),
    coded(
        "links-to-the-system",
        "rights",
        "A hard link to a file of the system outlives the walls that hide its name.",
        """
attempt("hard", lambda: os.link("/usr/bin/env", "/tmp/env"))
attempt("over", lambda: os.symlink("/tmp/mine", "/usr/bin/mine"))
attempt("rename", lambda: os.rename("/usr/bin/env", "/usr/bin/other"))
attempt("swap", lambda: os.rename("/proc/self", "/proc/other"))
""",
        says="missing-name",
        evidence=r"EVIDENCE hard E(XDEV|PERM|ROFS)\n.*EVIDENCE over EROFS\n.*EVIDENCE rename E(ROFS|BUSY)",
    ),
    coded(
        "opens-old-roots",
        "rights",
        "The root that was there before is detached, but a handle or a link might still lead to it.",
        """
def outside():
    import stat
    doors = []
    for number in os.listdir("/proc/self/fd"):
        try:
            if stat.S_ISDIR(os.fstat(int(number)).st_mode):
                doors.append(os.readlink(f"/proc/self/fd/{number}"))
        except OSError:
            continue
    return [door for door in doors if not door.startswith("/proc")]
say("doors", outside())
say("old", [name for name in os.listdir("/") if name.startswith(".")])
""",
        says="missing-name",
        evidence=r"EVIDENCE doors \[\]\n.*EVIDENCE old \[\]",
    ),
    coded(
        "one-quota-for-all",
        "amounts",
        "What may be written under one name is written once more under each other one.",
        """
def fill(folder):
    for number in range(100):
        with open(f"{folder}/filling-{number}", "wb") as file:
            os.posix_fallocate(file.fileno(), 0, 2**26)
try:
    attempt("first", lambda: fill("/tmp"))
    attempt("second", lambda: fill("/dev/shm"))
    attempt("third", lambda: fill("."))
finally:
    for folder in ("/tmp", "/dev/shm", "."):
        for name in os.listdir(folder):
            if name.startswith("filling-"):
                os.unlink(f"{folder}/{name}")
""",
        says="missing-name",
        evidence=r"EVIDENCE first ENOSPC\n.*EVIDENCE second ENOSPC\n.*EVIDENCE third ENOSPC",
    ),
    coded(
        "deep-folders-of-its-own",
        "amounts",
        "A folder so deep that no path leads to it cannot be removed by a grader that goes by paths.",
        """
def dig():
    for _ in range(3000):
        os.mkdir("d" * 50)
        os.chdir("d" * 50)
home = os.getcwd()
attempt("dig", dig)
os.chdir(home)
""",
        says="missing-name",
        evidence=r"EVIDENCE dig ",
    ),
    coded(
        "leaves-names-that-bite",
        "amounts",
        "Files whose names are options, commands or no text are met by whoever cleans up.",
        """
for name in (b"-rf", b"--no-preserve-root", b"$(id)", b"a\\nb", b"\\xff\\xfe", b"x" * 255, b"counting.html"):
    attempt("name", lambda: open(name, "w").close())
say("names", len(os.listdir(b".")) >= 7)
""",
        says="missing-name",
        evidence=r"EVIDENCE names True",
    ),
)
