"""Networks: programs that try to reach other machines, the host, or sockets of other kinds."""

from __future__ import annotations

from sandbox.selftest.host import CANARY
from sandbox.selftest.hostile import Hostile, program, refused

PROGRAMS: tuple[Hostile, ...] = (
    program(
        "connects",
        "connects to a public address, to the usual addresses of a host, and to a cloud's metadata",
        """
        import socket
        for address in ('1.1.1.1', '172.17.0.1', '10.0.0.1', '192.168.1.1', '169.254.169.254', 'fd00::1',
                        '2606:4700::1'):
            family = socket.AF_INET6 if ':' in address else socket.AF_INET
            with socket.socket(family) as s:
                s.settimeout(0.3)
                try:
                    s.connect((address, 80))
                    print('CONNECTED', address)
                except OSError as error:
                    if 'refused' in str(error):
                        print('ANSWERED', address)
        print([name for _, name in socket.if_nameindex() if name != 'lo'])
        """,
        stdout=b"[]\n",
    ),
    refused(
        "sends_datagrams",
        "sends datagrams to the outside: a DNS query, a broadcast",
        """
        import socket
        for address in (('1.1.1.1', 53), ('8.8.8.8', 53), ('255.255.255.255', 67), ('224.0.0.1', 5353)):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                attempt(s.sendto, b'x', address)
        """,
    ),
    program(
        "resolves_names",
        "resolves a name",
        """
        import socket
        try:
            print(socket.getaddrinfo('example.com', 80))
        except OSError:
            print('no')
        """,
        stdout=b"no\n",
    ),
    refused(
        "services_of_the_host",
        "connects to services of the host on the loopback interface",
        """
        import socket
        for port in (22, 25, 53, 80, 111, 443, 631, 2375, 2376, 3306, 5432, 6379, 8000, 8080, 8443, 8888, 11434):
            for family, address in ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1')):
                with socket.socket(family) as s:
                    s.settimeout(0.2)
                    attempt(s.connect, (address, port))
        """,
    ),
    program(
        "abstract_sockets_of_the_host",
        "connects to a socket that the self-test keeps open on the host, and lists all abstract ones",
        f"""
        import socket
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.connect('\\0{CANARY}')
                print('CONNECTED')
            except OSError:
                pass
        print([line.split()[7] for line in open('/proc/net/unix').readlines()[1:] if len(line.split()) > 7])
        """,
        stdout=b"[]\n",
    ),
    refused(
        "raw_sockets",
        "opens raw and packet sockets",
        """
        import socket
        for family, kind, protocol in ((2, 3, 1), (2, 3, 255), (10, 3, 58), (17, 3, 0x300), (17, 2, 0x300), (2, 2, 1)):
            attempt(lambda: socket.socket(family, kind, protocol).sendto(b'x' * 64, ('127.0.0.1', 0)))
        """,
    ),
    program(
        "rare_sockets",
        "opens sockets of families that no network namespace confines, or that only exploits use",
        """
        import socket
        opened = []
        for family in range(1, 46):
            for kind in (1, 2, 3, 5):
                try:
                    socket.socket(family, kind).close()
                    opened.append(family)
                    break
                except OSError:
                    pass
        print(sorted(set(opened) - {1, 2, 10, 16}))
        """,
        stdout=b"[]\n",
    ),
    refused(
        "asks_the_hypervisor",
        "connects to the hypervisor through a virtual socket (AF_VSOCK)",
        """
        import socket
        for context in (0, 1, 2, 3):
            try:
                with socket.socket(socket.AF_VSOCK) as s:
                    s.settimeout(0.05)
                    s.connect((context, 1024))
                    print('CONNECTED')
            except OSError as error:
                if error.errno not in (1, 13, 97):
                    print('ASKED', context)
        """,
    ),
    program(
        "netlink",
        "adds an interface and an address, and listens to the kernel's events through netlink",
        """
        import errno, socket, struct
        def ask(kind, flags, body):
            with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as s:
                s.settimeout(0.5)
                s.send(struct.pack('=IHHII', 16 + len(body), kind, flags, 1, 0) + body)
                return struct.unpack_from('=i', s.recv(4096), 16)[0]
        name = struct.pack('=HH8s', 12, 3, b'hostile0')
        dummy = struct.pack('=HHHH8s', 16, 18, 12, 1, b'dummy')
        link = ask(16, 0x605, struct.pack('=BxHiII', 0, 0, 0, 0, 0) + name + dummy)
        address = ask(20, 0x605, struct.pack('=BBBBI', 2, 24, 0, 0, 1) + struct.pack('=HH4B', 8, 2, 10, 9, 9, 9))
        print(errno.errorcode.get(-link), errno.errorcode.get(-address))
        for protocol in (9, 15):
            try:
                with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as s:
                    s.bind((0, 1))
                    s.settimeout(0.05)
                    print('HEARD', s.recv(100)[:1])
            except OSError:
                pass
        """,
        stdout=b"EPERM EPERM\n",
    ),
    refused(
        "brings_an_interface_up",
        "changes the loopback interface and the routes",
        """
        import fcntl, socket, struct
        with socket.socket() as s:
            for request, body in ((0x8914, struct.pack('16sH14x', b'lo', 0x41)),
                                  (0x8916, struct.pack('16sHH4B8x', b'lo', 2, 0, 9, 9, 9, 9)),
                                  (0x8922, struct.pack('16si12x', b'lo', 100)), (0x890b, bytes(120))):
                attempt(fcntl.ioctl, s, request, body)
        """,
    ),
)
