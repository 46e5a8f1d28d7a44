"""Networks side by side, and several seeds of one."""

import dataclasses
import json

import numpy as np
import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.robustness.shift_report import ShiftReport, ShiftRow
from benchmarks.side_by_side import networks, seeds
from edge_runtime.files.atomic import write_text
from edge_runtime.files.strict_json import to_json
from edge_runtime.model.file import read_model_file, write_model_file


@pytest.fixture
def measured(root, result, tmp_path):
    """Folder of results with one of the shipped cnn32."""
    file = read_model_file(root / "models/cnn32.qat_int8.tflite")
    subject = dataclasses.replace(
        result.measurement.subject, model_sha256=file.card.model_sha256
    )
    measurement = dataclasses.replace(result.measurement, subject=subject)
    folder = tmp_path / "results"
    found = dataclasses.replace(result, measurement=measurement)
    found.write(folder / "pi5" / "cnn32.qat_int8.json")
    return folder


class TestGrid:
    def test_row_tells_size_work_and_quality(self, root, measured, capsys):
        words = [
            str(root / "models"),
            "--results",
            str(measured),
            "--out",
            str(measured),
        ]
        assert networks.main(words) == 0
        shown = capsys.readouterr().out
        assert (measured / "grid.md").read_text() == shown
        (row,) = [line for line in shown.splitlines() if line.startswith("| cnn32")]
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        size_kb = (root / "models/cnn32.qat_int8.tflite").stat().st_size / 1000
        assert cells[1:3] == ["32", "32"]
        # Two of three malignant photos are above all others, one above two: 8 of 9.
        assert cells[3].startswith("0.889 (")
        # 2x2 over 3 colours, 3x3 over 64, 40 and 30 channels, dense 512 and 1.
        by_hand = (
            32 * 32 * 64 * 12 + 16 * 16 * 40 * 576 + 8 * 8 * 30 * 360
            + 4 * 4 * 25 * 270 + 100 * 512 + 512
        )  # fmt: skip
        assert cells[6:8] == ["not measured", "not measured"]
        assert cells[8] == f"{by_hand / 1e6:.1f}"
        assert cells[9] == f"{size_kb:.0f}"
        assert cells[10] == "2.00"
        assert "say nothing of new photos" in shown

    def test_worst_cases_come_from_the_shift_bench(self, root, measured, capsys):
        name = "cnn32.qat_int8"
        rows = [
            ShiftRow(name, "as taken", 0, 0.9, 0.95, 0.7),
            ShiftRow(name, "darker", 2, 0.8, 0.99, 0.5),
            ShiftRow(name, "blurred", 1, 0.85, 0.9, 0.75),
            ShiftRow(name, "blurred", 3, 0.6, 0.5, 0.8),
        ]
        report = ShiftReport("test", 660, None, tuple(rows))
        write_text(measured / "shifts.json", to_json(report))
        words = [str(root / "models"), "--results", str(measured)]
        assert networks.main([*words, "--out", str(measured)]) == 0
        shown = capsys.readouterr().out
        (row,) = [line for line in shown.splitlines() if line.startswith("| cnn32")]
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[6:8] == ["0.800, darker", "0.900 (0.750), blurred"]

    def test_colour_baseline_has_a_row_without_a_file(
        self, root, measured, result, capsys
    ):
        subject = dataclasses.replace(
            result.measurement.subject, name="colour_baseline", model_sha256=None
        )
        measurement = dataclasses.replace(result.measurement, subject=subject)
        dataclasses.replace(result, measurement=measurement).write(
            measured / "pi5" / "colour_baseline.json"
        )
        words = [str(root / "models"), "--results", str(measured)]
        assert networks.main([*words, "--out", str(measured)]) == 0
        shown = capsys.readouterr().out
        (row,) = [line for line in shown.splitlines() if line.startswith("| colour")]
        assert row.count("no model file") == 3

    def test_rows_of_files_no_longer_at_hand_are_kept(
        self, root, measured, tmp_path, capsys
    ):
        kept = tmp_path / "rows.json"
        words = [str(root / "models"), "--results", str(measured), "--keep", str(kept)]
        assert networks.main([*words, "--out", str(measured)]) == 0
        assert f"{kept} is not there yet" in capsys.readouterr().err
        values = json.loads(kept.read_text())
        (machine,) = values["machines"]
        (row,) = values["machines"][machine]
        other = ["gone.qat_int8", *row[1:3], "0.999 (0.9 to 1)", *row[4:]]
        stale = [row[0], *row[1:3], "0.111 (0.1 to 0.2)", *row[4:]]
        values["machines"] = {machine: [stale, other], "another-machine": [other]}
        kept.write_text(json.dumps(values))
        assert networks.main([*words, "--out", str(measured)]) == 0
        written = json.loads(kept.read_text())["machines"]
        assert written == {machine: [other, row], "another-machine": [other]}
        shown = (measured / "grid.md").read_text()
        assert shown.index("| gone.qat_int8") < shown.index("| cnn32.qat_int8")
        assert shown.count("| gone.qat_int8") == 2
        assert "Networks side by side, another-machine" in shown

    def test_page_shows_the_rows_that_are_kept(self, root):
        kept = json.loads((root / "docs/networks.json").read_text("utf-8"))["machines"]
        lines = (root / "docs/networks.md").read_text("utf-8").splitlines()
        assert kept
        for machine, rows in kept.items():
            start = lines.index(f"## {machine}") + 4
            shown = lines[start : start + len(rows)]
            assert shown == [f"| {' | '.join(row)} |" for row in rows]
            assert lines[start + len(rows) :][:1] in ([], [""])

    @pytest.mark.parametrize(
        "text", ["{", "[]", '{"head": ["file"], "machines": {"a": [["b"]]}}']
    )
    def test_other_file_is_not_taken_for_rows(
        self, root, measured, tmp_path, capsys, text
    ):
        kept = tmp_path / "rows.json"
        kept.write_text(text)
        words = [str(root / "models"), "--results", str(measured), "--keep", str(kept)]
        assert networks.main([*words, "--out", str(measured)]) == 1
        assert str(kept) in capsys.readouterr().err
        assert kept.read_text() == text

    def test_results_of_other_files_are_refused_with_the_way(
        self, root, measured, capsys
    ):
        lesion = str(root / "models/lesion32.qat_int8.tflite")
        assert networks.main([lesion, "--results", str(measured)]) == 1
        assert "python benchmarks/run.py" in capsys.readouterr().err


