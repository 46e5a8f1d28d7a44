#!/bin/sh
# The runtime of this kit in an environment of its own: ./install.sh
# 64-bit Raspberry Pi OS with Python 3.11 or later. For a 32-bit one see README.md.
set -eu
cd "$(dirname "$0")"
python3 -m venv venv
venv/bin/python -m pip install --disable-pip-version-check "./edge_runtime[update]"
venv/bin/python self_test.py
