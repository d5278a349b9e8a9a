# %% sends-the-tests-home: A connection to the outside.
# evidence: EVIDENCE tcp ENETUNREACH\n.*EVIDENCE udp ENETUNREACH
import socket
attempt("tcp", lambda: socket.create_connection(("192.0.2.1", 443), timeout=3))
attempt("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53)))

# %% asks-a-name-server: Names can carry data out.
# evidence: EVIDENCE dns gaierror
import socket
attempt("dns", lambda: socket.getaddrinfo("example.org", 443))

# %% talks-to-docker: Sockets of the machine's services, in the file system and without names.
# evidence: EVIDENCE docker ENOENT\n.*EVIDENCE dbus ENOENT\n.*EVIDENCE abstract ECONNREFUSED
import socket
def connect(path):
    socket.socket(socket.AF_UNIX).connect(path)
attempt("docker", lambda: connect("/var/run/docker.sock"))
attempt("dbus", lambda: connect("/run/dbus/system_bus_socket"))
attempt("abstract", lambda: connect("\0/tmp/.X11-unix/X0"))

# %% talks-to-the-host: vsock, packet and crypto sockets are in no network namespace's hands.
# evidence: EVIDENCE vsock EPERM\n.*EVIDENCE packet EPERM\n.*EVIDENCE alg EPERM
import socket
attempt("vsock", lambda: socket.socket(40, socket.SOCK_STREAM))
attempt("packet", lambda: socket.socket(17, socket.SOCK_RAW))
attempt("alg", lambda: socket.socket(38, 5))

# %% reads-the-machines-addresses: What other networks there are.
# evidence: EVIDENCE devices \['lo'\]
say("devices", [line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]])
