"""The verb ``doctor``: what is wrong with this device, and what to do about it."""

import argparse
import dataclasses
import importlib.util
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_runtime.errors import (
    CameraError,
    InterpreterMissingError,
    ModelFileError,
    SiteFileError,
)
from edge_runtime.measuring.machine import Machine, describe_machine
from edge_runtime.site_calibration.file import card_in_force, in_force, site_path
from edge_runtime.site_calibration.unlabelled import is_moved
from edge_runtime.terminal.native_log import without_info_lines
from edge_runtime.verdict import NOTICE

OK, WARNING, PROBLEM = "ok", "warning", "problem"

# Bits of vcgencmd get_throttled (Raspberry Pi documentation, "vcgencmd"): now, and the
# same 16 bits higher since the start.
THROTTLING = {
    0: "under-voltage",
    1: "clock capped",
    2: "throttled",
    3: "soft temperature limit",
}
_SINCE_START = 16
# Raspberry Pis slow down at 80 °C (same source); 10 below it is time to act.
_WARM_CELSIUS, _HOT_CELSIUS = 70.0, 80.0
_OLDEST_PYTHON, _NEWEST_PYTHON = (3, 11), (3, 14)
_LEAST_FREE_MB = 200
_INSTALL = "pip install ai-edge-litert"
_GIVE_MODEL = "give --model a whole .tflite file of this project"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: of the thing.
        status: ``"ok"``, ``"warning"`` or ``"problem"``.
        found: what there is.
        advice: what to do about it; empty when nothing needs doing.
    """

    name: str
    status: str
    found: str
    advice: str = ""


def system_checks(machine: Machine, *, pointer_bits: int = 0) -> Iterator[Check]:
    """Operating system, word length and Python."""
    bits = pointer_bits or (64 if sys.maxsize > 2**32 else 32)
    yield Check("system", OK, f"{machine.os} on {machine.board or 'an unknown board'}")
    if bits == 64:
        yield Check("word length", OK, f"64 bits, {machine.architecture}")
    else:
        yield Check(
            "word length",
            PROBLEM,
            f"32 bits, {machine.architecture}",
            "LiteRT has no 32-bit wheel: install the 64-bit Raspberry Pi OS, or bring"
            " tflite-runtime 2.14 and the system's numpy",
        )
    version = tuple(map(int, machine.python.split(".")[:2]))
    known = _OLDEST_PYTHON <= version <= _NEWEST_PYTHON
    yield Check(
        "python",
        OK if known else WARNING,
        f"{machine.python} ({platform.python_implementation()})",
        ""
        if known
        else f"use Python {_dotted(_OLDEST_PYTHON)} to {_dotted(_NEWEST_PYTHON)}, for"
        " which LiteRT has wheels",
    )


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def interpreter_checks(model: Path | None) -> Iterator[Check]:
    """The TFLite interpreter, and whether XNNPACK really took over a model."""
    # Here, since it takes as long as everything else together.
    from edge_runtime.model.file import read_model_file
    from edge_runtime.model.interpreter import open_model_file

    if model is None:
        yield from _without_model()
        return
    try:
        opened = open_model_file(read_model_file(model))
    except ModelFileError as error:
        yield Check("model", PROBLEM, str(error), _GIVE_MODEL)
        yield from _without_model()
        return
    except InterpreterMissingError as error:
        yield Check("interpreter", PROBLEM, str(error), _INSTALL)
        return
    yield Check("interpreter", OK, f"{opened.name} {opened.version}")
    yield operating_point_check(model)
    active = opened.kernel_family == "xnnpack"
    yield Check(
        "xnnpack",
        OK if active else WARNING,
        "active" if active else f"not active ({opened.kernel_family} kernels)",
        ""
        if active
        else "inference is slower and scores may differ by a step; is /proc/cpuinfo"
        " readable, and the interpreter ai-edge-litert 2?",
    )


def operating_point_check(model: Path) -> Check:
    """Whose threshold every interface uses with this model, and on what evidence."""
    # Here, since it takes as long as everything else together.
    from edge_runtime.model.file import read_model_file

    card = read_model_file(model).card
    try:
        used, source = card_in_force(card, model)
    except SiteFileError as error:
        return Check(
            "operating point",
            PROBLEM,
            str(error),
            f"make it again with lesion-edge calibrate, or remove {site_path(model)}",
        )
    found = in_force(used).removeprefix("operating point: ")
    if is_moved(used):
        return Check(
            "operating point",
            WARNING,
            found,
            "label photos and calibrate: recall at this site is not known",
        )
    measured = used.threshold
    return Check(
        "operating point",
        OK,
        f"{found}; recall {measured.recall.in_words}, specificity"
        f" {measured.specificity.in_words}" + (f" ({source})" if source else ""),
    )


def _without_model() -> Iterator[Check]:
    # Here, since it takes as long as everything else together.
    from edge_runtime.model.interpreter import found_interpreter

    try:
        yield Check("interpreter", OK, found_interpreter())
    except InterpreterMissingError as error:
        yield Check("interpreter", PROBLEM, str(error), _INSTALL)
    yield Check(
        "xnnpack", WARNING, "not looked at", "give a model: doctor --model FILE"
    )


def camera_checks(root: Path = Path("/")) -> Iterator[Check]:
    """Ways to a camera, and whether this user may use them."""
    there = importlib.util.find_spec("picamera2") is not None
    fault = _picamera2_fault() if there else None
    ways = {
        "picamera2": there and fault is None,
        "rpicam": bool(shutil.which("rpicam-vid") or shutil.which("libcamera-vid")),
    }
    devices = sorted((root / "dev").glob("video*"))
    ways["v4l2"] = bool(devices and shutil.which("ffmpeg"))
    usable = [name for name, there in ways.items() if there]
    yield Check(
        "camera software",
        OK if usable else WARNING,
        f"--source {', '.join(usable)}" if usable else "none",
        ""
        if usable
        else "sudo apt install rpicam-apps (or python3-picamera2; for USB cameras:"
        " ffmpeg)",
    )
    if fault is not None:
        yield fault
    closed = [str(path) for path in devices if not os.access(path, os.R_OK | os.W_OK)]
    if not devices:
        yield Check(
            "camera device",
            WARNING,
            "no /dev/video*",
            "connect the camera with the power off; rpicam-hello --list-cameras",
        )
    elif closed:
        yield Check(
            "camera device",
            PROBLEM,
            f"no permission for {', '.join(closed)}",
            "sudo usermod -aG video $USER, and log in again",
        )
    else:
        yield Check("camera device", OK, f"{len(devices)} of /dev/video*")


def _picamera2_fault() -> Check | None:
    """What stands in the way of picamera2: it is imported, and its camera opened."""
    # Here, as both take long and only a Raspberry Pi has it.
    from edge_runtime.camera.sources.raspberry_pi import imported, opened

    try:
        module = imported()
    except CameraError as error:
        found, _, advice = str(error).partition(". ")
        return Check("picamera2", PROBLEM, found, advice)
    try:
        opened(module).close()
    except (RuntimeError, OSError) as error:
        return Check(
            "picamera2",
            PROBLEM,
            f"its camera cannot be opened: {error}",
            "connect it with the power off, and look with rpicam-hello --list-cameras;"
            " if it is busy, another program has it (systemctl stop lesion-camera)",
        )
    return None


def heat_checks(machine: Machine) -> Iterator[Check]:
    """Temperature, throttling and who sets the clock."""
    celsius = machine.temperature_celsius
    if celsius is None:
        yield Check("temperature", OK, "not measured: no sensor known")
    else:
        hot, warm = celsius >= _HOT_CELSIUS, celsius >= _WARM_CELSIUS
        yield Check(
            "temperature",
            PROBLEM if hot else WARNING if warm else OK,
            f"{celsius:.0f} °C",
            "cool it: a heat sink or a fan; it slows down at 80 °C" if warm else "",
        )
    yield throttling_check(machine.throttled)
    governor = machine.governor
    slow = governor == "powersave"
    yield Check(
        "governor",
        WARNING if slow else OK,
        governor or "not known",
        "echo ondemand | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
        if slow
        else "",
    )


def throttling_check(flags: str | None) -> Check:
    """What the flags of a Raspberry Pi say.

    Args:
        flags: in hexadecimal, such as ``"50005"``; None on other boards.
    """
    if flags is None:
        return Check("throttling", OK, "not measured: no Raspberry Pi firmware")
    try:
        bits = int(flags, 16)
    except ValueError:
        return Check("throttling", WARNING, f"unreadable: {flags!r}", "look by hand")
    now = [name for bit, name in THROTTLING.items() if bits >> bit & 1]
    past = [
        name for bit, name in THROTTLING.items() if bits >> (bit + _SINCE_START) & 1
    ]
    if not bits:
        return Check("throttling", OK, "never since the start")
    found = f"now: {', '.join(now) or 'none'}; since the start: {', '.join(past)}"
    power = "under-voltage" in (*now, *past)
    advice = "use the board's own power supply and a short cable" if power else ""
    heat = "cool it: a heat sink or a fan" if {*now, *past} - {"under-voltage"} else ""
    return Check(
        "throttling",
        PROBLEM if now else WARNING,
        found,
        "; ".join(filter(None, (advice, heat))),
    )


def disk_check(folder: Path) -> Check:
    """Room where photos would be saved."""
    free_mb = shutil.disk_usage(folder).free / 1e6
    enough = free_mb >= _LEAST_FREE_MB
    return Check(
        "disk",
        OK if enough else WARNING,
        f"{free_mb:,.0f} MB free at {folder}",
        "" if enough else "free some room before using --save",
    )


DETAILS = """\
Looks at system, Python, interpreter, XNNPACK, the operating point in force (the card's
or a site file's), camera, temperature, throttling, governor and disk, and says what to
do next; changes nothing and opens no connection. A camera of picamera2 is opened for a
moment. --json prints one JSON object a line.

exit status: 0 no problem (there may be warnings); 1 a problem was found; 2 wrong usage.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "--model", type=Path, help="a .tflite file, to see XNNPACK work"
    )
    parser.add_argument("--json", action="store_true", help="print JSON lines")


