import dataclasses
import shutil
import subprocess

import pytest

from benchmarks.results import Revision
from benchmarks.revision import machine_slug, revision


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


def test_boards_are_named_by_themselves(machine):
    assert machine_slug(machine) == "raspberry-pi-5-model-b-rev-1.0-4-cores"


def test_other_computers_are_named_by_their_processor(machine):
    workstation = dataclasses.replace(
        machine,
        architecture="x86_64",
        board="Standard PC",
        cpu="Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz",
        cores=2,
    )
    slug = machine_slug(workstation)
    assert slug == "intel-xeon-platinum-8481c-cpu-2.70ghz-2-cores"


def test_unknown_computers_are_named_by_their_architecture(machine):
    unknown = dataclasses.replace(machine, board=None, cpu=None, cores=1)
    assert machine_slug(unknown) == "aarch64-1-cores"
