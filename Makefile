# agentctl: `make` lists the targets. GNU make 4 and bash; works from any folder with `make -C`.

MODELS  ?= small mid frontier
INPUTS  ?= 1000000
SEED    ?= 1
PREFIX  ?= /usr/local
KILLS   ?= 5000
DESTDIR ?=

XLLAMACPP    := 2026.10.11549
JSONSCHEMA   := 4.26.0
GENAI_PRICES := 0.2.3
ANTHROPIC    := 2.14.0
OPENAI       := 3.57.0
LITELLM      := 1.109.1
# Of 1.109.1 the proxy's part cannot be installed: it asks for a release of litellm-proxy-extras that is not there.
LITELLM_PROXY := 1.108.7
SWIFT_NEEDED := 6.2
PACKAGES     := libsqlite3-dev libcurl4-openssl-dev libyaml-dev pkg-config python3 python3-venv
AGENTCTL     := .build/release/agentctl
VENV_STAMP   := .venv/.xllamacpp-$(XLLAMACPP)

MAKEFLAGS += --no-print-directory
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help setup toolchain libraries venv models build release demo gates test lint format test-release patches sanitize fuzz crash bench prices live install clean

# A recipe's `stop "sentence"` ends make with that sentence and nothing that hides it.
define prelude
stop() { echo "make $@: $$1" >&2; exit 1; }
endef

# On a terminal SwiftPM draws its own progress line; elsewhere one line in fifty is enough.
define swift_build
swift_build() {
  if [ -t 1 ]; then swift build "$$@"; return; fi
  swift build "$$@" | awk '/^\[[0-9]+\/[0-9]+\]/ { if (n++ % 50 == 0) { print; fflush() } ; next } { print; fflush() }'
}
endef

help: ## list the targets
	@echo "Targets (MODELS=\"$(MODELS)\", PREFIX=$(PREFIX)):"
	awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

demo: release models ## build, fetch the models, triage a real ticket, show the trace and the cost (MODELS=small: small model only)
	@$(prelude)
	overrides=()
	largest=
	for size in small mid frontier; do
	  case " $(MODELS) " in
	    *" $$size "*) largest=$$size ;;
	    *) [ -n "$$largest" ] || stop "MODELS must contain small; run make demo MODELS=small."
	       overrides+=(--model "$$size=local/$$largest") ;;
	  esac
	done
	run() { echo; echo "\$$ agentctl $$*"; "$(AGENTCTL)" "$$@"; }
	status=0
	run run Workflows/support-triage.yaml --inputs Workflows/support-triage/tickets/T-1001.json "$${overrides[@]}" || status=$$?
	run show last || true
	run audit || true
	if [ $$status -ne 0 ]; then stop "the run ended with exit code $$status; the trace above says which step failed and why."; fi

gates: release models ## ask the labelled items of Workflows/ of each local model alone and of the gates: how often right, at what cost (10 to 30 minutes)
	@python3 Workflows/measure.py $(AGENTCTL)

# The debug build is for the rooms; the commands, the kills and the cases are tried on the binary that is shipped.
test: setup lint ## run every test; fetches the small model if it can
	@if ! $(MAKE) models MODELS=small; then
	  echo "make test: The small model is not here, so the tests that need a real model are skipped; run make models MODELS=small with a network to include them."
	fi
	.venv/bin/python -m pip install -q --no-input --disable-pip-version-check "jsonschema==$(JSONSCHEMA)" </dev/null ||
	  echo "make test: Without the Python package jsonschema the test of the editors' schemas by another validator is skipped."
	# What counts of tokens mean, against another reader of them.
	if .venv/bin/python -m pip install -q --no-input --disable-pip-version-check "genai-prices==$(GENAI_PRICES)" </dev/null; then
	  .venv/bin/python Tests/Conformance/usage.py
	  # Of litellm only its price map is read here.
	  if .venv/bin/python -m pip install -q --no-input --no-deps --disable-pip-version-check "litellm==$(LITELLM)" </dev/null; then
	    .venv/bin/python Tests/Conformance/catalogue.py
	  else
	    echo "make test: Without the Python package litellm the catalogue is not held against the price maps."
	  fi
	else
	  echo "make test: Without the Python package genai-prices the comparison of usage objects with another reader is skipped."
	fi
	$(swift_build)
	swift_build --build-tests
	swift test
	# Requests and answers against the vendors' own clients.
	if .venv/bin/python -m pip install -q --no-input --disable-pip-version-check "anthropic==$(ANTHROPIC)" "openai==$(OPENAI)" </dev/null; then
	  .venv/bin/python Tests/Conformance/wire.py .build/debug/agentctl
	else
	  echo "make test: Without the Python packages anthropic and openai what is sent is not held against the vendors' types."
	fi
	# Real servers, where they are here: llama.cpp's with the small model, and LiteLLM's proxy if `make live` has installed it.
	if [ -e .agentctl/models/smollm2-135m-instruct-q4_1.gguf ]; then .venv/bin/python Tests/Conformance/live.py .build/debug/agentctl; fi
	# A hundredth of the price rows, as this build is slow.
	python3 Tests/Conformance/prices.py .build/debug/agentctl --rows-only --sample 0.01
	# What gates come to, counted by another program.
	python3 Tests/Conformance/gates.py .build/debug/agentctl --rows 2000
	# Disks that are full, copies and cut logs; `make crash` does more of it.
	AGENTCTL_CRASH_KILLS=40 AGENTCTL_CRASH_SEED=1 swift test --skip-build --filter LossTests
	# Small inputs, as this build is slow; --patience ends what hangs and judges no speed.
	.build/debug/fuzz --inputs 20000 --max-bytes 4096 --workers 2 --patience 120
	$(MAKE) test-release
	$(MAKE) patches

