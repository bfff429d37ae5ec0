"""Sign Language MNIST: search on disk, verification and download errors."""

import sys

import pytest

from search.data import sign_mnist
from search.data.load import load_pictures
from search.data.source import Source
from search.data.split import data_fingerprint
from search.errors import BadInput
from tests.conftest import command


def test_files_that_differ_from_the_published_ones_are_refused(tmp_path):
    for name in (sign_mnist.TRAIN, sign_mnist.TEST):
        (tmp_path / name).write_text("label,pixel1\n1,2\n")
    with pytest.raises(BadInput, match=r"sign_mnist_train.csv .* is not the published file .* --data"):
        load_pictures(Source("sign-mnist", tmp_path))


def test_without_kagglehub_the_error_names_the_extra_and_the_folder(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(BadInput, match=r"pip install 'cutpoints\[download\]', or put sign_mnist_train.csv") as caught:
        sign_mnist.download(tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_without_a_connection_the_error_says_where_to_put_the_files(tmp_path):
    pytest.importorskip("kagglehub", reason="the extra `download` is not installed")
    # A proxy on a closed local port, so that no request leaves the machine.
    closed = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    done = command("search.study", "--data", "sign-mnist", env={**closed, "KAGGLEHUB_CACHE": str(tmp_path / "kaggle")})
    assert done.returncode == 2
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error: Sign Language MNIST cannot be downloaded")
    assert "put sign_mnist_train.csv and sign_mnist_test.csv (or their .zip)" in last
    assert "Traceback" not in done.stderr


@pytest.mark.real_data
def test_the_real_data_set_has_the_known_counts_and_fingerprint(real_data):
    pictures, why = load_pictures(Source(None, real_data))
    assert (pictures.name, pictures.shape) == ("sign-mnist", (28, 28))
    assert (len(pictures.train), len(pictures.test)) == (27455, 7172)
    assert "".join(pictures.class_names) == "ABCDEFGHIKLMNOPQRSTUVWXY"
    assert (pictures.train.photos, pictures.test.photos) == (1274, 344)
    assert "found on disk" in why
    assert data_fingerprint(pictures) == "40a08bd0c7b5e243"  # the fingerprint in existing studies
    again, _ = load_pictures(Source("sign-mnist", real_data))
    assert (again.train.images == pictures.train.images).all()
