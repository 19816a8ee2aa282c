"""The status page in a real browser: live, exact, escaped, and silent towards every other host."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from images import decoded
from pages_day import AFTER, BEFORE, CODE, NASTY, Day
from playwright.sync_api import Browser, Page, sync_playwright
from services import require
from wetgate.daemon.health import Health
from wetgate.daemon.pages import Pages
from wetgate.daemon.store import Database
from wetgate.schema.settings import PagesSettings
from wetgate.schema.tables import ArrivalRow, JobRow

pytestmark = pytest.mark.services

QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TOKEN = "a-token-of-the-post-house"
WIDTHS = {"desktop": (1280, 900), "narrow": (390, 844)}
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all of these tests."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        require("Chromium is not installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def day(sqlite: Database, tmp_path: Path) -> Day:
    """A day of the show PINE."""
    return Day(sqlite, tmp_path / "work")


@pytest.fixture
def pages(sqlite: Database, tmp_path: Path, day: Day) -> Iterator[Pages]:
    """The page over that day."""
    served = Pages(sqlite, tmp_path / "work", PagesSettings(port=0), Health())
    served.start()
    yield served
    served.stop()


@pytest.fixture
def visit(browser: Browser, pages: Pages) -> Iterator[Open]:
    """Open the page live; afterwards nothing may have been said on the console or asked of another host."""
    said: list[str] = []
    asked: list[str] = []
    opened: list[Page] = []

    def _visit(path: str = "", size: str = "desktop") -> Page:
        width, height = WIDTHS[size]
        page = browser.new_page(viewport={"width": width, "height": height})
        opened.append(page)
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(pages.url + path)
        page.wait_for_selector("body[data-live=yes]")
        return page

    yield _visit
    for page in opened:
        page.close()
    assert said == []
    assert asked
    assert [url for url in asked if not url.startswith(pages.url)] == []


def until(page: Page, expression: str) -> None:
    """Wait for an expression to be true. Playwright's own wait needs eval, which the page forbids."""
    end = time.monotonic() + 15
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)


@pytest.mark.parametrize("size", WIDTHS)
def test_page_shows_the_day_at_every_width(visit: Open, day: Day, tmp_path: Path, size: str) -> None:
    """Everything is there with its real pictures, and nothing hangs over the edge."""
    page = visit(size=size)
    text = page.inner_text("main")
    for words in (CODE, "A001C002.mov still grows.", "Frame 1024", "Needs review", "finding: F3", "Storage away"):
        assert words in text
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[size][0]
    page.locator(f"#version-{day.version}").scroll_into_view_if_needed()
    until(page, "[...document.images].filter(i => i.loading !== 'lazy' || i.complete).every(i => i.naturalWidth > 0)")
    shot = page.screenshot(path=tmp_path / f"{size}.png", full_page=True)
    assert decoded(shot).std() > 5


def test_progress_is_live_without_a_reload(visit: Open, day: Day, sqlite: Database) -> None:
    """A job's progress, a new file and a new failure turn up by themselves; the page is not loaded again."""
    page = visit()
    bar = f"[data-job='{day.job}'] progress"
    assert page.get_attribute(bar, "value") == "0.250"
    page.evaluate("window.still = 'here'")
    with sqlite.write() as session:
        job = session.get_one(JobRow, day.job)
        job.progress, job.doing = 0.75, "Frame 1075"
        now = time.time()
        arrived = ArrivalRow(show="PINE", root="/d", path="/d/A001C003.mov", state="seen", seen_at=now, changed_at=now)
        session.add_all([job, arrived])
    page.wait_for_selector(f"{bar}[value='0.750']", timeout=10_000)
    page.wait_for_selector("text=A001C003.mov")
    assert page.inner_text(f"[data-job='{day.job}'] .detail").startswith("Frame 1075")
    assert page.evaluate("window.still") == "here"


