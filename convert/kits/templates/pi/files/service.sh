#!/bin/sh
# A Raspberry Pi that judges what its camera shows, by itself: sudo ./service.sh
#
#   sudo ./service.sh [--source rpicam] [--photos FOLDER] [--from ADDRESS --key PUBLISHER.pub]
#
# Looks at the device and the camera; calibrates on the labelled photos in FOLDER, if given;
# installs this kit to /opt/lesion-edge, the service lesion-camera, and, with --from and
# --key, a timer that takes the publisher's newer models. Says where each log is.
# Not tried on a real Raspberry Pi. Research and education; not a medical device.
set -eu

usage() {
    sed -n '2,9s/^# \{0,1\}//p' "$0"
    exit "$1"
}

source=rpicam photos= from= key=
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) usage 0 ;;
    --source | --photos | --from | --key)
        [ $# -gt 1 ] || { echo "error: $1 needs a value" >&2; usage 2; }
        name=${1#--}
        eval "$name=\$2"
        shift 2
        ;;
    *)
        echo "error: unknown word $1" >&2
        usage 2
        ;;
    esac
done
stop() {
    echo "error: $1" >&2
    exit 1
}
# Everything is looked at before anything is changed.
[ "$(id -u)" = 0 ] || stop "installing a service needs root: sudo ./service.sh"
command -v systemctl >/dev/null || stop "this system has no systemd; run lesion-edge camera by hand"
[ -z "$photos" ] || [ -d "$photos" ] || stop "$photos is no folder; expected malignant/ and other/ in it"
if [ -n "$from$key" ]; then
    [ -n "$from" ] && [ -f "$key" ] || stop "updates need both: --from ADDRESS --key PUBLISHER.pub"
    key=$(realpath "$key")
fi
[ -z "$photos" ] || photos=$(realpath "$photos")
cd "$(dirname "$0")"
here=$(pwd)
deploy=$(find "$here/runtime" -name lesion-camera.service -exec dirname {} \; | head -n 1)
[ -n "$deploy" ] || stop "the kit is not whole: runtime has no lesion-camera.service"
model=$(find "$here/model" -name '*.tflite' | head -n 1)
place=/opt/lesion-edge
name=$(basename "$model")

echo "1/6 the kit in $place"
id lesion-edge >/dev/null 2>&1 ||
    useradd --system --home /var/lib/lesion-edge --groups video lesion-edge
install -d "$place/share" /etc/lesion-edge
cp -r "$here/." "$place/kit"
cp "$deploy/README.md" "$place/share"
[ -e "$place/share/$name" ] || install -m 644 "$model" "$place/share/$name"
ln -sfn "$place/kit/venv" "$place/venv"
(cd "$place/kit" && ./install.sh)
edge="$place/venv/bin/python -m edge_runtime"

echo "2/6 the device"
$edge doctor --model "$place/share/$name"

echo "3/6 one look through the camera"
$edge camera --source "$source" --model "$place/share/$name" --frames 5 >/dev/null ||
    stop "the camera gives no frames; mend what the lines above say, then start again"

echo "4/6 this site's threshold"
if [ -n "$photos" ]; then
    $edge calibrate "$place/share/$name" --photos "$photos" ||
        stop "no threshold was installed; collect more photos, or leave --photos out"
else
    echo "left as the card has it; later: $edge calibrate $place/share/$name --photos FOLDER"
fi

echo "5/6 the service"
[ -e /etc/lesion-edge/camera.env ] || {
    sed "s#^SOURCE=.*#SOURCE=$source#; s#^MODEL=.*#MODEL=$place/share/$name#" \
        "$deploy/camera.env" >/etc/lesion-edge/camera.env
    chmod 600 /etc/lesion-edge/camera.env
}
cp "$deploy/99-lesion-camera.rules" /etc/udev/rules.d
cp "$deploy/lesion-camera.service" /etc/systemd/system
udevadm control --reload
systemctl daemon-reload
systemctl enable --now lesion-camera

echo "6/6 updates"
if [ -n "$from" ]; then
    id lesion-update >/dev/null 2>&1 || useradd --system --no-create-home lesion-update
    chown -R lesion-update: "$place/share"
    install -m 644 "$key" /etc/lesion-edge/publisher.pub
    printf 'MODEL=%s\nFROM=%s\nKEY=/etc/lesion-edge/publisher.pub\n' \
        "$place/share/$name" "$from" >/etc/lesion-edge/update.env
    cp "$deploy/lesion-update.service" "$deploy/lesion-update.timer" /etc/systemd/system
    systemctl daemon-reload
    systemctl enable --now lesion-update.timer
    echo "log: journalctl -u lesion-update -o cat"
else
    echo "none; later: sudo ./service.sh --from ADDRESS --key PUBLISHER.pub"
fi
echo "log: journalctl -fu lesion-camera -o cat"
