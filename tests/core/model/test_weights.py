"""The order in which weights are looked for, with a real download from a local server."""

import hashlib
import http.server
import threading

import pytest

from core.errors import WeightsError
from core.model.weights import Weights, find_weights, keras_cache

CONTENT = bytes(range(256)) * 4096
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server():
    """Serves /weights.h5 whole, /short.h5 broken off, and nothing else."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/missing.h5":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            half = len(CONTENT) // 2
            self.wfile.write(CONTENT if self.path == "/weights.h5" else CONTENT[:half])

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("VGG19_WEIGHTS", raising=False)
    monkeypatch.delenv("NEUROSTAGE_OFFLINE", raising=False)


def test_path_comes_before_environment(tmp_path, monkeypatch):
    for name in ("given.h5", "environment.h5"):
        (tmp_path / name).write_bytes(name.encode())
    monkeypatch.setenv("VGG19_WEIGHTS", str(tmp_path / "environment.h5"))
    assert find_weights(tmp_path / "given.h5").path == tmp_path / "given.h5"
    assert find_weights().path == tmp_path / "environment.h5"
    assert find_weights().source == "file"


def test_a_named_file_that_is_absent_is_an_error_and_no_fallback(tmp_path, monkeypatch):
    with pytest.raises(WeightsError, match="there is no file"):
        find_weights(tmp_path / "absent.h5")
    monkeypatch.setenv("VGG19_WEIGHTS", str(tmp_path / "absent.h5"))
    with pytest.raises(WeightsError):
        find_weights()


def test_download_lands_in_the_cache_of_keras_with_progress(server):
    seen = []
    found = find_weights(
        url=f"{server}/weights.h5", md5=MD5, progress=lambda done, total: seen.append((done, total))
    )
    assert found == Weights("keras", keras_cache() / "weights.h5", SHA256)
    assert found.path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_the_cache_is_used_without_a_connection(server):
    find_weights(url=f"{server}/weights.h5", md5=MD5)
    assert find_weights(url="http://127.0.0.1:9/weights.h5", md5=MD5).source == "keras"


@pytest.mark.parametrize("name", ["short.h5", "missing.h5"])
def test_a_broken_download_leaves_nothing_and_starts_random(server, name):
    assert find_weights(url=f"{server}/{name}", md5=MD5) == Weights("random")
    assert not [p for p in keras_cache().glob("**/*") if p.is_file()]


def test_no_connection_starts_random():
    assert find_weights(url="http://127.0.0.1:9/weights.h5", md5=MD5) == Weights("random")


def test_offline_asks_nobody(server, monkeypatch):
    monkeypatch.setenv("NEUROSTAGE_OFFLINE", "1")
    assert find_weights(url=f"{server}/weights.h5", md5=MD5) == Weights("random")


def test_a_wrong_file_is_not_kept(server):
    assert find_weights(url=f"{server}/weights.h5", md5="0" * 32) == Weights("random")
    assert not (keras_cache() / "weights.h5").exists()
