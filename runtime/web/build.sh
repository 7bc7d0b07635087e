#!/bin/sh
# build.sh FOLDER PAGE...: builds pages of this folder by npm, in FOLDER, to FOLDER/PAGE.html.gz; nothing if they are of
# the same sources already. Without npm, or if it cannot install what package-lock.json names, the files are empty and
# that is said; the same sources give the same bytes.
set -eu
from=$(cd "$(dirname "$0")" && pwd) to=$1
shift
mkdir -p "$to"
sources=$(cd "$from" && find . -type f ! -path '*/node_modules/*' ! -path './dist/*' | LC_ALL=C sort |
  xargs cat | cksum)
command -v npm > /dev/null && npm=yes || npm=no
made="$* $sources $npm"
[ "$(cat "$to/made" 2> /dev/null)" = "$made" ] && exit 0
without() {
  echo "note: $1: programs are built without their pages" >&2
  for page in $pages; do : > "$to/$page.html.gz"; done
  echo "$made" > "$to/made"
  exit 0
}
pages=$*
[ $npm = yes ] || without "npm is not installed"
mkdir -p "$to/sources"
cp -R "$from/." "$to/sources/"
cd "$to/sources"
if ! cmp -s package-lock.json node_modules/.installed-lock; then
  npm ci --no-audit --no-fund --silent --ignore-scripts ||
    without "npm could not install the packages of runtime/web (once it can, remove $to/made)"
  cp package-lock.json node_modules/.installed-lock
fi
for page in $pages; do
  npm run --silent build -- --mode "$page" || { echo "error: runtime/web: '$page' cannot be built" >&2; exit 1; }
  gzip -9 -n -c "dist/$page.html" > "$to/$page.new"
  cmp -s "$to/$page.new" "$to/$page.html.gz" || cp "$to/$page.new" "$to/$page.html.gz"
  rm "$to/$page.new"
done
echo "$made" > "$to/made"
