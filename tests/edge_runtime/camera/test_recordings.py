"""Recordings and folders: every frame, to the end."""

import os

import numpy as np
import pytest
from PIL import Image

from edge_runtime.classifier import LesionClassifier


def kinds(lines):
    return [line["type"] for line in lines]


class TestRecordings:
    def test_every_frame_is_judged_in_order_with_one_verdict(
        self, camera, jpegs, tmp_path, model_path
    ):
        path = tmp_path / "clip.mjpeg"
        path.write_bytes(b"".join(jpegs))
        status, lines = camera(path).end()
        frames = [line for line in lines if line["type"] == "frame"]
        assert status == 0
        assert [line["frame"] for line in frames] == [*range(1, 11)]
        assert kinds(lines).count("verdict") == 1
        assert all("not a medical device" in line["notice"] for line in lines)
        judge = LesionClassifier.load(model_path)
        for jpeg, line in zip(jpegs, frames, strict=True):
            assert line["probability"] == judge.classify(jpeg).probability
            assert line["dropped"] == 0

    def test_y4m_and_folder_give_what_classify_gives(
        self, camera, drawn, tmp_path, model_path
    ):
        images = [drawn(96, 128, seed=seed) for seed in range(3)]
        for seed, image in enumerate(images):
            Image.fromarray(image).save(tmp_path / f"{seed}.png")
        status, lines = camera(tmp_path).end()
        judge = LesionClassifier.load(model_path)
        assert status == 0
        assert [line["probability"] for line in lines] == [
            judge.classify(image).probability for image in images
        ]

    def test_lesions_one_after_the_other_get_one_verdict_each(
        self, camera, drawn, encoded, tmp_path
    ):
        blank = encoded(np.full((240, 320, 3), 128, np.uint8), "JPEG")
        stream = b""
        for skin in ((200, 150, 130), (150, 100, 80), (90, 60, 45)):
            lesion = [
                encoded(drawn(240, 320, skin=skin, seed=seed), "JPEG", quality=92)
                for seed in range(12)
            ]
            stream += b"".join([*lesion, *[blank] * 4])
        path = tmp_path / "three.mjpeg"
        path.write_bytes(stream)
        status, lines = camera(path).end()
        assert status == 0
        assert kinds(lines).count("verdict") == 3

    def test_damaged_frames_are_counted_and_the_rest_is_judged(
        self, camera, jpegs, tmp_path
    ):
        path = tmp_path / "clip.mjpeg"
        half = jpegs[1][: len(jpegs[1]) // 2]
        path.write_bytes(jpegs[0] + half + os.urandom(50) + jpegs[2] + jpegs[3] + half)
        running = camera(path)
        status, lines = running.end()
        assert status == 3
        assert [line["type"] for line in lines] == ["frame"] * 3
        running.wait_to_hear("2 frames of")

    def test_a_photo_that_cannot_be_read_is_named_on_its_line(
        self, camera, drawn, tmp_path
    ):
        Image.fromarray(drawn(96, 128)).save(tmp_path / "a.png")
        (tmp_path / "b.jpg").write_bytes(b"no picture at all")
        status, (frame, error) = camera(tmp_path).end()
        assert status == 3
        assert frame["photo"] == str(tmp_path / "a.png")
        assert (error["type"], error["frame"]) == ("error", 2)
        assert error["source"] == str(tmp_path)
        assert error["photo"] == str(tmp_path / "b.jpg")
        assert str(tmp_path / "b.jpg") in error["error"]

    @pytest.mark.parametrize(
        ("name", "parts"),
        [
            ("nofolder/", ["exists", "rpicam", "FOLDER", "check the spelling"]),
            ("clip.avi", ["not read", "FILE.mjpeg", "ffmpeg -i"]),
            ("empty", ["holds no photo", "Expected a folder", "--source"]),
        ],
    )
    def test_a_source_that_cannot_be_used_says_expected_got_and_what_to_do(
        self, camera, tmp_path, name, parts
    ):
        (tmp_path / "clip.avi").write_bytes(b"RIFF")
        (tmp_path / "empty").mkdir()
        running = camera(f"{tmp_path}/{name}")
        assert running.end() == (1, [])
        assert all(part in running.said[-1] for part in [*parts, name])

    @pytest.mark.parametrize("content", [b"", b"no picture at all", bytes(10**6)])
    def test_without_a_frame_it_fails_by_name(self, camera, tmp_path, content):
        path = tmp_path / "clip.mjpeg"
        path.write_bytes(content)
        running = camera(path)
        assert running.end() == (1, [])
        assert "clip.mjpeg" in running.said[-1]

    def test_every_nth_frame_and_no_more_than_asked(self, camera, jpegs, tmp_path):
        path = tmp_path / "clip.mjpeg"
        path.write_bytes(b"".join(jpegs))
        status, lines = camera(path, "--every-n", "3", "--frames", "3").end()
        assert status == 0
        assert [line["frame"] for line in lines] == [1, 4, 7]

    def test_a_changed_resolution_is_judged_like_any_frame(
        self, camera, jpegs, drawn, encoded, tmp_path
    ):
        path = tmp_path / "clip.mjpeg"
        other = [encoded(drawn(480, 360, seed=seed), "JPEG") for seed in range(3)]
        path.write_bytes(b"".join(jpegs[:3] + other + jpegs[3:6]))
        status, lines = camera(path).end()
        assert (status, kinds(lines).count("frame")) == (0, 9)
