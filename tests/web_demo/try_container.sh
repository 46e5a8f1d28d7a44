#!/bin/sh
# Build web_demo/Containerfile for real and run it as docs/web.md says: as a user
# without rights, without capabilities, read-only, and without any network.
#
# Usage: try_container.sh FOLDER [BASE]. Without a BASE image, a Debian with Python is
# made in FOLDER (250 MB), which asks no image registry. Debian, root, podman, debootstrap.
set -eu

folder=$1
base=${2:-}
image=localhost/lesion-edge-test
name=lesion-edge-test-$$

# runc, and limits no higher than the caller's, so that it works inside a virtual
# machine or container that may not raise them, too.
podman="podman --runtime runc"
limits="--ulimit nofile=1024:1024 --ulimit nproc=1024:1024"

if [ -z "$base" ]; then
    base=localhost/lesion-edge-test-base
    if ! $podman image exists "$base"; then
        debootstrap --variant=minbase \
            --include=ca-certificates,python3,python3-venv \
            trixie "$folder/root" http://deb.debian.org/debian > "$folder/debootstrap.log"
        # Debian's own pip may not replace Debian's packages.
        chroot "$folder/root" python3 -m venv /usr/local
        # A proxy on the way may have a certificate of its own.
        cp /etc/ssl/certs/ca-certificates.crt "$folder/root/etc/ssl/certs/"
        tar -C "$folder/root" -c . | $podman import - "$base"
        rm -rf "$folder/root"
    fi
fi

# shellcheck disable=SC2086
$podman build --format docker --network host $limits --build-arg "BASE=$base" \
    -f web_demo/Containerfile -t "$image" .

# shellcheck disable=SC2086
$podman run --detach --name "$name" --read-only --read-only-tmpfs=false --cap-drop all \
    --security-opt no-new-privileges --network none $limits "$image"
trap '$podman rm --force --time 5 "$name" > /dev/null' EXIT

# The server needs a moment before it is well.
tries=0
until $podman healthcheck run "$name" > /dev/null; do
    tries=$((tries + 1))
    test $tries -lt 60 || { $podman logs "$name"; exit 1; }
    sleep 2
done
echo "health check: well"

test "$($podman exec "$name" id -u)" = 65534
echo "user: 65534"
if $podman exec "$name" sh -c 'touch /app/x || touch /tmp/x' 2> /dev/null; then
    echo "error: something could be written" >&2
    exit 1
fi
echo "file system: read-only"

$podman exec -i "$name" python -c '
import sys, urllib.request
line = b"--line\r\n"
head = b"Content-Disposition: form-data; name=\"photo\"; filename=\"photo.png\"\r\n\r\n"
body = line + head + sys.stdin.buffer.read() + b"\r\n--line--\r\n"
asked = urllib.request.Request(
    "http://127.0.0.1:8000/api/v1/classify", body,
    {"Content-Type": "multipart/form-data; boundary=line", "Host": "localhost"})
print(urllib.request.urlopen(asked, timeout=60).read().decode()[:300])
' < samples/drawn_tone3_irregular.png