def _seeded(card, seed, auc, **settings):
    """A card as another seed would have left it."""
    training = dict(card.provenance.training)
    training["settings"] = {**training["settings"], "seed": seed, **settings}
    return dataclasses.replace(
        card,
        provenance=dataclasses.replace(card.provenance, training=training),
        accuracy=tuple(
            dataclasses.replace(card.accuracy[0], split=split, source=None, auc=auc)
            for split in ("val", "test", "test_clean")
        ),
    )


class TestSeeds:
    @pytest.fixture
    def shipped(self, root):
        return read_model_file(root / "models/lesion32.qat_int8.tflite")

    def test_mean_and_spread_are_those_of_the_cards(self, shipped):
        aucs = [0.95, 0.93, 0.94, 0.96, 0.92]
        cards = [_seeded(shipped.card, seed, auc) for seed, auc in enumerate(aucs)]
        table = seeds.seeds_table(cards)
        rows = {row[0]: dict(zip(table.head, row, strict=True)) for row in table.rows}
        for name in ("AUC, val", "AUC, test", "AUC, clean test"):
            assert rows["mean"][name] == "0.9400"
            # sqrt(0.001 / 4): five values in steps of 0.01.
            assert rows["standard deviation"][name] == "0.0158"
            assert rows["seed 3"][name] == "0.9600"
        for card in cards:
            recall = card.accuracy[1].recall.value
            assert rows["mean"]["recall, test"] == f"{recall:.4f}"

    @pytest.mark.parametrize(
        ("settings", "seed", "message"),
        [
            ({"epochs": 3}, 1, "differ in epochs"),
            ({}, 0, "expected each once"),
        ],
    )
    def test_what_is_no_other_seed_is_refused(self, shipped, settings, seed, message):
        cards = [
            _seeded(shipped.card, 0, 0.9),
            _seeded(shipped.card, seed, 0.9, **settings),
        ]
        with pytest.raises(BenchmarkError, match=message):
            seeds.seeds_table(cards)

    def test_command_reads_files(self, shipped, tmp_path, capsys):
        paths = []
        for seed, auc in enumerate((0.95, 0.93)):
            paths.append(tmp_path / str(seed) / "lesion32.qat_int8.tflite")
            card = _seeded(shipped.card, seed, auc)
            paths[-1].parent.mkdir()
            write_model_file(
                paths[-1], shipped.model, card, shipped.labels, shipped.golden
            )
        assert seeds.main([*map(str, paths), "--out", str(tmp_path)]) == 0
        shown = capsys.readouterr().out
        assert "2 seeds of lesion32.qat_int8" in shown
        assert f"{np.std([0.95, 0.93], ddof=1):.4f}" in shown
        assert (tmp_path / "seeds.md").read_text() == shown

    def test_one_file_has_no_spread(self, root, capsys):
        assert seeds.main([str(root / "models/lesion32.qat_int8.tflite")]) == 1
        assert "two files at least" in capsys.readouterr().err
