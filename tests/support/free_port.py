"""Free ports on loopback, for servers that must be told which to take. `free_port.py [HOW_MANY]` prints them.

They lie below those that the kernel hands out by itself, so that no other socket gets one between choice and use."""

import random
import socket
import sys


def below_ephemeral():
    """The range to choose from, or nothing where the kernel hands out nearly all."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        low = int(file.read().split()[0])
    return range(10000, low) if low >= 12000 else None


def is_free(port):
    """For TCP and UDP, as a KDC wants it."""
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        try:
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def any_port():
    with socket.socket() as tcp:
        tcp.bind(("127.0.0.1", 0))
        return tcp.getsockname()[1]


def free_port():
    ports, dice = below_ephemeral(), random.SystemRandom()
    for _ in range(1000):
        port = dice.choice(ports) if ports else any_port()
        if is_free(port):
            return port
    raise OSError("no port of 127.0.0.1 is free for TCP and UDP")


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    chosen = set()
    while len(chosen) < wanted:
        chosen.add(free_port())
    print(*chosen)
