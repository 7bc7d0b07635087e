#!/bin/sh
# run.sh BIN SCRATCH COUNT [OPTION...]: COUNT mutants of each stage of each small model, on the CPU and on Vulkan.
set -e
bin=$1 scratch=$2 count=$3
shift 3
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$scratch" && mkdir -p "$scratch"
for part in mlp attention shapes; do
  "$bin/sinterc" "$here/Inputs/small.cpp" --set part=$part --dump-stages="$scratch/$part" \
    --emit=target -o "$scratch/out"
  "$bin/sinterc" "$here/Inputs/small.cpp" --set part=$part --target=vulkan --profile=registers --emit=target \
    -o "$scratch/$part/06_target.vulkan.registers.mlir"
done
exec "$bin/stage-mutants" --keep "$scratch/failed" --count "$count" "$scratch/mlp" "$scratch/attention" \
  "$scratch/shapes" "$@"
