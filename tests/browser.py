"""A real browser for tests of pages: it opens them, runs scripts in them, and takes pictures."""

import asyncio
import base64
import itertools
import json
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
PATIENCE = 60  # seconds, for machines that do much else


class Browser:
    """One page in headless Chromium, driven by its debugging protocol; a context manager.

    Parameters
    ----------
    profile : folder for the browser's own files
    size : (width, height) of the window's inside
    dark : whether the page shall be dark
    """

    def __init__(
        self, profile: Path, size: tuple[int, int] = (1280, 800), *, dark: bool = False
    ) -> None:
        self._profile, self._size, self._dark = profile, size, dark
        self._numbers = itertools.count(1)
        self.complaints: list[str] = []

    def __enter__(self) -> Self:
        (self._profile / "DevToolsActivePort").unlink(missing_ok=True)  # of an earlier one
        self._process = subprocess.Popen(
            [
                CHROMIUM,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--remote-debugging-port=0",
                "--remote-allow-origins=*",
                f"--user-data-dir={self._profile}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._loop = asyncio.new_event_loop()
        self._socket = self._loop.run_until_complete(self._connect())
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        width, height = self._size
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if self._dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.run_until_complete(self._close())
        self._loop.close()
        self._process.terminate()
        self._process.wait(PATIENCE)

    async def _connect(self) -> object:
        from tornado.websocket import websocket_connect  # noqa: PLC0415 - comes with dask

        place = self._profile / "DevToolsActivePort"
        end = time.monotonic() + PATIENCE
        while not (place.exists() and place.read_text().count("\n")):
            assert time.monotonic() < end, "the browser did not start"
            await asyncio.sleep(0.05)
        port = place.read_text().splitlines()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
            pages = [page for page in json.load(answer) if page["type"] == "page"]
        return await websocket_connect(
            pages[0]["webSocketDebuggerUrl"], max_message_size=200_000_000
        )

    async def _close(self) -> None:
        self._socket.close()  # in the loop: what tornado closes belongs to the current one
        await asyncio.sleep(0.1)

    def call(self, method: str, **parameters: object) -> dict:
        """Call the browser and return what it answers; what pages complain about is kept."""
        return self._loop.run_until_complete(self._call(method, parameters))

    async def _call(self, method: str, parameters: dict[str, object]) -> dict:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        await self._socket.write_message(json.dumps(message))
        while True:
            raw = await asyncio.wait_for(self._socket.read_message(), PATIENCE)
            found = json.loads(raw)
            self._note(found)
            if found.get("id") == number:
                assert "error" not in found, found
                return found["result"]

    def _note(self, found: dict) -> None:
        values = found.get("params", {})
        if found.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(values["exceptionDetails"])[:500])
        elif found.get("method") == "Log.entryAdded" and values["entry"]["level"] == "error":
            self.complaints.append(values["entry"]["text"])
        elif found.get("method") == "Runtime.consoleAPICalled" and values["type"] == "error":
            self.complaints.append(json.dumps(values["args"])[:500])

    def open(self, url: str) -> None:
        """Open a page and wait until it is loaded."""
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def run(self, script: str) -> object:
        """Return the value of an expression in the page; a promise's when it is kept."""
        found = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until an expression in the page is true."""
        end = time.monotonic() + PATIENCE
        while not self.run(f"Boolean({condition})"):
            assert time.monotonic() < end, f"never came true: {condition}"
            time.sleep(0.05)

    def picture(self, place: Path) -> None:
        """Write what the window shows as PNG."""
        found = self.call("Page.captureScreenshot", format="png")
        place.write_bytes(base64.b64decode(found["data"]))
