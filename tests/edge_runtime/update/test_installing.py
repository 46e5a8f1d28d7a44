"""What a sound release does, and how it is undone."""

import dataclasses

import pytest

from edge_runtime.model.file import read_model_file, write_model_file


def test_newer_release_is_installed_and_the_old_one_kept(
    sha256, update, publish, serve, device, other_model
):
    old = sha256(device)
    status, said = update(serve(publish()))
    assert status == 0, said
    assert "release 1" in said
    assert "not a medical device" in said
    assert sha256(device) == sha256(other_model)
    assert sha256(device.with_name("model.tflite.previous")) == old
    # Asked again, there is nothing to do.
    status, said = update(serve(publish()))
    assert status == 0
    assert "already" in said


def test_folder_serves_as_well_as_a_server(
    sha256, update, publish, device, other_model
):
    assert update(publish())[0] == 0
    assert sha256(device) == sha256(other_model)


def test_rollback_by_hand_and_no_way_up_to_what_was_left(
    update, publish, device, unchanged
):
    place = publish()
    assert update(place)[0] == 0
    status, said = update(None, "--rollback")
    assert status == 0, said
    unchanged()
    # The release that was left is not taken again by itself, a newer one is.
    status, said = update(place)
    assert status == 0, said
    assert "was in place or tried here before and was left" in said
    unchanged()
    assert update(publish(2))[0] == 0
    assert update(None, "--rollback")[0] == 0
    assert update(None, "--rollback")[0] == 1


def test_one_of_several_keys_is_enough(update, publish, keys):
    assert update(publish(), "--key", str(keys[1][1]))[0] == 0


def test_failure_in_place_rolls_back_by_itself(monkeypatch, update, publish, unchanged):
    """The disk gives other bytes in place than were staged."""
    import edge_runtime.commands.update

    real = edge_runtime.commands.update.self_test

    def fails_in_place(path, release=None):
        real(path, release)
        if not path.name.startswith("."):
            raise edge_runtime.commands.update.SelfTestError("it fails in place")

    monkeypatch.setattr(edge_runtime.commands.update, "self_test", fails_in_place)
    place = publish()
    assert update(place)[0] == 4
    unchanged()
    monkeypatch.undo()
    # What failed here is not tried at every turn.
    status, said = update(place)
    assert (status, "tried here before and was left" in said) == (0, True)
    unchanged()


def test_site_s_own_threshold_is_not_lost_without_a_word(
    update, publish, device, unchanged
):
    device.with_name("model.site.json").write_text("{}")
    status, said = update(publish())
    assert (status, "calibrate again" in said) == (1, True)
    unchanged()


def test_dry_run_changes_nothing(update, publish, device, unchanged):
    status, said = update(publish(), "--dry-run")
    assert (status, "would be installed" in said) == (0, True)
    unchanged()
    assert not device.with_name("model.tflite.update.json").exists()


def test_second_update_at_the_same_time_is_kept_out(update, publish, device, unchanged):
    fcntl = pytest.importorskip("fcntl")
    with device.with_name(".model.tflite.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        status, said = update(publish())
    assert (status, "at work" in said) == (1, True)
    unchanged()


def test_file_copied_by_hand_can_be_updated(update, publish, device, model_path):
    assert update(publish(3))[0] == 0
    file = read_model_file(model_path)
    card = dataclasses.replace(file.card, description="by hand")
    write_model_file(device, file.model, card, file.labels, file.golden)
    status, said = update(publish(3))
    assert (status, "was left" in said) == (0, True)
    assert update(publish(4))[0] == 0


def test_the_first_file_is_installed_as_any_other(sha256, update, publish, device):
    place, content = publish(3), None
    device.unlink()
    assert update(place, "--dry-run")[0] == 0
    assert not device.exists()
    status, said = update(place)
    assert status == 0, said
    assert "the first one" in said
    content = sha256(device)
    status, said = update(place)
    assert (status, "already" in said) == (0, True)
    assert update(publish(2, name="old"))[0] == 1
    assert sha256(device) == content
    # There was nothing before it.
    assert update(None, "--rollback")[0] == 1


def test_a_first_file_that_fails_its_test_leaves_the_place_empty(
    update, publish, device, model_path
):
    device.unlink()
    content = model_path.read_bytes()
    status, _ = update(publish(1, content=content, threshold_score=0.123))
    assert status == 4
    assert [path.name for path in device.parent.iterdir()] == [".model.tflite.lock"]


def test_a_place_that_is_not_there_is_named_before_anything_is_fetched(
    update, publish, device
):
    device.unlink()
    device.parent.rmdir()
    status, said = update(publish())
    assert (status, "no folder that may be written to" in said) == (1, True)
