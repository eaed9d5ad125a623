"""`make audit-dependencies` fails where a pin has a known hole; OSV is played by a server of ours."""

import json
import re
import subprocess
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASKED = re.search(r"^audit-dependencies:.*\n\t@\$\(UV\) (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
LOCKED = {one["name"] for one in tomllib.loads((ROOT / "uv.lock").read_text())["package"]} - {"poolkeeper"}
HOLE = {"id": "PYSEC-2026-1", "summary": "a hole", "modified": "2026-01-01T00:00:00Z", "affected": []}


class Osv(BaseHTTPRequestHandler):
    """Knows a hole in each package that its server was told of."""

    def do_POST(self):
        queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        names = [query["package"]["name"] for query in queries]
        self.server.asked.update(names)
        known = {"id": HOLE["id"], "modified": HOLE["modified"]}
        self.answer({"results": [{"vulns": [known]} if name in self.server.holed else {} for name in names]})

    def do_GET(self):
        self.answer(HOLE)

    def answer(self, body):
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def audit():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Osv)
    server.asked, server.holed = set(), set()
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def run(*holed):
        server.holed = set(holed)
        uv = next(path for path in (ROOT / ".tools/uv/bin/uv", Path("uv")) if path.exists() or path == Path("uv"))
        url = f"http://127.0.0.1:{server.server_port}/"
        argv = [str(uv), *ASKED.split(), "--no-cache", "--service-url", url]
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  our own uv
        return done.returncode, done.stdout + done.stderr, server.asked

    yield run
    server.shutdown()
    server.server_close()


def test_a_pin_with_a_known_hole_is_named(audit):
    code, said, _ = audit("aiohttp")
    assert (code, "aiohttp" in said, HOLE["id"] in said) == (1, True, True)


def test_all_pins_are_asked_about_and_none_is_no_news(audit):
    code, _, asked = audit()
    assert (code, LOCKED - asked) == (0, set())
