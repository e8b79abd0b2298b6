"""The two servers, each a process of its own on a free port of 127.0.0.1."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import wire
from reference import hashers

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SECRET_KEY = "interop-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz"
# Signed tokens, stored hashes, the key, and the passwords that the tests use.
SECRET_TEXT = re.compile(
    r"[\w-]{16,}\.[\w-]{16,}\.[\w-]{20,}|pbkdf2_sha\w+\$\d+\$|\$argon2|Pa55-word|비밀번호-1234|blanks around|" + SECRET_KEY
)
STARTS_WITHIN = 30
STOPS_WITHIN = 20


def jeton_binary():
    """The release binary; its absence is a failure, never a reason to skip."""
    binary = ROOT / os.environ.get("JETON_BIN", "target/release/jeton")
    if not binary.is_file():
        raise FileNotFoundError(f"{binary} is not there: run `cargo build --release`, or set JETON_BIN")
    return binary


def older_python():
    """The Python that has Simple JWT 5.3; its absence is a failure, never a reason to skip."""
    python = ROOT / os.environ.get("OLDER_PYTHON", "target/venv-5.3/bin/python")
    if not python.is_file():
        raise FileNotFoundError(f"{python} is not there: make it as xtask does, or set OLDER_PYTHON")
    return python


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A running server. `folder` holds its files and its log."""

    name = "server"

    def __init__(self, folder, database):
        self.folder = folder
        self.database = folder / database
        self.log = folder / "server.log"
        self.port = free_port()

    def launch(self, command, env=None):
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=self.folder,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait_until_it_listens()

    def send(self, request):
        return wire.send(self.port, request)

    def post(self, path, body, **headers):
        return self.send(wire.post(path, body, **headers))

    def stored_password(self, username):
        """Straight from the table, which has Django's layout on both sides."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30) as database:
            row = database.execute("SELECT password FROM auth_user WHERE username = ?", (username,)).fetchone()
        return row[0]

    def stop(self):
        """Ends it as an operator would. The exit status is the answer; it is that of a kill if it took too long."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def _wait_until_it_listens(self):
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        self.process.kill()
        raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text(errors='replace')}")


class Jeton(Server):
    name = "Jeton"

    def __init__(self, folder, users, simple_jwt=None, classes=("jwt",), language="en-us", **settings):
        super().__init__(folder, "jeton.db")
        self.binary = jeton_binary()
        self.config = folder / "jeton.toml"
        tables = {
            "server": {"listen": f"127.0.0.1:{self.port}"},
            "database": {"url": f"sqlite://{self.database}"},
            "passwords": {"pbkdf2_iterations": hashers.ITERATIONS},
            "log": {"level": "debug"},
            "authentication": {"classes": classes},
            "languages": {"LANGUAGE_CODE": language},
            "simple_jwt": simple_jwt or {},
        }
        for name, keys in settings.pop("tables", {}).items():
            tables.setdefault(name, {}).update(keys)
        self.config.write_text(toml({"compatibility": "exact", "secret_key": SECRET_KEY, **settings}, tables))
        self.run("user", "import", "-", stdin=json.dumps(users))
        self.launch([self.binary, "--config", self.config, "serve"])

    def stop(self):
        """Ends it, and looks for secrets in all that it logged."""
        status = super().stop()
        logged = self.log.read_text(errors="replace")
        if " answered " not in logged:
            raise AssertionError("Jeton logged no request at level debug: there was nothing to look through")
        found = SECRET_TEXT.findall(logged)
        if found:
            raise AssertionError(f"Jeton's log shows {len(found)} secrets, the first begins with {found[0][:6]!r}")
        return status

    def run(self, *arguments, stdin=""):
        """A command of the binary beside the running server; its standard output."""
        done = subprocess.run(
            [self.binary, "--config", self.config, *arguments],
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode != 0:
            raise RuntimeError(f"jeton {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout


class DjangoSite(Server):
    name = "Django"

    def __init__(
        self, folder, users, simple_jwt=None, preferred=hashers.PBKDF2, python=sys.executable, **site_settings
    ):
        super().__init__(folder, "django.db")
        site = folder / "site.json"
        others = {hashers.PBKDF2, hashers.ARGON2} - {preferred}
        settings = {
            "secret_key": SECRET_KEY,
            "simple_jwt": simple_jwt or {},
            "database": str(self.database),
            "hashers": [preferred, *others],
            **site_settings,
        }
        site.write_text(json.dumps(settings))
        env = {"INTEROP_SITE": str(site), "DJANGO_SETTINGS_MODULE": "reference.settings", "PYTHONPATH": str(HERE)}
        subprocess.run(
            [python, HERE / "reference" / "prepare.py"],
            input=json.dumps(users),
            text=True,
            check=True,
            timeout=120,
            env={**os.environ, **env},
        )
        command = [python, "-m", "django", "runserver", "--noreload", "--nothreading", f"127.0.0.1:{self.port}"]
        self.launch(command, env)


def toml(top, tables):
    """Enough of TOML for a settings file: its strings, numbers, booleans and lists are written as JSON's."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in top.items()]
    for name, table in tables.items():
        lines.append(f"\n[{name}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"
