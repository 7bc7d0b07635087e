# Two commands for a stranger: `make demo` and `make test`. Both only wrap CMake (CMakePresets.json).
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
export CCACHE_SLOPPINESS := pch_defines,time_macros,include_file_mtime,include_file_ctime

DEMO := build/demo
GPT := $(DEMO)/gpt
DEMO_STEPS ?= 2000

PREFIX ?= /usr/local

.PHONY: build install test lint test-debian13 mutants fuzz demo labs bench clean
build:
	@.ci/setup build
	@$(MAKE) --no-print-directory compile

.PHONY: compile
compile:
	@[ -f build/build.ninja ] || cmake --preset default -Wno-dev
	@cmake --build --preset default

# Tools, headers, the runtime library, the CMake package, manual page and completions.
install: build
	@cmake --install build --prefix "$(PREFIX)" > build/install.log
	@echo "installed to $(PREFIX): $(PREFIX)/bin/sinterc; CMake finds it with -Dsinter_ROOT=$(PREFIX)"

test:
	@.ci/setup test
	@$(MAKE) --no-print-directory compile
	@ctest --preset default; code=$$?; python3 test/summary.py build/Testing/Temporary/LastTest.log; exit $$code

# The format of C++, the lengths of lines, and clang-tidy over what differs from main. LINT=--fast leaves out the last.
lint:
	@.ci/setup lint
	@.ci/lint $(LINT)

# `make demo` and `make test` on a fresh Debian 13, in a chroot that is made for it. Needs root; takes an hour or so.
test-debian13:
	@.ci/debian13

# Plants the faults of test/mutation/faults.py one at a time: which does a test see? Takes many hours; goes on where it
# was stopped. MUTANTS='--only momentum' for some of them.
mutants:
	@.ci/setup test
	@python3 -B test/mutation/run.py $(MUTANTS)

# libFuzzer over all that reads files, under sanitizers, a minute each; goes on from what it found before.
# FUZZ='--runs 10000000 gguf' for so many inputs of one reader; FUZZER=runtime_fuzz_quick without sanitizers.
FUZZER ?= runtime_fuzz
fuzz:
	@.ci/setup test
	@$(MAKE) --no-print-directory compile
	@cmake --build --preset default --target $(FUZZER)
	@test/runtime/fuzz/run.py build/bin/$(FUZZER) --folder build/fuzz --keep $(FUZZ)

# Compiles examples/gpt/gpt.cpp and trains it on the King James Bible and Jane Austen's novels, whose 2,048 most useful
# pieces of words are its tokens; the last twentieth of each is held out. Samples before and after. About a minute for
# each 400 steps on two cores.
demo:
	@.ci/setup demo
	@$(MAKE) --no-print-directory compile
	@rm -rf $(DEMO)/texts $(DEMO)/held-out && mkdir -p $(DEMO)/texts $(DEMO)/held-out
	@bible -f 'gen1:1-rev22:21' | sed -E 's/^[^ ]+:[0-9]+ //' > $(DEMO)/kjv.txt
	@for text in kjv novels; do \
	  [ -s $(DEMO)/$$text.txt ] || continue; \
	  held=$$(($$(wc -l < $(DEMO)/$$text.txt) / 20)); \
	  head -n -$$held $(DEMO)/$$text.txt > $(DEMO)/texts/$$text.txt; \
	  tail -n $$held $(DEMO)/$$text.txt > $(DEMO)/held-out/$$text.txt; \
	done
	build/bin/sinterc examples/gpt/gpt.cpp --set vocab=2048 --set width=192 --set context=128 --set batch=16 -o $(GPT)
	$(GPT) tokenizer train --data $(DEMO)/texts --vocab 2048 -o $(DEMO)/tokenizer.json
	@echo; echo "--- before training ---"
	$(GPT) train --data $(DEMO)/texts --tokenizer $(DEMO)/tokenizer.json --steps 0 --out $(DEMO)/before
	$(GPT) sample --checkpoint $(DEMO)/before --prompt "And God said" -n 60 --seed 1
	@echo; echo "--- training on $$(cat $(DEMO)/texts/* | wc -c) bytes of text ---"
	$(GPT) train --data $(DEMO)/texts --val-data $(DEMO)/held-out --tokenizer $(DEMO)/tokenizer.json \
	  --steps $(DEMO_STEPS) --out $(DEMO)/after --lr 2e-3 --warmup 100 --schedule cosine
	@echo; echo "--- after training ---"
	@for text in $(DEMO)/held-out/*; do \
	  echo "held out of $$(basename $$text):"; $(GPT) eval --checkpoint $(DEMO)/after --data $$text; \
	done
	@echo
	$(GPT) sample --checkpoint $(DEMO)/after --prompt "And God said" -n 120 --seed 1 --temperature 0.8
	@echo
	$(GPT) sample --checkpoint $(DEMO)/after --prompt "Her sister" -n 120 --seed 1 --temperature 0.8

# The experiments of examples/labs, each with its table of what was expected and what was measured; plots as SVG in
# build/labs. LABS='02 04' for some of them.
labs:
	@.ci/setup labs
	@$(MAKE) --no-print-directory compile
	@examples/labs/run "$(CURDIR)/build" "$(CURDIR)/build/labs" $(LABS)

bench:
	@.ci/setup bench
	@$(MAKE) --no-print-directory compile
	@cmake --build --preset default --target bench

clean:
	rm -rf build
