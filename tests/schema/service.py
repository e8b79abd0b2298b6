"""The service under test: a process of its own on a free port of 127.0.0.1, with a throw-away folder."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent.parent
USERNAME, PASSWORD = "alice", "correct horse battery"
STARTS_WITHIN = 30
STOPS_WITHIN = 20

SETTINGS = """\
compatibility = "{stance}"
secret_key = "schema-tests-secret-key-0123456789-abcdefghijk"

[server]
listen = "127.0.0.1:{port}"

[database]
url = "sqlite://jeton.db"

[passwords]
pbkdf2_iterations = 1000

[log]
level = "warn"

[authentication]
classes = ["jwt", "session", "basic", "token"]

# Every guess of these tests comes from one address.
[limits]
login_failures_per_account = "off"
login_failures_per_address = "off"
signups_per_address = "off"

[simple_jwt]
ROTATE_REFRESH_TOKENS = true
BLACKLIST_AFTER_ROTATION = true
"""


STANCES = ["safe", "exact"]


@cache
def service(stance="safe"):
    """The running service of a stance."""
    return Service(stance)


def stop_all():
    for stance in STANCES:
        service(stance).stop()


class Service:
    def __init__(self, stance):
        self.binary = ROOT / os.environ.get("JETON_BIN", "target/release/jeton")
        if not self.binary.is_file():
            raise FileNotFoundError(f"{self.binary} is not there: run `cargo build --release`, or set JETON_BIN")
        self.folder = tempfile.TemporaryDirectory(prefix="jeton-schema-")
        self.log = Path(self.folder.name) / "server.log"
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        (Path(self.folder.name) / "jeton.toml").write_text(SETTINGS.format(stance=stance, port=self.port))
        self.run("user", "add", USERNAME, "--password-stdin", stdin=PASSWORD)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve"], cwd=self.folder.name, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._wait_until_it_listens()

    def run(self, *words, stdin=""):
        """Runs a command of the operator's; answers what it prints."""
        run = subprocess.run([self.binary, *words], cwd=self.folder.name, input=stdin, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        return run.stdout

    def printed_schema(self, *flags):
        return json.loads(self.run("openapi", "--json", *flags))

    def login(self, path="/api/token/"):
        """Tokens of a new login."""
        answer = requests.post(self.url + path, json={"username": USERNAME, "password": PASSWORD}, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOPS_WITHIN)
        finally:
            self.process.kill()
            self.folder.cleanup()

    def _wait_until_it_listens(self):
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        self.process.kill()
        raise RuntimeError(f"the service did not start:\n{self.log.read_text(errors='replace')}")
