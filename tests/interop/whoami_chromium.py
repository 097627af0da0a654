"""Headless Chromium for the suite whoami: opens a page, answers the browser's question for a password, gives the DOM.

It is driven over --remote-debugging-pipe: JSON messages that end with a NUL on file descriptors 3 (to it) and 4.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
         "--ignore-certificate-errors",
         "--auth-server-allowlist=localhost", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"]


class ChromiumError(OSError):
    pass


def above_nine(descriptors):
    """The same files under numbers that are not in the way of 3 and 4."""
    moved = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10) for descriptor in descriptors]
    for descriptor in descriptors:
        os.close(descriptor)
    return moved


class Chromium:
    """One browser with a profile of its own, and one tab. user and password: what it answers when it is asked, once."""

    def __init__(self, environment, seconds=120):
        self.profile = tempfile.mkdtemp(prefix="opensspi-chromium-")
        # A new profile does not load its GSSAPI library for the first challenge it meets, unless it has met one before.
        with open(os.path.join(self.profile, "Local State"), "w", encoding="utf-8") as file:
            json.dump({"net": {"received_http_auth_negotiate_headers": True}}, file)
        self.seconds = seconds
        self.buffer, self.number, self.events = b"", 0, []
        self.answer, self.asked, self.session = None, [], None
        to_read, self.to = above_nine(os.pipe())
        self.back, back_write = above_nine(os.pipe())
        # The shell gives the pipes the numbers that the browser expects.
        script = f'exec "$@" 3<&{to_read} 4>&{back_write}'
        self.process = subprocess.Popen(
            ["bash", "-c", script, "bash", "chromium", *FLAGS, "--user-data-dir=" + self.profile,
             "--remote-debugging-pipe", "about:blank"],
            pass_fds=(to_read, back_write), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=environment)
        os.close(to_read)
        os.close(back_write)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Fetch.enable", handleAuthRequests=True)

    # ---- The protocol.

    def send(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        return self.number

    def receive(self, until):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.back], [], [], max(0, until - time.monotonic()))
            if not ready:
                raise ChromiumError(f"Chromium said nothing for {self.seconds} s")
            part = os.read(self.back, 1 << 16)
            if not part:
                raise ChromiumError("Chromium ended")
            self.buffer += part
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        number = self.send(method, **parameters)
        until = time.monotonic() + self.seconds
        while True:
            message = self.receive(until)
            if message.get("id") == number:
                if "error" in message:
                    raise ChromiumError(f"{method}: {message['error']}")
                return message["result"]
            self.take_event(message)

    def take_event(self, message):
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Fetch.requestPaused":
            self.send("Fetch.continueRequest", requestId=parameters["requestId"])
        elif method == "Fetch.authRequired":
            self.asked.append(parameters["authChallenge"]["scheme"])
            reply = {"response": "CancelAuth"}
            if self.answer and len(self.asked) == 1:
                reply = {"response": "ProvideCredentials", "username": self.answer[0], "password": self.answer[1]}
            self.send("Fetch.continueWithAuth", requestId=parameters["requestId"], authChallengeResponse=reply)
        elif method:
            self.events.append(method)

    # ---- What a test does.

    def open(self, url, user=None, password=None):
        """Gives the DOM's HTML once the page is loaded."""
        self.answer, self.asked, self.events = (user, password) if user else None, [], []
        failure = self.call("Page.navigate", url=url).get("errorText")
        until = time.monotonic() + self.seconds
        while not failure and "Page.loadEventFired" not in self.events:
            self.take_event(self.receive(until))
        if failure:
            raise ChromiumError(f"{url}: {failure}")
        return self.evaluate("document.documentElement.outerHTML")

    def evaluate(self, expression):
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def shape(self, width, dark=False):
        """The size of the window, in CSS pixels, as on a screen of that width; gives the height of the whole page."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1,
                  mobile=width < 600)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        return self.evaluate("document.documentElement.scrollHeight")

    def screenshot(self, path, width, dark=False, most=20000):
        height = min(self.shape(width, dark), most)
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                         clip={"x": 0, "y": 0, "width": width, "height": height, "scale": 1})["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        try:
            self.session = None
            self.send("Browser.close")
            self.process.wait(60)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.to)
        os.close(self.back)
        shutil.rmtree(self.profile, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
