"""What the parts of the suite whoami share: the servers, and the clients as functions that give status and body."""

import http.server
import re
import socket
import ssl
import threading

from interop import *

EXAMPLES = os.path.join(HERE, "..", "..", "examples")
WHOAMI = os.path.join(EXAMPLES, "whoami")
ENVIRONMENT = {**os.environ, "TCLLIBPATH": os.path.join(BUILD, "tcl"), "KRB5RCACHENAME": "none:"}
for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
    ENVIRONMENT.pop(variable, None)
KERBEROS = r"alice@OPENSSPI.TEST Kerberos"
NTLM = r"EXAMPLE\alice NTLM"
LOGON = f"{DOMAIN}\\{USER}:{PASSWORD}"


class Program:
    """A server as child process that says where it listens; its log is kept."""

    def __init__(self, *command, ports=1, env=None):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        env=env or ENVIRONMENT)
        self.log, self.ports = [], []
        while len(self.ports) < ports:
            line = self.process.stdout.readline()
            if not line:
                raise OSError("the server did not start: " + "".join(self.log))
            self.log.append(line)
            self.ports += [int(port) for port in re.findall(r"listening on https?://127\.0\.0\.1:(\d+)/", line)]
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.log.append(line)

    def said(self, since, enough):
        """The lines of the log since then, when `enough` is true of them, or after some seconds."""
        for _ in range(600):
            lines = self.log[since:]
            if enough(lines):
                break
            threading.Event().wait(0.1)
        return lines

    def end(self):
        self.process.terminate()
        self.process.wait(60)
        self.reader.join(60)
        return "".join(self.log)


class Whoami(Program):
    def __init__(self, accounts, *options, env=None):
        super().__init__("tclsh", os.path.join(WHOAMI, "whoami.tcl"), "-http", "0", "-https", "0", "-accounts",
                         "plain:" + accounts, *options, ports=2, env=env)
        self.http, self.https = (f"{scheme}://localhost:{port}" for scheme, port in zip(("http", "https"), self.ports))


def without_tickets(folder, **more):
    return {**ENVIRONMENT, "KRB5CCNAME": "FILE:" + os.path.join(folder, "none"), **more}


def curl(url, *options, env=None):
    """Status, body, and what curl sent and received of headers."""
    run = subprocess.run(["curl", "--noproxy", "", "-sv", "--max-time", "60", "-w", "%{http_code}", *options, url],
                         capture_output=True, text=True, env=env or ENVIRONMENT)
    return int(run.stdout[-3:] or 0), run.stdout[:-3], run.stderr


def get(*words, env=None):
    """The lines that whoami_get.tcl prints."""
    command = ["tclsh", os.path.join(HERE, "whoami_get.tcl"), os.path.join(EXAMPLES, "http_sspi.tcl"), *words]
    run = subprocess.run(command, capture_output=True, text=True, env=env or ENVIRONMENT, timeout=300)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


class Raw:
    """A connection on which a test says what it likes."""

    def __init__(self, port, tls=False, receive=0):
        self.socket = socket.socket()
        self.socket.settimeout(60)
        if receive:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        self.socket.connect(("127.0.0.1", port))
        if tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
        self.file = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def ask(self, *headers, line="GET /name HTTP/1.1", body=""):
        self.send("\r\n".join([line, "Host: localhost", *headers, "", body]))
        return self.answer()

    def answer(self, with_body=True):
        """(status, headers as a list of pairs, body); status 0 if the connection is closed."""
        line = self.file.readline().decode("latin-1")
        if not line:
            return 0, [], ""
        headers = []
        while (field := self.file.readline().decode("latin-1").rstrip("\r\n")):
            name, _, value = field.partition(": ")
            headers.append((name.lower(), value))
        length = int(dict(headers).get("content-length", 0))
        return int(line.split()[1]), headers, self.file.read(length).decode() if with_body else ""

    def ntlm(self, client, scheme="NTLM"):
        """Carries the tokens of an NTLM client; gives the last answer."""
        status, headers, body = self.ask(f"Authorization: {scheme} {b64(client.step()[1])}")
        challenge = dict(headers).get("www-authenticate", "").partition(" ")[2]
        return self.ask(f"Authorization: {scheme} {b64(client.step(base64.b64decode(challenge))[1])}")

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def b64(data):
    return base64.b64encode(data).decode()


class Stub:
    """A site that answers as it is told: `answers` is a function of the request's handler. It notes what it is sent."""

    def __init__(self, answers):
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                stub.seen.append((self.path, self.headers.get("Authorization")))
                status, headers, body = answers(self)
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.seen = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()


class Tinyproxy:
    """tinyproxy on a free port, with its log in the folder."""

    def __init__(self, folder):
        self.port = free_port()
        self.log = os.path.join(folder, "tinyproxy.log")
        path = write_file(os.path.join(folder, "tinyproxy.conf"), f"""Port {self.port}
Listen 127.0.0.1
Timeout 60
Allow 127.0.0.1
LogFile "{self.log}"
LogLevel Connect
""")
        self.process = subprocess.Popen(["tinyproxy", "-d", "-c", path], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), 60).close()
                return
            except OSError:
                threading.Event().wait(0.1)
        raise OSError("tinyproxy does not listen")

    def end(self):
        self.process.terminate()
        self.process.wait(60)
