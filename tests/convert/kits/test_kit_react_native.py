"""The React Native kit, checked by tsc against the real packages' types."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def modules():
    named = os.environ.get("LESION_EDGE_KITS_MODULES")
    if not named or not (Path(named) / "react-native").is_dir():
        pytest.skip("needs the packages that make test-kits installs")
    return Path(named).resolve()


@pytest.fixture(scope="module")
def kit(kit_of, modules):
    out = kit_of("react-native")
    (out / "node_modules").symlink_to(modules)
    return out


def _checked(kit, modules):
    return subprocess.run(
        ["node", modules / "typescript/bin/tsc", "-p", "."],
        cwd=kit, capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip


def test_app_fits_the_types_of_the_packages(kit, modules):
    done = _checked(kit, modules)
    assert done.returncode == 0, done.stdout


def test_the_check_sees_a_call_that_does_not_fit(kit, modules):
    path = kit / "src/model.ts"
    text = path.read_text()
    path.write_text(text.replace("part.slice().buffer", "part"))
    try:
        done = _checked(kit, modules)
    finally:
        path.write_text(text)
    assert "src/model.ts" in done.stdout


def test_versions_are_those_that_were_checked(kit, modules):
    wanted = json.loads((kit / "package.json").read_text())["dependencies"]
    for name, version in wanted.items():
        found = json.loads((modules / name / "package.json").read_text())["version"]
        assert found == version, name


def test_rgb_is_found_in_any_order_of_bytes(kit, modules, tmp_path):
    """rgbOf runs in Node: it takes bytes and a word, and nothing native."""
    source = (kit / "src/pixels.ts").read_text()
    start = source.index("/** Android gives RGBA")
    types = "type RawPixelData = any; type Image = any;\n"
    (tmp_path / "rgb.ts").write_text(types + source[start:])
    subprocess.run(
        ["node", modules / "typescript/bin/tsc", "--target", "es2022", "--module",
         "es2022", "--skipLibCheck", "rgb.ts"],
        cwd=tmp_path, check=True, timeout=100,
    )  # fmt: skip
    shutil.move(tmp_path / "rgb.js", tmp_path / "rgb.mjs")
    for order in ("RGBA", "BGRA", "ARGB", "ABGR", "XBGR", "RGB", "BGR"):
        levels = {"R": 1, "G": 2, "B": 3, "A": 255, "X": 0}
        bytes_ = [levels[letter] for letter in order] * 2
        program = (
            'import {rgbOf} from "./rgb.mjs"; console.log(rgbOf({buffer:'
            f" Uint8Array.from({bytes_}).buffer, width: 2, height: 1,"
            f' pixelFormat: "{order}"}}).rgb.join())'
        )
        done = subprocess.run(
            ["node", "--input-type=module", "-e", program],
            cwd=tmp_path, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.strip() == "1,2,3,1,2,3", order


def test_metro_knows_the_model(kit):
    config = (kit / "metro.config.js").read_text()
    assert re.search(r"assetExts: \[.*'tflite'\]", config)


def test_page_and_packages_speak_of_one_version(kit, modules):
    """A package.json that goes over the app's own has to name what its template did."""
    packages = json.loads((kit / "package.json").read_text())
    native = packages["dependencies"]["react-native"]
    tools = packages["devDependencies"]
    page = (kit / "README.md").read_text()
    command = f"cli@{tools['@react-native-community/cli']} init LesionApp"
    assert f"{command} --version {native} " in page
    assert tools["@react-native/metro-config"] == native
    assert tools["@react-native/babel-preset"] == native
    # run-android and run-ios come from these, no more with the CLI itself.
    for platform in ("android", "ios"):
        name = f"@react-native-community/cli-platform-{platform}"
        assert tools[name] == tools["@react-native-community/cli"]
    # React Native refuses to draw with another React than it was built with.
    renderers = modules / "react-native/Libraries/Renderer/implementations"
    built = (renderers / "ReactFabric-prod.js").read_text()
    assert f'"{packages["dependencies"]["react"]}"' in built
