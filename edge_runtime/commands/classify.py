"""The verb ``classify``: photos and folders in, one verdict per photo out."""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload

from edge_runtime.batch import Outcome, judged
from edge_runtime.classifier import LesionClassifier
from edge_runtime.commands.verdict_table import WIDEST_NAME, heading, row
from edge_runtime.errors import AnswerError, PhotoError, ResultFileError, UsageError
from edge_runtime.photos.crop import CENTRE, Crop, CropError, parsed
from edge_runtime.photos.paths import once_each, photos_in
from edge_runtime.photos.quality import FINDING_NAMES, FRAMING
from edge_runtime.site_calibration.file import site_choice
from edge_runtime.terminal import logs
from edge_runtime.terminal.arguments import at_least
from edge_runtime.terminal.command_parser import CommandParser, from_keywords
from edge_runtime.terminal.native_log import without_info_lines
from edge_runtime.terminal.progress import ProgressLine
from edge_runtime.verdict import Verdict, model_lines


def add_answer_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--answers",
        type=Path,
        metavar="FILE",
        help='JSON object of answers about the lesion, {"age": 61, "itch": "yes"}, for'
        " a model whose card asks; they hold for all photos, what is left out is"
        " unknown",
    )
    parser.add_argument(
        "--answer",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        type=_pair,
        help="one answer, such as itch=yes; comes before the file's; may be repeated",
    )


