"""Shared fixtures: an empty cache folder, one thread per process, and real data if available."""

import os

# Set before torch is imported: two processes with two threads each are several times slower than one.
os.environ["OMP_NUM_THREADS"] = "1"
REAL_DATA = os.environ.get("CUTPOINTS_DATA")

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

import hypothesis
import numpy as np
import pytest

from search.data import sign_mnist
from search.data.pictures import Part, Pictures
from search.data.split import Split, split_pictures

# No deadline: the time of an example depends on the load of the machine.
hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _own_cache_and_folder(tmp_path, monkeypatch):
    """Gives each test a separate working folder and cache."""
    for variable in ("CUTPOINTS_DATA", "OPTUNA_STORAGE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def real_data() -> Path:
    """The folder with Sign Language MNIST."""
    if REAL_DATA is None or sign_mnist.find([Path(REAL_DATA)]) is None:
        pytest.skip("Sign Language MNIST is not below $CUTPOINTS_DATA")
    return Path(REAL_DATA).resolve()


@contextmanager
def in_folder(folder: Path) -> Iterator[None]:
    """Sets working folder and cache, for fixtures that several tests share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.chdir(folder)
        yield


def command(module: str, *arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None):
    """Runs `python -m MODULE …` as a user does, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )


def together(workers: int, body: Callable[[int], Any]) -> list[Any]:
    """What each of several threads returned that started together; body takes the thread's number."""
    barrier = Barrier(workers)

    def wait_and_go(number: int) -> Any:
        barrier.wait()
        return body(number)

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(wait_and_go, range(workers)))


def toy_pictures(photos: int = 12, variants: int = 3, classes: int = 3, side: int = 8, seed: int = 0) -> Pictures:
    """Random photos by class, each with variants that differ by 5 grey levels in brightness."""
    rng = np.random.default_rng(seed)
    n = photos * classes
    base = rng.integers(20, 230, size=(n, side, side))
    images = np.repeat(base, variants, axis=0) + np.tile(np.arange(variants) * 5 - 5, n)[:, None, None]
    labels = np.repeat(np.arange(n) % classes, variants)
    groups = np.repeat(np.arange(n), variants)
    part = Part(images.astype(np.uint8), labels.astype(np.int64), groups.astype(np.int64))
    return Pictures("toy", "toy images", tuple("ABCDEFGHIJ"[:classes]), part, None)


@pytest.fixture
def toy_split() -> Split:
    """A split of toy images."""
    return split_pictures(toy_pictures(), 0)
