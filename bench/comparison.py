"""What the benchmarks share: processes that measure one implementation each, figures beside figures, targets."""

import argparse
import contextlib
import json
import os
import shlex
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
KDC = os.path.join(HERE, "..", "tests", "interop", "kdc.sh")
BUILD = os.path.abspath(os.environ.get("OPENSSPI_BUILD") or os.path.join(HERE, "..", "build", "release"))


def at_least(ratio):
    return {"kind": "ratio", "at_least": ratio}


def at_most(value):
    return {"kind": "value", "at_most": value}


class Subject:
    """A process that measures one implementation."""

    def __init__(self, name, command, environment):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        stderr=None, env={**os.environ, **environment})
        if self.process.stdout.readline().strip() != "ready":
            sys.exit(f"bench: {name} did not start: {' '.join(command)}")

    def ask(self, request):
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if not answer:
            sys.exit(f"bench: {self.name} ended in the middle of '{request}'")
        return None if answer == "none" else float(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


def write_private(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)
    return path


def accounts(folder):
    """The account of bench_peer.hpp for all of them, as environment variables."""
    plain = write_private(os.path.join(folder, "plain"), "EXAMPLE:alice:Passw0rd!\n")
    # gss-ntlmssp is several times as fast with a file of hashes as with one of passwords.
    nt_hash = "FC525C9683E8FE067095BA2DDC971889"
    hashes = write_private(os.path.join(folder, "hashes"),
                           f"EXAMPLE\\alice:1000:{'X' * 32}:{nt_hash}:[U          ]:LCT-00000000:\n")
    return {"NTLM_USER_FILE": hashes, "NTLM_ACCOUNTS": "plain:" + plain, "KRB5CCNAME": "FILE:/nonexistent"}


@contextlib.contextmanager
def kdc(folder):
    """A KDC of its own (kdc.sh): gives what its clients and services have in their environment."""
    subprocess.run([KDC, "start", folder], check=True)
    try:
        environment = {}
        with open(os.path.join(folder, "env"), encoding="ascii") as file:
            for line in file:
                words = shlex.split(line.removeprefix("export "))
                environment.update(word.split("=", 1) for word in words)
        yield environment
    finally:
        subprocess.run([KDC, "stop", folder], check=False)


def preferring(environment, folder, kind):
    """The environment with the configuration that prefers one encryption type."""
    return {**environment, "KRB5_CONFIG": os.path.join(folder, f"krb5-{kind}.conf")}


def record(name, value, unit, peer=None, peer_value=None, ratio=None, target=None):
    entry = {"name": name, "value": value, "unit": unit, "peer": peer, "peer_value": peer_value, "ratio": ratio,
             "target": None, "met": None}
    if target and target["kind"] == "ratio":
        entry["target"] = target["at_least"]
        entry["met"] = ratio >= target["at_least"]
    elif target:
        entry["target"] = target["at_most"]
        entry["met"] = value <= target["at_most"]
    return entry


def show(records):
    width = max(len(entry["name"]) for entry in records)
    print(f"{'':{width}} {'opensspi':>12}  {'peer':>12}  {'ratio':>7}  target")
    for entry in records:
        peer = f"{entry['peer_value']:12,.0f}  {entry['ratio']:7.2f}" if entry["peer"] else f"{'':21}"
        verdict = ""
        if entry["target"] is not None:
            sign = "<=" if entry["unit"] in ("bytes", "calls") else ">="
            verdict = f"  {sign} {entry['target']:g} {'met' if entry['met'] else 'MISSED'}"
        print(f"{entry['name']:{width}} {entry['value']:12,.0f}  {peer}{verdict}  {entry['peer'] or ''}")


def options_of(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--slice", type=int, default=50, metavar="MS")
    return parser.parse_args()


def finish(records, options):
    """Shows the records and ends the program."""
    show(records)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(records, file, indent=2)
            file.write("\n")
    missed = [entry["name"] for entry in records if entry["met"] is False]
    for name in missed:
        print(f"missed: {name}", file=sys.stderr)
    sys.exit(1 if missed and options.check else 0)
