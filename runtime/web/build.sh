#!/bin/sh
# build.sh FOLDER PAGE: builds a page of this folder by npm, in FOLDER, to FOLDER/PAGE.html.gz; nothing if that is of
# the same sources already. Without npm, or if it cannot install what package-lock.json names, the file is empty and
# that is said; the same sources give the same bytes.
set -eu
from=$(cd "$(dirname "$0")" && pwd) to=$1 page=$2
out=$to/$page.html.gz
mkdir -p "$to"
sources=$(cd "$from" && find . -type f ! -path '*/node_modules/*' ! -path './dist/*' | LC_ALL=C sort |
  xargs cat | cksum)
command -v npm > /dev/null && npm=yes || npm=no
[ -f "$out" ] && [ "$(cat "$to/$page.made" 2> /dev/null)" = "$sources $npm" ] && exit 0
without() {
  echo "note: $1: programs are built without the page '$page'" >&2
  : > "$out"
  echo "$sources $npm" > "$to/$page.made"
  exit 0
}
[ $npm = yes ] || without "npm is not installed"
mkdir -p "$to/sources"
cp -R "$from/." "$to/sources/"
cd "$to/sources"
if ! cmp -s package-lock.json node_modules/.installed-lock; then
  npm ci --no-audit --no-fund --silent --ignore-scripts ||
    without "npm could not install the packages of runtime/web (when it can, remove $out)"
  cp package-lock.json node_modules/.installed-lock
fi
npm run --silent build -- --mode "$page" || { echo "error: runtime/web: the page '$page' cannot be built" >&2; exit 1; }
gzip -9 -n -c "dist/$page.html" > "$out.new"
mv "$out.new" "$out"
echo "$sources $npm" > "$to/$page.made"