def test_what_a_person_opened_stays_open(visit: Open, day: Day, sqlite: Database) -> None:
    """A section that is replaced keeps its folds and the keyboard's place."""
    page = visit()
    group = "#arrivals-indexed"
    assert page.evaluate(f"document.querySelector('{group}').open") is False
    page.click(f"{group} summary")
    page.focus(f"{group} summary")
    with sqlite.write() as session:
        now = time.time()
        session.add(
            ArrivalRow(show="PINE", root="/d", path="/d/A001C004.mov", state="indexed", seen_at=now, changed_at=now)
        )
    page.wait_for_selector("text=A001C004.mov")
    assert page.evaluate(f"document.querySelector('{group}').open") is True
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_wipe_moves_the_edge_exactly(visit: Open, day: Day) -> None:
    """Left of the wipe is before, right of it after, at the very column; the slider, a drag and modes move it."""
    page = visit()
    page.click(f"#version-{day.version} .links [data-compare]")
    page.wait_for_selector("#wipe-canvas[data-frame]")
    assert edge(page) == 160
    half = decoded(page.locator("#wipe-picture").screenshot())
    page.locator("#wipe-split").fill("250")
    assert edge(page) == 80
    quarter = decoded(page.locator("#wipe-picture").screenshot())
    middle, width = half.shape[0] // 2, half.shape[1]
    assert quarter.shape == half.shape
    np.testing.assert_allclose(half[middle, width * 3 // 8], BEFORE, atol=2)
    np.testing.assert_allclose(quarter[middle, width * 3 // 8], AFTER, atol=2)
    np.testing.assert_allclose(quarter[middle, width // 8], BEFORE, atol=2)
    box = page.locator("#wipe-canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 40)
    page.mouse.up()
    assert edge(page) == pytest.approx(240, abs=1)
    for key, colour in (
        ("b", BEFORE),
        ("a", AFTER),
        ("d", [min(8 * abs(a - b), 255) for a, b in zip(AFTER, BEFORE, strict=True)]),
    ):
        page.keyboard.press(key)
        whole = decoded(page.locator("#wipe-picture").screenshot())
        np.testing.assert_allclose(whole[middle, width // 4], colour, atol=3)


def edge(page: Page) -> int:
    """The first column of the canvas that shows the after frame."""
    row = page.evaluate(
        "() => { const c = document.getElementById('wipe-canvas'); const copy = new OffscreenCanvas(c.width, 1);"
        " const pen = copy.getContext('2d', { willReadFrequently: true }); pen.drawImage(c, 0, -90);"
        " return [...pen.getImageData(0, 0, c.width, 1).data].filter((_, i) => i % 4 === 0) }"
    )
    reds = np.asarray(row)
    assert set(reds) <= {BEFORE[2], AFTER[2]}
    return int(np.argmax(reds == AFTER[2]))


def test_frames_are_told_as_people_count_them(visit: Open, day: Day) -> None:
    """Stepping shows the shot frame and its source timecode; the address leads back; Escape closes."""
    page = visit(f"#compare-{day.version}")
    page.wait_for_selector("#wipe-canvas[data-frame='1002']")
    assert page.inner_text(".wipe-where").split() == ["1002", "13:59:59:21"]
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#wipe-canvas[data-frame='1003']")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#wipe-canvas[data-frame='1001']")
    page.click("#wipe-zoom")
    size = page.evaluate("document.getElementById('wipe-canvas').getBoundingClientRect().width * devicePixelRatio")
    assert size == pytest.approx(320)
    page.keyboard.press("Escape")
    assert page.evaluate("document.getElementById('wipe').open") is False
    until(page, "location.hash === ''")


def test_playing_moves_through_the_frames(visit: Open, day: Day) -> None:
    """Play runs through the frames in a loop until it is stopped."""
    page = visit(f"#compare-{day.version}")
    page.wait_for_selector("#wipe-canvas[data-frame='1002']")
    page.evaluate(
        "() => { window.played = []; const c = document.getElementById('wipe-canvas');"
        " new MutationObserver(() => window.played.push(c.dataset.frame))"
        ".observe(c, { attributeFilter: ['data-frame'] }) }"
    )
    page.click("#wipe-play")
    until(page, "window.played.length >= 6")
    page.click("#wipe-play")
    assert page.inner_text("#wipe-play") == "Play"
    assert page.evaluate("window.played.slice(0, 6)") == ["1003", "1001", "1002"] * 2


def test_text_from_outside_stays_text(visit: Open, day: Day) -> None:
    """Markup in names, reasons and captions is shown as it was written and never runs, live or not."""
    page = visit()
    assert NASTY in page.inner_text("#attention")
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src='x']").count() == 0


def test_show_filter(visit: Open) -> None:
    """Choosing a show leaves the other's files out, also in what comes live."""
    page = visit()
    page.click("nav.shows >> text=OAK")
    page.wait_for_selector("body[data-live=yes][data-show=OAK]")
    assert "B001C001.mov" in page.inner_text("#arrivals")
    assert "A001C002.mov" not in page.inner_text("main")


def test_a_daemon_that_went_away_is_said(browser: Browser, pages: Pages) -> None:
    """When the daemon stops, the open page says that it shows what was last known."""
    page = browser.new_page()
    page.goto(pages.url)
    page.wait_for_selector("body[data-live=yes]")
    pages.stop()
    page.wait_for_selector("#link:not([hidden])", timeout=10_000)
    assert "does not answer" in page.inner_text("#link")
    assert CODE in page.inner_text("#versions")
    page.close()


def test_token_once_then_a_cookie(browser: Browser, sqlite: Database, day: Day) -> None:
    """The token is taken out of the address, kept where scripts cannot read it, and needed by every visitor."""
    pages = Pages(sqlite, day.root, PagesSettings.model_validate({"port": 0, "token": TOKEN}), Health())
    pages.start()
    try:
        context = browser.new_context()
        page = context.new_page()
        assert (answer := page.goto(pages.url)) is not None
        assert answer.status == 401
        page.goto(f"{pages.url}?token={TOKEN}")
        page.wait_for_selector("body[data-live=yes]")
        assert page.url == pages.url
        assert page.evaluate("document.cookie") == ""
        page.reload()
        page.wait_for_selector("body[data-live=yes]")
        context.close()
    finally:
        pages.stop()
