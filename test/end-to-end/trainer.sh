#!/usr/bin/env bash
# trainer.sh TRAINER FOLDER: checks what any compiled language model promises; one line a promise.
set -u
trainer=$1 folder=$2
text=$folder/text.txt
# Text with something to learn: the numbers in order, in words.
digits=(zero one two three four five six seven eight nine)
for ((i = 100; i < 1000; i++)); do
  echo "${digits[i / 100]} ${digits[i / 10 % 10]} ${digits[i % 10]},"
done > "$text"

libraries=$(ldd "$trainer" | grep -vE 'linux-vdso|ld-linux|libc\.so|libm\.so')
[ -z "$libraries" ] && echo "libraries ok" || echo "needs: $libraries"
size=$(stat -c %s "$trainer")
[ "$size" -lt 2000000 ] && echo "size ok" || echo "size: $size bytes"

options=(--data "$text" --seed 5 --lr 3e-3 --checkpoint-every 40)
train() { # NAME STEPS options...
  "$trainer" train "${options[@]}" --out "$folder/$1" --steps "$2" "${@:3}"
}
same() { cmp -s "$folder/$1/checkpoint.safetensors" "$folder/$2/checkpoint.safetensors"; }

train whole 400 --threads 2 --log "$folder/whole.jsonl" > /dev/null
loss() { grep -oE '"loss":[0-9.]+' "$folder/whole.jsonl" | sed -n "$1p" | cut -d: -f2; }
awk -v first="$(loss 1)" -v last="$(loss 400)" 'BEGIN { exit !(first > 2.5 && last < 1.2) }' &&
  echo "learns ok" || echo "loss went from $(loss 1) to $(loss 400)"

train single 400 --threads 1 > /dev/null
train many 400 --threads 3 > /dev/null
same whole single && same whole many && echo "threads ok" || echo "threads: other bits"

# until_step NAME STEP SIGNAL STEPS options...: trains until this step has been logged, and sends the signal then;
# returns the exit code.
mkfifo "$folder/lines"
until_step() {
  # The trainer itself is the background job: $! must not be a shell around it.
  "$trainer" train "${options[@]}" --out "$folder/$1" --steps "$4" "${@:5}" > "$folder/lines" 2> /dev/null &
  local pid=$!
  while read -r line; do
    case $line in "{\"step\":$2,"*) break ;; esac
  done < "$folder/lines"
  kill "-$3" "$pid" 2> /dev/null
  wait "$pid" 2> /dev/null
}
saved_step() { grep -aoE '"step":"[0-9]+"' "$folder/$1/checkpoint.safetensors" | grep -oE '[0-9]+'; }

# Killed three times over, each time between two checkpoints and before the end, and resumed from the last one.
resume=()
for step in 50 170 290; do
  until_step killed "$step" KILL 400 "${resume[@]}"
  code=$? saved=$(saved_step killed)
  [ "$code" -eq 137 ] && [ "$saved" -ge $((step / 40 * 40)) ] && [ "$saved" -lt 400 ] ||
    echo "killed at step $step: exit code $code, a checkpoint of step $saved"
  resume=(--resume)
done
train killed 400 --resume > /dev/null 2>&1
same whole killed && echo "killed and resumed ok" || echo "killed and resumed: other bits"

until_step interrupted 20 TERM 100000 # not INT: in a script, background jobs ignore it
code=$?
[ "$code" -eq 5 ] && [ "$(saved_step interrupted)" -ge 20 ] && echo "interrupted ok" ||
  echo "interrupted: exit code $code, a checkpoint of step $(saved_step interrupted)"

# Greedy text is the same for any number of threads.
sample() {
  "$trainer" sample --checkpoint "$folder/whole/checkpoint.safetensors" --prompt "one two" -n 40 --temperature 0 \
    --threads "$1"
}
a=$(sample 1) && b=$(sample 2) && [ -n "$a" ] && [ "$a" = "$b" ] &&
  echo "greedy samples ok" || echo "samples differ: '$a' '$b'"
