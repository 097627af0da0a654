"""What the suites of TLS share: certificates made on the spot, peers as child processes, our ends in C and in Tcl."""

import contextlib
import re
import signal
import socket
import threading
import time

from interop import *

VERSIONS = ("tls1.2", "tls1.3")
OPENSSL = {"tls1.2": ["-tls1_2"], "tls1.3": ["-tls1_3"]}
GNUTLS = {"tls1.2": "NORMAL:-VERS-ALL:+VERS-TLS1.2", "tls1.3": "NORMAL:-VERS-ALL:+VERS-TLS1.3"}
CURL = {"tls1.2": ["--tlsv1.2", "--tls-max", "1.2"], "tls1.3": ["--tlsv1.3"]}


def command(*words, timeout=120, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=timeout, **more)


def openssl(*words):
    run = command("openssl", *words)
    assert run.returncode == 0, run.stderr


def talk(*words, say="hello\n", until="echo hello"):
    """Starts a client, says a line, reads to the answer and ends it; gives what it printed."""
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True)
    stop = threading.Timer(60, process.kill)
    stop.start()
    process.stdin.write(say)
    process.stdin.flush()
    out = ""
    for line in process.stdout:
        out += line
        if until in line:
            break
    with contextlib.suppress(OSError):
        process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.kill()
    process.wait()
    stop.cancel()
    return out


def listening(port, process):
    """Waits until a server takes connections."""
    for _ in range(600):
        assert process.poll() is None, f"{process.args[0]} ended with {process.returncode}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=60):
            return
        time.sleep(0.1)
    raise AssertionError(f"{process.args[0]} does not listen at {port}")


@contextlib.contextmanager
def running(*words, ready=None, **more):
    """A server as a child process."""
    more = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, **more}
    process = subprocess.Popen(words, **more)
    try:
        if ready:
            listening(ready, process)
        yield process
    finally:
        process.kill()
        process.wait()


def said_until(process, text):
    """What a server prints, as far as a line with the text."""
    stop = threading.Timer(60, process.kill)
    stop.start()
    out = ""
    for line in process.stdout:
        out += line
        if text in line:
            break
    stop.cancel()
    assert text in out, f"{text} is not said, but: {out}"
    return out


class Pki:
    """root.pem, NAME.crt, NAME.key and NAME.pem (both) in a folder, of a root that nobody else knows."""

    EC = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    KINDS = {"rsa": ("rsa:2048",), "ec": EC}

    def __init__(self, folder, root="Interop Root"):
        self.folder = folder
        openssl("req", "-x509", "-newkey", *self.EC, "-nodes", "-keyout", self.path("root.key"), "-out",
                self.path("root.pem"), "-subj", "/CN=" + root,
                "-days", "30", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def issue(self, name, subject, kind="ec", names="", usage="serverAuth", days=30):
        """A certificate with a new key; names as openssl has them in subjectAltName."""
        openssl("req", "-newkey", *self.KINDS[kind], "-nodes", "-keyout", self.path(name + ".key"), "-out",
                self.path(name + ".csr"), "-subj", "/CN=" + subject)
        self.sign(name, names, usage, days)
        write_file(self.path(name + ".pem"), self.read(name + ".crt") + self.read(name + ".key"))
        os.chmod(self.path(name + ".key"), 0o600)

    def sign(self, name, names="", usage="serverAuth", days=30):
        lines = ["keyUsage=critical,digitalSignature", f"extendedKeyUsage={usage}"]
        lines += [f"subjectAltName={names}"] if names else []
        write_file(self.path("ext"), "\n".join(lines) + "\n")
        openssl("x509", "-req", "-in", self.path(name + ".csr"), "-CA", self.path("root.pem"), "-CAkey",
                self.path("root.key"), "-CAcreateserial",
                "-out", self.path(name + ".crt"), "-days", str(days), "-extfile", self.path("ext"))


def common_pki(folder):
    """A root; rsa and ec for localhost; a client."""
    pki = Pki(folder)
    for kind in Pki.KINDS:
        pki.issue(kind, "localhost", kind, "DNS:localhost")
    pki.issue("client", "client", "ec", usage="clientAuth")
    return pki


# ---- Ends on channels of the Tcl package. ----


def tcl_words(script, options):
    return ["tclsh", os.path.join(HERE, script), *(f"{name}={value}" for name, value in options.items())]


def tcl_environment(more=None):
    return {**os.environ, "TCLLIBPATH": os.path.join(BUILD, "tcl"), **(more or {})}


class TclServer:
    """tls_server.tcl; report() gives the next line that it says of a connection."""

    def __init__(self, env=None, **options):
        self.process = subprocess.Popen(tcl_words("tls_server.tcl", options), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, env=tcl_environment(env))
        line = self.process.stdout.readline()
        assert line.startswith("port "), line + self.process.stdout.read()
        self.port = int(line.split()[1])

    def line(self):
        stop = threading.Timer(60, self.process.kill)
        stop.start()
        line = self.process.stdout.readline().rstrip("\n")
        stop.cancel()
        return line

    def report(self):
        return report_of(self.line())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stdin.close()


def tcl_client(port, env=None, **options):
    return command(*tcl_words("tls_client.tcl", {"port": port, **options}), env=tcl_environment(env))


def report_of(line):
    """A line "connected NAME=VALUE ..." as a dictionary; values may have blanks."""
    assert line.startswith("connected "), line
    return dict(re.findall(r"(\w+)=(.*?)(?= \w+=|$)", line))


def reports_of(run):
    return [report_of(line) for line in run.stdout.splitlines() if line.startswith("connected ")]


def answers_of(run):
    return [line[7:] for line in run.stdout.splitlines() if line.startswith("answer ")]
