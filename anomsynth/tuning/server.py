"""A small web server for one page and one person, on this machine, who knows the token."""

import base64
import json
import secrets
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files

from pydantic import ValidationError

from anomsynth.dataset.paths import printable
from anomsynth.errors import AnomsynthError, UserError
from anomsynth.tuning.settings import Settings
from anomsynth.tuning.studio import Studio

HOST = "127.0.0.1"
MOST_BYTES = 40_000_000  # of a request: a mask of 2048 pixels takes far less
POLICY = (
    "default-src 'none'; img-src 'self' data:; connect-src 'self'; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'"
)

Saved = Callable[[Settings], dict[str, object]]


class TuningServer(ThreadingHTTPServer):
    """Serves the page below ``http://127.0.0.1:PORT/TOKEN/`` and nothing to anyone else.

    Parameters
    ----------
    studio : Studio
    save : function (settings) -> what the page shows of it
    port : int
        0 takes a free one.

    Raises
    ------
    UserError
        If the port is taken.
    """

    daemon_threads = True

    def __init__(self, studio: Studio, save: Saved, port: int = 0) -> None:
        self.studio, self.save = studio, save
        self.token = secrets.token_urlsafe(24)
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            msg = f"`port`: {port} cannot be used: {error}"
            raise UserError(msg, hint="leave `port` out for a free one") from error

    @property
    def url(self) -> str:
        """Address of the page, token and all."""
        return f"http://{HOST}:{self.server_address[1]}/{self.token}/"

    @property
    def hosts(self) -> frozenset[str]:
        """What a browser may call this server; another name is another site."""
        return frozenset(f"{name}:{self.server_address[1]}" for name in (HOST, "localhost"))


class _Handler(BaseHTTPRequestHandler):
    server: TuningServer
    protocol_version = "HTTP/1.0"  # no connection outlives its answer
    server_version = "anomsynth"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer the page and its pictures."""
        words = self._words()
        if words is None:
            return
        match words:
            case [""]:
                self._send(_page(self.server.studio), "text/html; charset=utf-8")
            case ["photo", number] if number.isdigit():
                self._answer(lambda: (self.server.studio.photo(int(number)), "image/webp"))
            case ["thumb", number] if number.isdigit():
                self._answer(lambda: (self.server.studio.photo(int(number), 96), "image/webp"))
            case ["part", number] if number.isdigit():
                self._answer(lambda: (self.server.studio.part(int(number)), "image/png"))
            case ["large", number] if number.isdigit():
                self._answer(lambda: _json(_large(self.server.studio, int(number))))
            case _:
                self._refuse(404)

    def do_POST(self) -> None:
        """Make a sample, take a mask, save, or end."""
        words = self._words()
        if words is None:
            return
        body = self._body()
        if body is None:
            return
        match words:
            case ["sample"]:
                self._answer(lambda: _json(_sample(self.server.studio, body)))
            case ["part", number] if number.isdigit():
                self._answer(lambda: _json(_part(self.server.studio, int(number), body)))
            case ["save"]:
                self._answer(lambda: _json(self.server.save(_settings(body))))
            case ["end"]:
                self._answer(lambda: _json({}))
                self.server.shutdown()
            case _:
                self._refuse(404)

    def _words(self) -> list[str] | None:
        """Return the way below the token; None if the caller is refused."""
        path = self.path.partition("?")[0]
        token, _, rest = path.removeprefix("/").partition("/")
        known = secrets.compare_digest(token.encode(), self.server.token.encode())
        # A page of another site may ask a server of this machine by a name of its own.
        origin = self.headers.get("Origin")
        ours = origin is None or origin.removeprefix("http://") in self.server.hosts
        if not known or self.headers.get("Host") not in self.server.hosts or not ours:
            self._refuse(403)
            return None
        return rest.split("/")

    def _body(self) -> dict[str, object] | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MOST_BYTES:
            self._refuse(413)
            return None
        try:
            body = json.loads(self.rfile.read(int(length)) or b"{}")
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            self._refuse(400)
            return None
        return body

    def _answer(self, make: Callable[[], tuple[bytes, str]]) -> None:
        try:
            content, kind = make()
        except (AnomsynthError, ValidationError, ValueError, TypeError) as error:
            # What is wrong goes to the page: it is where the person looks.
            hint = getattr(error, "hint", "")
            self._send(_json({"error": str(error), "hint": hint})[0], "application/json", 422)
            return
        self._send(content, kind)

    def _refuse(self, status: int) -> None:
        self.close_connection = True
        self._send(b"", "text/plain", status)

    def _send(self, content: bytes, kind: str, status: int = 200) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):  # the page was closed
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing: the command says where the page is and what was saved."""


def _page(studio: Studio) -> bytes:
    folder = files("anomsynth.tuning")
    state = {
        "photos": [printable(unit.path.name) for unit in studio.units],
        "kinds": studio.kinds(),
        "preset": studio.recipe.name,
        "severity": _ends(studio.recipe.severity.d_prime),
        "count": _ends(studio.recipe.defects_per_image),
    }
    text = json.dumps(state).replace("<", "\\u003c").replace("&", "\\u0026")
    page = folder.joinpath("page.html").read_text("utf-8")
    for name in ("style", "script"):
        suffix = {"style": "css", "script": "js"}[name]
        page = page.replace(f"@{name}@", folder.joinpath(f"page.{suffix}").read_text("utf-8"))
    return page.replace("@state@", text).encode()


def _ends(span: object) -> list[float]:
    return [float(getattr(span, "low", 1)), float(getattr(span, "high", 1))]


def _json(value: dict[str, object]) -> tuple[bytes, str]:
    return json.dumps(value).encode(), "application/json"


def _settings(body: dict[str, object]) -> Settings:
    return Settings.model_validate(body.get("settings", {}))


def _whole(body: dict[str, object], name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or value < 0:
        raise UserError(f"{name}: expected a whole number, got {value!r}")
    return value


def _sample(studio: Studio, body: dict[str, object]) -> dict[str, object]:
    only = body.get("only")
    shown = studio.sample(
        _whole(body, "photo"),
        _whole(body, "nth"),
        _settings(body),
        only if isinstance(only, str) else None,
    )
    return {
        "number": shown.number,
        "uri": _uri(shown.picture),
        "size": list(shown.size),
        "outline": shown.outline,
        "caption": shown.caption,
    }


def _large(studio: Studio, number: int) -> dict[str, object]:
    picture, size, outline = studio.large(number)
    return {"uri": _uri(picture), "size": list(size), "outline": outline}


def _part(studio: Studio, photo: int, body: dict[str, object]) -> dict[str, object]:
    drawn = body.get("mask")
    studio.set_part(photo, base64.b64decode(drawn) if isinstance(drawn, str) else None)
    return {"drawn": list(studio.drawn)}


def _uri(picture: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(picture).decode("ascii")
