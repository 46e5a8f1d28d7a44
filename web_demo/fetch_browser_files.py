"""Fetch what runs inside the pages: LiteRT.js, by version and hash, from npm.

Run: python web_demo/fetch_browser_files.py

npm installs the versions of ``browser/package-lock.json`` and checks their hashes. The
few files that a browser needs are copied to ``.browser-files/`` and compressed once;
nothing of npm or Node runs when the pages are served.
"""

import argparse
import gzip
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

if not __package__:
    # Started as a file: Python put web_demo/ first on the path, where a module could
    # hide another.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

HERE = Path(__file__).resolve().parent
FILES = HERE.parent / ".browser-files"
LOCK = HERE / "browser"

# The builds with relaxed SIMD, for current browsers, and without, for older ones.
BUILDS = ("litert_wasm_internal", "litert_wasm_compat_internal")

# LiteRT.js names its helper as a package, which only a bundler would find.
BARE_IMPORT = 'from "@litertjs/wasm-utils"'
OUR_IMPORT = 'from "./wasm-utils.js"'

# Quality 9 of 11 takes seconds instead of minutes and gives 3 % more bytes.
BROTLI = """
const fs = require("fs"), zlib = require("zlib");
const params = {[zlib.constants.BROTLI_PARAM_QUALITY]: 9};
for (const path of process.argv.slice(1)) {
  const packed = zlib.brotliCompressSync(fs.readFileSync(path), {params});
  fs.writeFileSync(path + ".br", packed);
}
"""


class FetchError(Exception):
    """The files cannot be fetched here."""


def fetch(target: Path = FILES) -> list[Path]:
    """Install, copy, compress; gives the files, without their compressed twins.

    Raises:
        FetchError: when npm or Node is missing, or npm fails.
    """
    for program in ("npm", "node"):
        if shutil.which(program) is None:
            raise FetchError(
                f"{program} is not installed; it fetches the in-browser runtime, and is"
                " not needed afterwards. Debian: apt-get install npm. The pages work"
                " without these files, with the model on the server."
            )
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        for lock in LOCK.glob("package*.json"):
            shutil.copy(lock, scratch)
        _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], scratch)
        ready = scratch / "ready"
        ready.mkdir()
        files = _copied(scratch / "node_modules/@litertjs", ready)
        for path in files:
            packed = gzip.compress(path.read_bytes(), 9, mtime=0)
            path.with_name(f"{path.name}.gz").write_bytes(packed)
        _run(["node", "-e", BROTLI, *map(str, files)], scratch)
        if target.exists():
            shutil.rmtree(target)
        shutil.copytree(ready, target)
    return [target / path.name for path in files]


def _copied(packages: Path, ready: Path) -> list[Path]:
    code = (packages / "core/dist/index.js").read_text(encoding="utf-8")
    if code.count(BARE_IMPORT) != 1:
        raise FetchError(
            f"expected one {BARE_IMPORT} in LiteRT.js, got {code.count(BARE_IMPORT)}:"
            " this script fits another version. See browser/package.json."
        )
    index, wasm_utils = ready / "index.js", ready / "wasm-utils.js"
    index.write_text(code.replace(BARE_IMPORT, OUR_IMPORT), encoding="utf-8")
    shutil.copy(packages / "wasm-utils/dist/index.js", wasm_utils)
    builds = [
        shutil.copy(packages / f"core/wasm/{build}{suffix}", ready)
        for build in BUILDS
        for suffix in (".js", ".wasm")
    ]
    return [index, wasm_utils, *map(Path, builds)]


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise FetchError(f"{command[0]} failed: {' '.join(said)}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a shell; returns the exit status."""
    parser = argparse.ArgumentParser(
        description="Fetch the in-browser runtime (LiteRT.js) with npm, by version and"
        f" hash, into {FILES.name}/ of the checkout."
    )
    parser.parse_args(arguments)
    try:
        files = fetch()
    except FetchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the files that were there stay", file=sys.stderr)
        return 130
    for path in files:
        plain = path.stat().st_size
        packed = path.with_name(f"{path.name}.br").stat().st_size
        print(f"{path.name:36}{plain:>12,} bytes{packed:>12,} with brotli")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
