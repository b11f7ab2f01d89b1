"""A server that speaks as much of the Hugging Face hub's API as a download needs, and can break on request."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

_FILE = re.compile(r"/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)")
_TREE = re.compile(r"/api/models/(?P<repo>[^/]+/[^/]+)/tree/(?P<revision>[^/?]+)(\?.*)?")
_LISTING = re.compile(r"/api/models/(?P<repo>[^/]+/[^/]+?)(/revision/(?P<revision>[^/?]+))?(\?.*)?")


class HubServer:
    """Repositories of files, each with one commit, at `url` while the context is open."""

    def __init__(self, repos: dict[str, dict[str, Path]], commit: str = "c" * 40) -> None:
        self.repos, self.commit = repos, commit
        self.contents = {path: path.read_bytes() for files in repos.values() for path in files.values()}
        self.digests = {path: hashlib.sha256(content).hexdigest() for path, content in self.contents.items()}
        self.requests: list[str] = []
        """Method, path and range of every request."""
        self.cut_after: list[int] = []
        """Numbers of bytes after which the next downloads are cut off, one number for each."""
        self.corrupt = False
        """Whether downloads bring other bytes than those the checksum was made of."""
        self.ranges = True
        """Whether ranges are honoured."""
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = _QuietServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """Print nothing: clients that break off are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    hub: HubServer
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self, body: bool) -> None:
        hub, wanted = self.hub, self.headers.get("Range", "")
        hub.requests.append(f"{self.command} {self.path} {wanted}".strip())
        if listing := _LISTING.fullmatch(self.path):
            self._list(listing["repo"], listing["revision"] or "main")
        elif tree := _TREE.fullmatch(self.path):
            self._show_tree(tree["repo"])
        elif not (asked := _FILE.fullmatch(self.path)) or asked["repo"] not in hub.repos:
            self._refuse("RepoNotFound")
        elif asked["revision"] not in ("main", hub.commit):
            self._refuse("RevisionNotFound")
        elif asked["file"] not in hub.repos[asked["repo"]]:
            self._refuse("EntryNotFound")
        else:
            self._send(hub.repos[asked["repo"]][asked["file"]], wanted, body)

    def _list(self, repo: str, revision: str) -> None:
        if repo not in self.hub.repos:
            self._refuse("RepoNotFound")
        elif revision not in ("main", self.hub.commit):
            self._refuse("RevisionNotFound")
        else:
            files = [{"rfilename": name} for name in self.hub.repos[repo]]
            self._say({"id": repo, "sha": self.hub.commit, "private": False, "tags": [], "siblings": files})

    def _show_tree(self, repo: str) -> None:
        if repo not in self.hub.repos:
            self._refuse("RepoNotFound")
            return
        files = self.hub.repos[repo].items()
        sizes = {name: len(self.hub.contents[path]) for name, path in files}
        self._say([{"type": "file", "path": name, "size": size, "oid": "0" * 40} for name, size in sizes.items()])

    def _say(self, value: object) -> None:
        content = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _refuse(self, code: str) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", code)
        self.send_header("X-Error-Message", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, path: Path, wanted: str, body: bool) -> None:
        content = self.hub.contents[path]
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.hub.ranges else 0
        self.send_response(206 if start else 200)
        self.send_header("X-Repo-Commit", self.hub.commit)
        self.send_header("ETag", f'"{self.hub.digests[path]}"')
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if not body:
            return
        if self.hub.corrupt:
            content = bytes(len(content))
        end = start + self.hub.cut_after.pop(0) if self.hub.cut_after else len(content)
        self.wfile.write(content[start:end])
        if end < len(content):
            self.close_connection = True
