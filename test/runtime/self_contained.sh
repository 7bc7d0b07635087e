#!/bin/sh
# An executable needs libc and libm at most, and is under 2 MB.
set -e
others=$(ldd "$1" | grep -vE 'linux-vdso|ld-linux|libc\.so|libm\.so' || true)
if [ -n "$others" ]; then
  echo "needs more than libc and libm: $others"
  exit 1
fi
size=$(stat -c %s "$1")
echo "$1: $size bytes"
[ "$size" -lt 2000000 ]
