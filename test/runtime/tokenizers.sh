#!/usr/bin/env bash
# tokenizers.sh PROGRAM BUILD [--all]: tokenizers.mjs with the packages in BUILD/npm; 77 (skipped) if there are none.
set -euo pipefail
program=$1 modules=$2/npm/node_modules folder=$2/test/tokenizers
shift 2
[ -d "$modules" ] || { echo "no npm packages: .ci/setup test installs them"; exit 77; }
mkdir -p "$folder"
bible -f 'gen1:1-rev22:21' | sed -E 's/^[^ ]+:[0-9]+ //' > "$folder/kjv.txt"
exec node "$(dirname "$0")/tokenizers.mjs" "$program" "$modules" "$folder" "$folder/kjv.txt" "$@"
