#!/usr/bin/env bash
# A folder, and a .tar.gz of it, with the program, Python, Qt and all its libraries: packaging/bundle.sh FOLDER
# Build it on the oldest system that it is to run on.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mkdir -p "${1:?"usage: packaging/bundle.sh FOLDER"}" && cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet . 'pyinstaller>=6.11'
"$work/venv/bin/python" setup.py --quiet build_ext --build-lib "$work/built"
cp "$work"/built/gmmseg/mixture/_estep.* gmmseg/mixture/ 2>/dev/null || echo "without a compiler: the E-step is numpy's"
(cd packaging && "$work/venv/bin/pyinstaller" --noconfirm --log-level WARN --workpath "$work/build" --distpath "$folder" gmmseg.spec)
tar -C "$folder" -czf "$folder/gmmseg.tar.gz" gmmseg
du -sh "$folder/gmmseg" "$folder/gmmseg.tar.gz"