lint: toolchain ## look whether the sources stand as `make format` would write them
	@swift format lint --strict --parallel --recursive Package.swift Sources Tests

format: toolchain ## write the sources in the form of .swift-format
	@swift format format --in-place --parallel --recursive Package.swift Sources Tests

test-release: setup ## the tests of the commands, 160 kills and the known cases on the release binary
	@$(swift_build)
	swift_build --build-tests
	swift_build -c release --static-swift-stdlib --product agentctl
	export AGENTCTL_TEST_BINARY="$$PWD/$(AGENTCTL)"
	swift test --skip-build --filter CommandTests
	AGENTCTL_CRASH_KILLS=160 AGENTCTL_CRASH_SEED=2 swift test --skip-build --filter 'CrashTests|CrashBatchTests|LossTests'
	Tests/Cases/run.sh
	python3 Tests/Conformance/prices.py $(AGENTCTL) --rows-only
	python3 Tests/Conformance/gates.py $(AGENTCTL)

prices: release ## hold the catalogue and 10,000 random usages against litellm and genai-prices
	@$(prelude)
	.venv/bin/python -m pip install -q --no-input --disable-pip-version-check "litellm==$(LITELLM)" "genai-prices==$(GENAI_PRICES)" </dev/null ||
	  stop "The Python packages litellm $(LITELLM) and genai-prices $(GENAI_PRICES) are needed."
	.venv/bin/python Tests/Conformance/catalogue.py
	.venv/bin/python Tests/Conformance/prices.py $(AGENTCTL)

live: release ## run each API against llama.cpp's server and the LiteLLM proxy on this machine (installs the proxy: 740 MB)
	@$(prelude)
	$(MAKE) models MODELS=small
	if ! .venv/litellm/bin/python -c 'import importlib.metadata as m; assert m.version("litellm") == "$(LITELLM_PROXY)"; import backoff' 2>/dev/null; then
	  echo "installing litellm[proxy] $(LITELLM_PROXY) into .venv/litellm"
	  rm -rf .venv/litellm
	  python3 -m venv .venv/litellm
	  .venv/litellm/bin/python -m pip install -q --no-input --disable-pip-version-check "litellm[proxy]==$(LITELLM_PROXY)" </dev/null ||
	    stop "The Python package litellm[proxy] $(LITELLM_PROXY) is needed (see above)."
	fi
	.venv/bin/python Tests/Conformance/live.py $(AGENTCTL)

# Locks of the standard library wait where the thread sanitizer does not look, so a build for it has others (Values/Mutex.swift);
# two tests at a time, as all at once are more than its shadow memory and the tests' patience are made for.
sanitize: setup ## run the tests of all rooms under the address and the thread sanitizer (about 20 minutes)
	@$(swift_build)
	for kind in address thread; do
	  options=(--sanitize=$$kind --scratch-path .build-$$kind)
	  [ $$kind = address ] || options+=(-Xswiftc -DTHREAD_SANITIZER)
	  echo "$$kind sanitizer"
	  swift_build --build-tests "$${options[@]}"
	  SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=2 ASAN_OPTIONS=detect_leaks=0 \
	    TSAN_OPTIONS="suppressions=$$PWD/Tests/ThreadSanitizer.txt exitcode=66" \
	    swift test --skip-build "$${options[@]}" --skip CommandTests
	done

patches: setup ## apply the additions that are kept as patches to a copy, compile and try them
	Tests/Patches/run.sh

fuzz: setup ## try INPUTS made and broken inputs on all readers, in release and with its limits on time
	@$(swift_build)
	swift_build -c release --static-swift-stdlib --product fuzz
	.build/release/fuzz --inputs $(INPUTS) --seed $(SEED) --workers "$$(nproc)" --time-limit-ms 100
	.build/release/fuzz --inputs 200000 --only answer --seed $(SEED) --workers "$$(nproc)" --time-limit-ms 100

