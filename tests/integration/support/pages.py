"""The status page in a real headless Chromium, which may talk to this host alone."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tests.integration.support.waiting import eventually

_PROGRAMS = ("chromium", "chromedriver")
_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",  # CI runs as root, where Chromium has no sandbox; it opens nothing but our page
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers have 64 MB there
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_ROWS = """
return [...document.querySelectorAll('#routes tbody tr')].map(row => ({
  kind: row.className,
  ...Object.fromEntries(['name', 'way', 'state', 'reason', 'messages', 'drops', 'lost', 'type'].map(
    part => [part, row.querySelector('.' + part)?.textContent ?? ''])),
}))
"""


class Browser:
    """One window of Chromium and all that it complained about or asked for."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        self._requested: list[str] = []

    def open(self, url: str) -> None:
        """Go to a page in a desktop window, and wait until it knows its agent."""
        self.driver.get("about:blank")  # a page before it asks on for its own agent, which may be gone
        self.forget()
        self.emulate(width=1280, height=900, dark=False)
        self.driver.get(url)
        eventually(lambda: self.text("#facts"))

    def emulate(self, *, width: int, height: int, dark: bool) -> None:
        """Another screen."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def run(self, script: str, *args: Any) -> Any:
        """What a script in the page returns."""
        return self.driver.execute_script(script, *args)

    def text(self, selector: str) -> str:
        """Of the first match."""
        return str(self.run("return document.querySelector(arguments[0]).textContent", selector))

    def rows(self) -> list[dict[str, str]]:
        """The table of routes as it is shown now, all rows of one moment."""
        return list(self.run(_ROWS))

    def row(self, name: str, way: str) -> dict[str, str]:
        """The row of one route; empty while there is none."""
        found = [row for row in self.rows() if (row["name"], row["way"]) == (name, way)]
        return found[0] if found else {}

    def type(self, keys: str) -> None:
        """Into whatever has the focus, as a person does."""
        self.driver.switch_to.active_element.send_keys(keys)

    def photograph(self, file: Path) -> None:
        """A screenshot of the window."""
        assert self.driver.save_screenshot(str(file))

    def complaints(self) -> list[str]:
        """What the console got since the last call: errors, warnings, refused resources."""
        return [f"{entry['level']}: {entry['message']}" for entry in self.driver.get_log("browser")]

    def requested(self) -> list[str]:
        """Every address that the page asked for since `open`."""
        for entry in self.driver.get_log("performance"):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                self._requested.append(event["params"]["request"]["url"])
        return self._requested

    def origins(self) -> set[str]:
        """Of every request."""
        parts = [urlsplit(url) for url in self.requested()]
        return {f"{part.scheme}://{part.netloc}" for part in parts}

    def forget(self) -> None:
        """Begin the logs anew."""
        self.complaints()
        self.requested()
        self._requested = []


@contextlib.contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A running browser with a profile of its own; skips where Debian's packages are missing."""
    paths = {name: shutil.which(name) for name in _PROGRAMS}
    if missing := [name for name, path in paths.items() if path is None]:
        pytest.skip(f"no {' and no '.join(missing)} here; `make test-packages` installs them on Debian")
    options = webdriver.ChromeOptions()
    options.binary_location = paths["chromium"] or ""
    for argument in (*_ARGUMENTS, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(executable_path=paths["chromedriver"]))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