def run(options: argparse.Namespace) -> int:
    """Look at everything and print it; returns the exit status."""
    with without_info_lines():
        checks = _all_checks(options.model)
    if options.json:
        for check in checks:
            print(json.dumps({"type": "check", **dataclasses.asdict(check)}))
    else:
        print(f"lesion-edge runtime: {NOTICE}")
        for check in checks:
            print(_line(check))
        for number, step in enumerate(next_steps(checks, options.model), start=1):
            print(f"next {number}: {step}")
    return 1 if any(check.status == PROBLEM for check in checks) else 0


def next_steps(checks: Sequence[Check], model: Path | None) -> Iterator[str]:
    """What to do now, in order: mend, or go on to the first verdict."""
    problems = [check for check in checks if check.status == PROBLEM]
    for check in problems:
        yield f"{check.name}: {check.advice}"
    if problems:
        yield "lesion-edge doctor, once more"
        return
    if model is None:
        yield "lesion-edge doctor --model FILE, with a .tflite file of this project"
        return
    yield f"lesion-edge classify {model} PHOTO"
    cameras = [each for each in checks if each.name == "camera software"]
    found = [each.found for each in cameras if each.found.startswith("--source ")]
    if found:
        source = found[0].removeprefix("--source ").partition(",")[0]
        yield f"lesion-edge camera --source {source} --model {model}"
    if not site_path(model).exists():
        yield (
            f"lesion-edge calibrate {model} --photos FOLDER, with this site's labelled"
            " photos in FOLDER/malignant and FOLDER/benign"
        )
    yield "to let it run by itself: edge_runtime/deploy/README.md"


def _all_checks(model: Path | None) -> list[Check]:
    machine = describe_machine()
    return [
        *system_checks(machine),
        *interpreter_checks(model),
        *camera_checks(),
        *heat_checks(machine),
        disk_check(Path.cwd()),
    ]


def _line(check: Check) -> str:
    advice = f"\n{'':27}do: {check.advice}" if check.advice else ""
    return f"{check.status:<8}  {check.name:<15}  {check.found}{advice}"
