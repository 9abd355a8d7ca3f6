# The commands of this repository. Each one sets up what it needs by itself.
#   make demo            the main job, end to end, on loopback
#   make test            all tests
#   make bench           comparisons with wrk and with an independent prober (ONLY=section for one)
.DEFAULT_GOAL := build
.PHONY: build test demo bench fmt lint doc deny ci

CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
BRUNT := $(TARGET)/release/brunt

build:
	$(CARGO) build --release -p brunt

# Prometheus as the receiver where it is or can be installed, else the one inside brunt.
demo: build
	-@scripts/setup-tests.sh --debian prometheus
	$(BRUNT) demo

test:
	scripts/setup-tests.sh
	scripts/test.sh

bench: build
	scripts/setup-tests.sh --debian nginx-light wrk
	$(CARGO) build --release -p brunt-bench
	$(TARGET)/release/brunt-bench --brunt $(BRUNT) --report $(TARGET)/bench.md $(if $(ONLY),--only $(ONLY))

fmt:
	$(CARGO) fmt --all

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --workspace --all-targets -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --workspace --no-deps

deny:
	$(CARGO) deny check bans licenses sources

ci:
	.ci/run
