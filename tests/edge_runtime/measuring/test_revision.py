import shutil
import subprocess

import pytest

from edge_runtime.measuring.revision import Revision, revision


@pytest.fixture
def checkout(tmp_path):
    """A git checkout with one commit."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    (tmp_path / "a.txt").write_text("1", encoding="utf-8")
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "first")):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    return tmp_path


def test_a_clean_checkout_is_not_dirty(checkout):
    found = revision(checkout)
    assert len(found.commit) == 40
    assert found.dirty is False


def test_a_changed_file_makes_it_dirty_and_a_new_one_does_not(checkout):
    (checkout / "results.json").touch()
    assert revision(checkout).dirty is False
    (checkout / "a.txt").write_text("2", encoding="utf-8")
    assert revision(checkout).dirty is True


def test_a_copy_inside_another_checkout_has_no_commit_of_its_own(checkout):
    (checkout / "copy").mkdir()
    assert revision(checkout / "copy") == Revision(None, None)


def test_no_checkout_has_no_commit(tmp_path):
    assert revision(tmp_path) == Revision(None, None)
