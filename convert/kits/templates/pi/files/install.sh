#!/bin/sh
# The runtime of this kit in an environment of its own: ./install.sh
# 64-bit Raspberry Pi OS with Python 3.11 or later. For a 32-bit one see README.md.
set -eu
cd "$(dirname "$0")"
python3 -m venv venv
# Each file that comes from a registry is held against its hash.
venv/bin/python -m pip install --disable-pip-version-check --require-hashes -r requirements.txt
venv/bin/python -m pip install --disable-pip-version-check --no-index --no-deps \
    --no-build-isolation runtime/edge_runtime
venv/bin/python self_test.py
