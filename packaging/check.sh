#!/usr/bin/env bash
# Runs an installed or bundled program with the network off: the command line, and the window on a virtual screen.
#   packaging/check.sh PROGRAM        such as dist/gmmseg/gmmseg
set -euo pipefail
program=$(realpath "${1:?"usage: packaging/check.sh PROGRAM"}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work XDG_CONFIG_HOME=$work XDG_STATE_HOME=$work XDG_DATA_HOME=$work XDG_CACHE_HOME=$work
# A network of its own has no way out; where the system does not allow that, the check goes on with one.
apart=(unshare --net --map-root-user)
"${apart[@]}" true 2>/dev/null || { echo "the network stays on: unshare is not allowed here"; apart=(); }
python3 - "$work/photo.ppm" <<'PHOTO'
import sys
rows = b"".join(bytes([x * 2 % 256, y * 3 % 256, 90]) for y in range(80) for x in range(120))
open(sys.argv[1], "wb").write(b"P6 120 80 255\n" + rows)
PHOTO
cd "$work"
"${apart[@]}" "$program" --version
"${apart[@]}" "$program" segment photo.ppm -k 3 -o mask.png --report report.json
"${apart[@]}" "$program" segment photo.ppm -k 3 -o tiles.zarr --jobs 2
"${apart[@]}" "$program" segment photo.ppm --method regions -o regions.png
"${apart[@]}" "$program" select photo.ppm --click 60,40 -o object.png
test -s mask.png -a -s regions.png -a -s object.png -a -s tiles.zarr/zarr.json
grep -q '"kernel": "compiled' report.json || echo "the E-step is numpy's"
if [ -z "${DISPLAY:-}" ] && command -v Xvfb >/dev/null; then
  Xvfb :97 -screen 0 1600x1000x24 -nolisten tcp >/dev/null 2>&1 &
  trap 'kill %1 2>/dev/null; rm -rf "$work"' EXIT
  export DISPLAY=:97
  sleep 2
fi
[ -n "${DISPLAY:-}" ] || export QT_QPA_PLATFORM=offscreen
# A window that comes up stays until it is closed: it is ended after ten seconds, by the signal that saves.
set +e
"${apart[@]}" timeout --signal TERM 10 "$program" photo.ppm
code=$?
set -e
[ "$code" = 124 ] || { echo "the window ended by itself, with $code"; exit 1; }
echo "all of it works"
