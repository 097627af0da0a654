"""LDAP with SASL GSS-SPNEGO whose tokens and messages a Peer of interop.py makes."""

import socket
import ssl

BIND_REQUEST, BIND_RESPONSE, SEARCH_REQUEST, SEARCH_ENTRY, SEARCH_DONE = 0x60, 0x61, 0x63, 0x64, 0x65
SASL, SASL_CREDENTIALS, EQUALITY = 0xA3, 0x87, 0xA3
SUCCESS, SASL_BIND_IN_PROGRESS = 0, 14


def element(tag, content):
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x84" + size.to_bytes(4, "big")
    return bytes([tag]) + length + content


def elements(content):
    """All (tag, content) of a content."""
    found = []
    while content:
        size, at = content[1], 2
        if size >= 128:
            at += size & 127
            size = int.from_bytes(content[2:at], "big")
        assert len(content) >= at + size, "an element is cut off"
        found.append((content[0], content[at:at + size]))
        content = content[at + size:]
    return found


class LdapConnection:
    def __init__(self, host, trusted=None):
        self.socket = socket.create_connection((host, 636 if trusted else 389), timeout=60)
        if trusted:
            self.socket = ssl.create_default_context(cafile=trusted).wrap_socket(self.socket, server_hostname=host)
        self.stream = self.socket.makefile("rb")
        self.number = 0
        self.peer = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.socket.close()

    def protect(self, peer, token_bytes):
        """From here on each message is one of the peer's, a token of so many bytes and the data behind it."""
        self.peer, self.token_bytes = peer, token_bytes

    def exactly(self, size):
        content = self.stream.read(size)
        if len(content) < size:
            raise ConnectionError("the server closed the connection")
        return content

    def more(self):
        if not self.peer:
            head = self.exactly(2)
            rest = self.exactly(head[1] & 127) if head[1] >= 128 else b""
            return head + rest + self.exactly(int.from_bytes(rest, "big") if rest else head[1])
        message = self.exactly(int.from_bytes(self.exactly(4), "big"))
        return self.peer.unseal(message[:self.token_bytes], message[self.token_bytes:])

    def request(self, operation):
        self.number += 1
        message = element(0x30, element(2, self.number.to_bytes(2, "big")) + operation)
        if self.peer:
            message = b"".join(self.peer.seal(message))
            message = len(message).to_bytes(4, "big") + message
        self.socket.sendall(message)

    def answers(self):
        """(tag, parts) of the messages that one packet of the server holds."""
        for _, message in elements(self.more()):
            _, (tag, content) = elements(message)[:2]
            yield tag, elements(content)

    def log_on(self, peer):
        """Gives the first token."""
        done, token = peer.step()
        first = token
        code = SASL_BIND_IN_PROGRESS
        while code == SASL_BIND_IN_PROGRESS:
            self.request(element(BIND_REQUEST, element(2, b"\3") + element(4, b"") + element(
                SASL, element(4, b"GSS-SPNEGO") + element(4, token))))
            (tag, parts), = self.answers()
            code = parts[0][1][0]
            assert tag == BIND_RESPONSE and code in (SUCCESS, SASL_BIND_IN_PROGRESS), f"code {code}: {parts[2][1]!r}"
            token = b"".join(content for tag, content in parts if tag == SASL_CREDENTIALS)
            if token:
                done, token = peer.step(token)
        assert done and not token, f"the server is content; the client is done: {done}, it has {len(token)} bytes"
        return first

    def search(self, base, account):
        """The entry, as the server sends it."""
        equality = element(EQUALITY, element(4, b"sAMAccountName") + element(4, account.encode()))
        self.request(element(SEARCH_REQUEST, element(4, base.encode()) + element(10, b"\2") + element(10, b"\0")
                             + element(2, b"\0") + element(2, b"\0") + element(1, b"\0") + equality
                             + element(0x30, element(4, b"objectSid"))))
        found = b""
        while True:
            for tag, parts in self.answers():
                if tag == SEARCH_ENTRY:
                    found += parts[0][1]
                if tag == SEARCH_DONE:
                    assert parts[0][1][0] == SUCCESS, parts
                    return found
