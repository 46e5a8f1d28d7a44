#!/bin/sh
# Debian 13's Swift compiler in a folder, for Debian 12, which has none.
#
#   tests/convert/kits/make_swift.sh FOLDER
#
# About 550 MB to download, 2.5 GB on the disk. Needs root on Debian or Ubuntu, x86-64.
set -eu

folder=${1:?usage: make_swift.sh FOLDER}
root=$folder/root
apt=$folder/apt
mirror=$(sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\).*/\2/p' \
    /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | head -1)

mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$root/proc" "$root/dev"
echo "deb ${mirror:-http://deb.debian.org/debian} trixie main" >"$apt/sources.list"
: >"$apt/status"
options="-qq -o Dir::Etc::sourcelist=$apt/sources.list -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State::lists=$apt/lists -o Dir::Cache=$apt/cache
    -o Dir::State::status=$apt/status -o APT::Install-Recommends=false
    -o Debug::NoLocking=1"
case $folder in /*) ;; *) options=$(echo "$options" | sed "s|=$folder|=$PWD/$folder|g") ;; esac
# An empty status file makes apt bring everything down to the C library.
apt-get $options update
apt-get $options install -y --download-only \
    base-files bash coreutils libc6-dev libstdc++-14-dev swiftlang >/dev/null
dpkg-deb -x "$apt"/cache/archives/base-files_*.deb "$root"
for package in "$apt"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$root"
done
rm -rf "$apt"
echo "$folder is ready"
