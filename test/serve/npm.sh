#!/usr/bin/env bash
# npm.sh TEST.mjs PROGRAM BUILD...: a test of this folder with the packages in BUILD/npm; 77 (skipped) without them.
set -euo pipefail
test=$1 program=$2 modules=$3/npm/node_modules
shift 3
[ -d "$modules" ] || { echo "no npm packages: .ci/setup test installs them"; exit 77; }
exec node "$(dirname "$0")/$test" "$program" "$modules" "$@"