def given_answers(
    file: Path | None, pairs: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """Both together.

    Raises:
        AnswerError: when the file holds no JSON object.
    """
    found = {} if file is None else _read(file)
    return found | dict(pairs)


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise AnswerError(f"the answers {file} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise AnswerError(
            f'{file} should hold an object such as {{"itch": "yes"}}; got'
            f" {type(found).__name__}"
        )
    return found


def _pair(word: str) -> tuple[str, str]:
    name, sign, value = word.partition("=")
    if not sign or not name.strip():
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, got {word!r}")
    return name.strip(), value.strip()


DETAILS = """\
Prints one line per photo, with what the model's recall and specificity were when it
was measured. Photos that cannot be read are named on standard error; the rest go on.

--json prints one JSON object per line instead, in the order of the photos:
  {"type": "verdict", "photo": ..., "decision": ..., "reason": ..., "probability": ...,
   "threshold": ..., "accuracy": {"split": ..., "recall": {...}, "specificity": {...},
   ...}, "answers": {...}, ...}
  {"type": "error", "photo": ..., "error": ...}       for a photo that cannot be read

--jsonl and --csv write to a file instead. Stopped or killed, the same command goes on
where it was: each photo gets exactly one line.

The verdict is the decision; read nothing else as an answer. For an unusable photo the
label is null, and the probability a figure without meaning.

decision is "investigate", "uncertain", "monitor", or "unusable photo" (far too dark,
far too bright, blank, blurred, no lesion, no skin), which is a verdict and no error;
--accept NAME turns findings of that name into cautions.

exit status: 0 every photo has a verdict; 1 none has, or the model cannot be used;
2 wrong usage; 3 some photos have none.
"""

ALL_FINDINGS = "all"
ALL_NAMES = (*FINDING_NAMES, FRAMING)
AUTO = "auto"


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    model: Path
    places: tuple[Path, ...]
    json: bool = False
    threads: int | None = None
    workers: int = 1
    site: bool | Path = True
    accepted: tuple[str, ...] = ()
    jsonl: Path | None = None
    csv: Path | None = None
    heatmap: Path | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    crop: Crop | None = CENTRE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("model", type=Path, help="a .tflite file of this toolkit")
    parser.add_argument(
        "places",
        type=Path,
        nargs="+",
        metavar="photo_or_folder",
        help="photos, patterns such as '**/*.jpg', folders to search for photos at any"
        " depth, or - for a list of paths on standard input",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON lines")
    form.add_argument("--jsonl", type=Path, help="write JSON lines to this file")
    form.add_argument("--csv", type=Path, help="write a table to this file")
    form.add_argument(
        "--heatmap",
        type=Path,
        help="PNG that shows which parts of the photo raise the score; a folder of them"
        " for several photos",
    )
    parser.add_argument(
        "--threads",
        type=at_least(1),
        help="threads of the interpreter; measured when absent, mostly 1",
    )
    parser.add_argument(
        "--workers", type=at_least(1), default=1, help="photos decoded side by side"
    )
    parser.add_argument(
        "--accept",
        action="append",
        default=[],
        choices=[*ALL_NAMES, ALL_FINDINGS],
        help="give verdicts despite this finding; may be repeated",
    )
    parser.add_argument(
        "--crop",
        type=_crop,
        default=CENTRE,
        metavar="X,Y,SIDE",
        help="square to judge: its middle as shares of the photo's width and height,"
        " and its side as a share of the shorter one, such as 0.5,0.4,0.3; or auto,"
        " which looks for the lesion. Without it the largest square in the middle",
    )
    add_answer_options(parser)
    parser.add_argument(
        "--site",
        type=site_choice,
        default=True,
        metavar="FILE|none",
        help="site file to judge by (see calibrate), or none for the card's own"
        " threshold; the one beside the model, where there is one, unless given",
    )


def run(options: argparse.Namespace) -> int:
    """Do what the parsed options ask for; returns the exit status.

    Raises:
        EdgeRuntimeError: when the model cannot be used, or the file not be written.
    """
    return judge(_settings(options))


def _settings(options: argparse.Namespace) -> Settings:
    accepted = ALL_NAMES if ALL_FINDINGS in options.accept else tuple(options.accept)
    return Settings(
        options.model,
        tuple(options.places),
        options.json,
        options.threads,
        options.workers,
        options.site,
        accepted,
        options.jsonl,
        options.csv,
        options.heatmap,
        given_answers(options.answers, options.answer),
        options.crop,
    )


@overload
def classify(model: str | Path, photos: str | Path, **options: Any) -> Verdict: ...


@overload
def classify(
    model: str | Path, photos: Sequence[str | Path], **options: Any
) -> list[Outcome]: ...


def classify(
    model: str | Path, photos: str | Path | Sequence[str | Path], **options: Any
) -> Verdict | list[Outcome]:
    """Judge photos as ``lesion-edge classify`` does.

        verdict = classify("models/cnn64.qat_int8.tflite", "photo.jpg")
        outcomes = classify("models/cnn64.qat_int8.tflite", ["photos"], workers=2)

    Whoever judges photos as they come keeps a ``LesionClassifier`` instead, which
    loads the model once.

    Args:
        model: a .tflite file of this toolkit.
        photos: one photo; or several, folders and patterns among them.
        options: those of the command, with underscores, but for those that say where to
            write. ``answers`` may be a mapping too.

    Returns:
        The verdict on one photo; of several, an outcome each, in order, which holds a
        verdict or the reason why there is none.

    Raises:
        UsageError: when there is no such option, or a value will not do.
        ModelFileError: when the model cannot be used.
        PhotoError: when the one photo cannot be read.
    """
    alone = isinstance(photos, (str, Path))
    places = [photos] if isinstance(photos, (str, Path)) else [*photos]
    if isinstance(told := options.get("answers"), Mapping):
        pairs = [f"{name}={value}" for name, value in told.items()]
        options = {**options, "answers": None, "answer": pairs}
    settings = from_keywords(_parse, options, places=[model, *places])
    if settings.json or settings.jsonl or settings.csv or settings.heatmap:
        raise UsageError("json, jsonl, csv and heatmap are for the command line only")
    if alone and not settings.places[0].is_file():
        raise PhotoError(
            f"{photos}: expected one photo; give folders and patterns in a list"
        )
    classifier = _classifier(settings)
    if alone:
        return classifier.classify(settings.places[0])
    return [
        *judged(classifier, once_each(photos_in(settings.places)), settings.workers)
    ]


def _parse(given: Sequence[str]) -> Settings:
    parser = CommandParser()
    add_arguments(parser)
    return _settings(parser.parse_args(given))


def _classifier(settings: Settings) -> LesionClassifier:
    return LesionClassifier.load(
        settings.model,
        threads=settings.threads,
        site=settings.site,
        accepted=settings.accepted,
        answers=settings.answers,
        crop=settings.crop,
    )


def judge(settings: Settings) -> int:
    """Classify every photo and print the verdicts; returns the exit status.

    Raises:
        EdgeRuntimeError: when the model cannot be used, or the file not be written.
    """
    with without_info_lines():
        classifier = _classifier(settings)
    photos = once_each(photos_in(settings.places))
    file = settings.jsonl or settings.csv
    if file:
        failed = _to_file(classifier, photos, settings, file)
    elif settings.heatmap:
        # Here, as only this option needs to draw.
        from edge_runtime.commands.heat_map_files import draw_heat_maps

        failed = draw_heat_maps(classifier, photos, settings.heatmap)
    else:
        failed = _to_terminal(classifier, photos, settings)
    if settings.json and classifier.site:
        # The table says so itself; lines of JSON tell it by the split of "accuracy".
        logs.note(classifier.operating_point)
    if failed:
        logs.note(f"{failed} of {len(photos)} photos have no verdict", failed=failed)
    return 1 if failed == len(photos) else 3 if failed else 0


def _to_terminal(
    classifier: LesionClassifier, photos: Sequence[Path], settings: Settings
) -> int:
    """Print every outcome; returns how many photos have no verdict."""
    show = _print_json if settings.json else _table(classifier, photos)
    failed = 0
    for outcome in judged(classifier, photos, settings.workers):
        show(outcome)
        if outcome.error is not None:
            failed += 1
            logs.error(outcome.error, photo=outcome.photo)
    return failed


def _to_file(
    classifier: LesionClassifier,
    photos: Sequence[Path],
    settings: Settings,
    path: Path,
) -> int:
    """Write every outcome that the file lacks; returns failures, old ones too."""
    # Here, as a single photo on a terminal has to wait for the import too.
    from edge_runtime.commands.verdict_files import CSV, JSON_LINES, ResultFile

    if settings.answers and path.exists():
        raise ResultFileError(
            f"{path} is there already, and its verdicts may have been given under other"
            " answers; name another file"
        )
    layout = JSON_LINES if settings.jsonl else CSV
    decisions: Counter[str] = Counter()
    with ExitStack() as stack:
        file = stack.enter_context(ResultFile(path, layout, classifier.card))
        left = [photo for photo in photos if str(photo) not in file.done]
        done = len(photos) - len(left)
        failed = file.failed
        line = stack.enter_context(ProgressLine(stages=False))
        judgements = judged(classifier, left, settings.workers)
        for count, outcome in enumerate(judgements, done):
            line.show("photos", count, len(photos))
            file.write(outcome)
            if outcome.verdict is None:
                failed += 1
                logs.error(outcome.error or "", photo=outcome.photo)
            else:
                decisions[outcome.verdict.decision] += 1
    for words in model_lines(classifier.card):
        print(words)
    counts = ", ".join(f"{count} {name}" for name, count in sorted(decisions.items()))
    print(f"{path}: {len(left)} photos judged ({counts or 'none'}), {done} before")
    return failed


def _print_json(outcome: Outcome) -> None:
    _print_now(json.dumps(outcome.to_json()))


def _table(
    classifier: LesionClassifier, photos: Sequence[Path]
) -> Callable[[Outcome], None]:
    width = min(WIDEST_NAME, max(len(str(photo)) for photo in photos))
    for line in (*model_lines(classifier.card), "", heading(width)):
        _print_now(line)

    def show(outcome: Outcome) -> None:
        # The table holds verdicts only; standard error names the other photos.
        if outcome.verdict is not None:
            _print_now(row(outcome.verdict, width))

    return show


def _print_now(line: str) -> None:
    # A long run should show its verdicts as they come, also through a pipe.
    print(line, flush=True)


def _crop(word: str) -> Crop | None:
    """The square; None where it is to be looked for."""
    try:
        return None if word == AUTO else parsed(word)
    except CropError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
