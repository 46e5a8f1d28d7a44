#!/bin/sh
# The files of a 64-bit Raspberry Pi OS (Debian 12, Python 3.11) with the runtime in them,
# to be run by qemu-aarch64 without chroot, mount or binfmt.
#
#   tests/arm/make_system.sh FOLDER [PYTHON]
#
# About 350 MB. Needs root on Debian or Ubuntu, and PYTHON with pip (.venv/bin/python).
set -eu

folder=${1:?usage: make_system.sh FOLDER [PYTHON]}
python=${2:-.venv/bin/python}
here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../.." && pwd)

if ! command -v qemu-aarch64 >/dev/null || ! command -v debootstrap >/dev/null; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends qemu-user debootstrap
fi

root=$folder/root
if [ ! -x "$root/usr/bin/python3.11" ]; then
    rm -rf "$root"
    mkdir -p "$folder"
    # --foreign unpacks only what its second stage needs; the rest is unpacked here.
    debootstrap --foreign --arch=arm64 --variant=minbase --include=python3 \
        bookworm "$root" >"$folder/debootstrap.log" ||
        { tail -5 "$folder/debootstrap.log" >&2; exit 1; }
    for package in "$root"/var/cache/apt/archives/*.deb; do
        dpkg-deb -x "$package" "$root"
    done
    rm -rf "$root"/var/cache/apt/archives
fi

# The small distribution and what it asks for, in the wheels that a Pi would get. pip
# does not expand a platform that it is told, so each tag in use is named.
rm -rf "$folder/wheels" "$root/site"
"$python" -m pip wheel --quiet --disable-pip-version-check --no-deps \
    --wheel-dir "$folder/wheels" "$checkout/edge_runtime"
"$python" -m pip install --quiet --disable-pip-version-check --target "$root/site" \
    --only-binary :all: --python-version 3.11 --implementation cp \
    --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 \
    --platform manylinux_2_17_aarch64 --platform manylinux2014_aarch64 \
    "$folder"/wheels/lesion_edge_runtime-*.whl

# The C++ kit is compiled for it.
if ! command -v aarch64-linux-gnu-g++ >/dev/null; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends g++-aarch64-linux-gnu
fi

if command -v gcc >/dev/null; then
    gcc -shared -fPIC -O2 -o "$folder/count_instructions.so" \
        "$here/count_instructions.c"
fi
echo "$folder is ready"
