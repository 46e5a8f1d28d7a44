"""What the pages weigh, and how long a person waits for a verdict, in Chromium.

Run: .venv-web/bin/python -m benchmarks.web.page --model models/cnn64.qat_int8.tflite

Needs what ``make test-web`` installs: Playwright, Chromium and LiteRT.js.
"""

import argparse
import base64
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.text.tables import text_table
from benchmarks.web.browser import LARGE_RUNS, RUNS, Visit, chromium, stages_ms, visit
from benchmarks.web.server import ServerError, WebServer
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.files.atomic import write_text
from edge_runtime.measuring.machine import describe_machine
from edge_runtime.measuring.revision import CHECKOUT, revision
from edge_runtime.terminal.exit_status import exit_status

PHOTO = CHECKOUT / "samples/drawn_tone3_irregular.png"
PHONE_PX, PHONE_QUALITY = (4000, 3000), 90
LIBRARY = CHECKOUT / ".browser-files"


@dataclass(frozen=True)
class Settings:
    """What the command line asks for; one field per option."""

    models: tuple[Path, ...]
    visits: int
    out: Path | None


def parse(arguments: Sequence[str] | None) -> Settings:
    """Turn command-line arguments into settings, or exit with a usage message."""
    parser = argparse.ArgumentParser(
        description="Weigh and time the pages in Chromium on this machine."
    )
    parser.add_argument("--model", type=Path, required=True, action="append")
    parser.add_argument(
        "--visits", type=int, default=5, help="of each kind, each in a new browser"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="JSON with everything")
    options = parser.parse_args(arguments)
    return Settings(tuple(options.model), options.visits, options.out)


def measure(settings: Settings) -> dict[str, Any]:
    """Everything, as JSON values.

    Raises:
        EdgeRuntimeError: when a model cannot be used.
        ServerError: when the server or the browser is missing.
    """
    with chromium() as browser:
        visits = _visits(browser, settings)
        stages = _stages(browser, settings)
        found = {"chromium": browser.version, "visits": visits, "stages_ms": stages}
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": asdict(describe_machine()),
        "revision": asdict(revision()),
        **found,
        "bytes": _bytes(),
    }


def _visits(browser: Any, settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """For the device and the server, the first visit and the next one."""
    found: dict[str, list[dict[str, Any]]] = {}

    def note(kind: str, one: Visit) -> None:
        found.setdefault(kind, []).append(asdict(one))

    for _ in range(settings.visits):
        for where in ("device", "server"):
            # A server of its own for each, so that it is cold too.
            with WebServer(settings.models[:1], "--rate-limit", "0") as server:
                context = browser.new_context()
                for state in ("cold", "warm"):
                    one = visit(context, server.url, PHOTO, where)
                    note(f"{where}, {state}", one)
                context.close()
    return found


def _stages(browser: Any, settings: Settings) -> dict[str, dict[str, float]]:
    phone = io.BytesIO()
    picture = Image.open(PHOTO).convert("RGB").resize(PHONE_PX)
    picture.save(phone, "JPEG", quality=PHONE_QUALITY)
    photos = {
        "drawn": (PHOTO.read_bytes(), RUNS),
        "12 megapixels": (phone.getvalue(), LARGE_RUNS),
    }
    found = {}
    with WebServer(settings.models, "--rate-limit", "0") as server:
        page = browser.new_page()
        page.set_default_timeout(600_000)
        page.goto(f"{server.url}/about")
        for path in settings.models:
            for kind, (content, runs) in photos.items():
                encoded = base64.b64encode(content).decode()
                found[f"{path.stem}, {kind}"] = stages_ms(
                    page, path.stem, encoded, runs
                )
        page.close()
    return found


def _bytes() -> dict[str, int]:
    """The runtime's file, as it is and compressed."""
    wasm = LIBRARY / "litert_wasm_internal.wasm"
    return {
        "LiteRT.js WebAssembly": wasm.stat().st_size,
        "LiteRT.js WebAssembly, gzip": wasm.with_suffix(".wasm.gz").stat().st_size,
        "LiteRT.js WebAssembly, brotli": wasm.with_suffix(".wasm.br").stat().st_size,
    }


def tables(found: dict[str, Any]) -> str:
    """The figures as text."""
    visits = []
    for kind, each in found["visits"].items():
        ranges = [
            _range([one[key] for one in each]) for key in ("verdict_ms", "next_ms")
        ]
        sent = each[0]["sent_bytes"]
        parts = ", ".join(
            f"{part} {sent[part] / 1000:,.0f} kB" for part in sorted(sent)
        )
        visits.append([kind, *ranges, parts])
    stages = [
        [kind, *(f"{ms:.2f}" for ms in spent.values())]
        for kind, spent in found["stages_ms"].items()
    ]
    names = list(next(iter(found["stages_ms"].values())))
    return "\n\n".join(
        [
            text_table(["visit", "first verdict, ms", "next, ms", "sent"], visits),
            text_table(["in the page, median ms", *names], stages),
            text_table(
                ["file", "bytes"],
                [[name, f"{size:,}"] for name, size in found["bytes"].items()],
            ),
        ]
    )


def _range(samples: Sequence[float]) -> str:
    """Median, and all of them."""
    middle = sorted(samples)[len(samples) // 2]
    return f"{middle:.0f} ({min(samples):.0f}-{max(samples):.0f})"


@exit_status()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    settings = parse(arguments)
    try:
        found = measure(settings)
    except (OSError, EdgeRuntimeError, ServerError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(tables(found))
    if settings.out:
        write_text(settings.out, json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
