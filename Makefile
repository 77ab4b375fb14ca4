# `make run` and `make test` are all that a newcomer needs; `make help` lists the rest.

SHELL := /bin/sh
CARGO ?= cargo
BINARY := target/release/oregional

.PHONY: help run build test lint docs unit clients browser replay bench fuzz check-postgres clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

run: check-postgres build ## Build in release mode and serve (further flags: make run ARGS="--listen 0.0.0.0:8069")
	@exec $(BINARY) serve $(ARGS)

build:
	@$(CARGO) build --release --locked

test: check-postgres lint docs unit clients browser ## All gates and tests

lint: ## Format, clippy (warnings are errors), spelling, migrations, unused crates, licences
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets --locked -- -D warnings
	@CARGO="$(CARGO)" sh .ci/lint.sh

docs: ## Build the documentation, broken links are errors
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --document-private-items --locked

unit: ## All tests, through the real server and a real PostgreSQL
	INSTA_UPDATE=no $(CARGO) test --locked

clients: check-postgres ## Let the clients of Odoo and OAuth, the real packages, work a day against the server
	@sh .ci/ensure-clients.sh
	$(CARGO) build --locked
	@CARGO="$(CARGO)" python3 -B tests/clients/run.py

browser: check-postgres ## Let Chromium work on the pages; pictures of them are left in target/browser/screenshots (more: ARGS="--fixtures")
	@sh .ci/ensure-browser.sh
	$(CARGO) build --locked
	@python3 -B tests/browser/run.py $(ARGS)

replay: ## Replay what Odoo 18 answered: make replay URL=http://127.0.0.1:8069 [DB=… LOGIN=… PASSWORD=… API_KEY=…]
	@test -n "$(URL)" || { echo "give the server: make replay URL=http://127.0.0.1:8069" >&2; exit 2; }
	OREGIONAL_REPLAY_URL="$(URL)" OREGIONAL_REPLAY_DB="$(DB)" OREGIONAL_REPLAY_LOGIN="$(LOGIN)" OREGIONAL_REPLAY_PASSWORD="$(PASSWORD)" OREGIONAL_REPLAY_API_KEY="$(API_KEY)" \
	  $(CARGO) test --locked --test api replay -- --nocapture

bench: check-postgres build ## Calls per second beside pgbench, on 1,000 to 1,000,000 applications
	@command -v wrk >/dev/null || { echo "make bench needs wrk: apt-get install wrk" >&2; exit 2; }
	python3 tests/bench/run.py $(ARGS)

FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= domain envelope xml rule

fuzz: ## Let a fuzzer look for what breaks the readers of strangers' texts: make fuzz [FUZZ_SECONDS=600] [FUZZ_TARGETS=xml]
	@command -v cargo-fuzz >/dev/null || $(CARGO) install cargo-fuzz --locked
	@for target in $(FUZZ_TARGETS); do \
	  mkdir -p tests/fuzz/corpus/$$target && \
	  RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run --fuzz-dir tests/fuzz --sanitizer none $$target \
	    tests/fuzz/corpus/$$target tests/fuzz/seeds/$$target -- \
	    -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=20000 -print_final_stats=1 || exit 1; \
	done

check-postgres:
	@sh .ci/ensure-postgres.sh

clean: ## Remove what was built; the data directory stays
	$(CARGO) clean
