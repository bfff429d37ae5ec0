"""The report and plain optuna-dashboard in a real browser."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from search.config import StudyConfig
from search.study import run_study
from tests.formula import make_formula

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None or DRIVER is None, reason="chromium and chromedriver are not installed"),
]


@pytest.fixture
def browser(tmp_path):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--window-size=1200,1600",
        f"--user-data-dir={tmp_path / 'chromium'}",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.set_page_load_timeout(60)
    yield driver
    driver.quit()


@pytest.fixture
def study():
    run_study(StudyConfig(data="digits", trials=24, study_name="seen"), "sqlite:///studies.db", make_formula)
    return Path("results/seen")


@pytest.fixture
def dashboard(study):
    """Starts optuna-dashboard as a user does; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = str(Path(sys.executable).with_name("optuna-dashboard"))
    arguments = [program, "--host", "127.0.0.1", "--port", str(port), "sqlite:///studies.db"]
    with open("dashboard.log", "w") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log, env={**os.environ, "NO_PROXY": "127.0.0.1"})
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                f"{address}/api/studies", timeout=5
            ).close()
            break
        except OSError:
            assert process.poll() is None, Path("dashboard.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
    yield address
    process.terminate()
    process.wait(30)


def until(browser, condition, what):
    return WebDriverWait(browser, 60).until(lambda _: condition(), f"waited for {what}: {browser.page_source[:2000]}")


def text(browser) -> str:
    return browser.find_element(By.TAG_NAME, "body").text


def test_the_report_draws_every_figure_and_logs_no_error(browser, study):
    browser.get((study / "report.html").resolve().as_uri())
    for key in ("cuts", "positions", "channels", "history", "importance"):
        until(browser, lambda key=key: browser.find_elements(By.CSS_SELECTOR, f"#{key} .main-svg"), key)
    assert browser.find_element(By.ID, "best-ranges").text.startswith("0,")
    assert "found by" in text(browser)
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_optuna_dashboard_shows_the_values_and_attributes_of_the_study(browser, dashboard):
    browser.get(f"{dashboard}/dashboard/studies/1")
    until(browser, lambda: "seen" in text(browser), "the study's name")
    until(browser, lambda: browser.find_elements(By.CSS_SELECTOR, "#plot-history .main-svg"), "the history")
    assert "greyscale validation accuracy" in text(browser)
    browser.get(f"{dashboard}/dashboard/studies/1/trials?numbers=0")
    until(browser, lambda: "threshold_ranges" in text(browser), "a trial's attributes")
    shown = text(browser)
    for attribute in ("threshold_ranges", "encoding", "channels", "reference", "multi-otsu", "training_seed"):
        assert attribute in shown
