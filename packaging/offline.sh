#!/usr/bin/env bash
# A folder of wheels with an install script, for machines without a network.
#   packaging/offline.sh FOLDER [EXTRA,...]      for this system and this version of Python
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:?"usage: packaging/offline.sh FOLDER [EXTRA,...]"}
extras=${2:+[$2]}
mkdir -p "$folder/wheels"
python3 -m pip wheel --quiet --wheel-dir "$folder/wheels" ".$extras"
cat >"$folder/install.sh" <<INSTALL
#!/usr/bin/env bash
# Installs gmmseg into TARGET (default ~/.local/share/gmmseg) from the wheels beside this file; needs no network.
set -euo pipefail
here=\$(cd "\$(dirname "\$0")" && pwd)
target=\${1:-\$HOME/.local/share/gmmseg}
python3 -m venv "\$target"
"\$target/bin/pip" install --quiet --no-index --find-links "\$here/wheels" 'gmmseg$extras'
echo "Start it with \$target/bin/gmmseg"
INSTALL
chmod +x "$folder/install.sh"
du -sh "$folder" | cut -f1