crash: setup ## kill the release binary at random points of random workflows (KILLS=5000, SEED=n) and look at what becomes of the runs
	@$(swift_build)
	swift_build --build-tests
	swift_build -c release --static-swift-stdlib --product agentctl
	seed=$${SEED:-$$RANDOM}
	echo "KILLS=$(KILLS) SEED=$$seed"
	export AGENTCTL_TEST_BINARY="$$PWD/$(AGENTCTL)"
	AGENTCTL_CRASH_KILLS=$(KILLS) AGENTCTL_CRASH_SEED=$$seed swift test --skip-build --filter 'CrashTests|CrashBatchTests|LossTests'

bench: release ## run the benchmarks
	@exec Tests/Benchmarks/run.sh

build: setup ## build for development
	@$(swift_build)
	swift_build

release: setup ## build the release binary, .build/release/agentctl
	@$(swift_build)
	echo "building the release binary (the first time takes some minutes)"
	swift_build -c release --static-swift-stdlib --product agentctl

models: venv ## fetch the local models named in MODELS
	@.venv/bin/python Plugins/local-models/fetch_models.py $(MODELS)

# Under sudo a binary that is there is taken as it is, so that no file of the build becomes root's.
install: ## put the release binary into DESTDIR/PREFIX/bin
	@$(prelude)
	if [ ! -x "$(AGENTCTL)" ] || { [ -z "$${SUDO_UID:-}" ] && command -v swift >/dev/null; }; then $(MAKE) release; fi
	install -d "$(DESTDIR)$(PREFIX)/bin" && install -m 755 "$(AGENTCTL)" "$(DESTDIR)$(PREFIX)/bin/agentctl" ||
	  stop "$(DESTDIR)$(PREFIX)/bin cannot be written; run sudo make install, or choose a folder of yours: make install PREFIX=\$$HOME/.local."
	echo "installed $(DESTDIR)$(PREFIX)/bin/agentctl"

setup: toolchain libraries ## install what the build needs (Debian packages; checks for Swift)

toolchain:
	@$(prelude)
	command -v swift >/dev/null || stop "Swift $(SWIFT_NEEDED) or newer is needed and no swift is on PATH; get it from https://www.swift.org/install/ and run this again."
	version=$$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p' | head -n 1)
	[ -n "$$version" ] || stop "swift --version does not work; reinstall Swift $(SWIFT_NEEDED) or newer from https://www.swift.org/install/ and run this again."
	[ "$$(printf '%s\n' "$(SWIFT_NEEDED)" "$$version" | sort -V | head -n 1)" = "$(SWIFT_NEEDED)" ] ||
	  stop "Swift $(SWIFT_NEEDED) or newer is needed and this is $$version; get it from https://www.swift.org/install/ and run this again."

# apt-get is called only for what is missing, so a second run needs neither network nor root.
libraries:
	@$(prelude)
	missing=()
	if command -v pkg-config >/dev/null; then
	  pkg-config --exists sqlite3 || missing+=(libsqlite3-dev)
	  pkg-config --exists libcurl || missing+=(libcurl4-openssl-dev)
	  pkg-config --exists yaml-0.1 || missing+=(libyaml-dev)
	else
	  missing+=(pkg-config libsqlite3-dev libcurl4-openssl-dev libyaml-dev)
	fi
	python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3 python3-venv)
	[ $${#missing[@]} -gt 0 ] || exit 0
	command -v apt-get >/dev/null ||
	  stop "these are missing: $${missing[*]}; there is no apt-get here, so install them (or what your system calls them) and run this again."
	as_root=()
	if [ "$$(id -u)" -ne 0 ]; then
	  command -v sudo >/dev/null && sudo -n true 2>/dev/null ||
	    stop "these packages are missing and need root: run sudo apt-get install $${missing[*]} and then this again."
	  as_root=(sudo -n)
	fi
	apt() { "$${as_root[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a apt-get -qq -o DPkg::Lock::Timeout=120 "$$@" </dev/null; }
	echo "installing $${missing[*]}"
	apt update || stop "the package lists cannot be updated (see above); check the network and /etc/apt/sources.list and run this again."
	apt install -y --no-install-recommends "$${missing[@]}" ||
	  stop "apt-get could not install $${missing[*]} (see above); mend that, or install them by hand, and run this again."

# The stamp names the version, so another version makes another environment; `python -V` notices a moved folder.
venv: libraries
	@$(prelude)
	if [ -e "$(VENV_STAMP)" ] && .venv/bin/python -V >/dev/null 2>&1; then exit 0; fi
	echo "making .venv with xllamacpp $(XLLAMACPP), the server of the local models (34 MB)"
	rm -rf .venv
	python3 -m venv .venv || stop "python3 could not make .venv (see above); install the Debian package python3-venv and run this again."
	.venv/bin/python -m pip install -q --no-input --disable-pip-version-check "xllamacpp==$(XLLAMACPP)" </dev/null ||
	  stop "xllamacpp could not be installed (see above); check the network and that this is 64-bit Linux with Python 3.10 or newer, and run this again."
	touch "$(VENV_STAMP)"

clean: ## remove what the build made (models, .venv and the ledger stay)
	@if command -v swift >/dev/null; then swift package clean; else rm -rf .build; fi
