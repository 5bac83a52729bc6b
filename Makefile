SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Tools that `make` itself installs, for every clone of one user.
export TOOLS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/clientconnect
export PATH := $(PATH):$(TOOLS)/bin
export SAM_CLI_TELEMETRY := 0
# Functions share one artifact: build it once, upload it once.
export SAM_CLI_BETA_BUILD_PERFORMANCE := 1
export SAM_CLI_BETA_PACKAGE_PERFORMANCE := 1

# For `make run`.
export PORTAL_PORT ?= 8080
export ADMIN_PORT ?= 8081
export AWS_PORT ?= 8082
export LOCAL_DATA ?= .local/clientconnect.db
export SITES ?= web
DEMO ?=

ENSURE := scripts/ensure.sh
SUITE := scripts/suite.sh
# Clippy as the compiler: what it warns of is an error.
CLIPPY := env RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-Dwarnings
TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: help
help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | column -t -s "$$(printf '\t')"

.PHONY: run
run: bins web ## Run the whole product here (PORTAL_PORT, ADMIN_PORT, AWS_PORT, DEMO_DIR; DEMO=fresh begins anew)
	@if [ "$(DEMO)" = fresh ] && ! (: </dev/tcp/127.0.0.1/$(PORTAL_PORT)) 2>/dev/null; then rm -f $(LOCAL_DATA)*; fi
	@exec $(TARGET)/debug/clientconnect

.PHONY: bins
bins: rust
	@[ -x $(TARGET)/debug/clientconnect ] || echo "· Building, the first time about 10 minutes on two cores; later seconds." >&2
	@cargo build --workspace --exclude bench --bins

.PHONY: web
web: ## Build the two sites, if anything of them is new
	@$(ENSURE) node
	@scripts/web.sh

.PHONY: test
test: ## Every test, each suite with its time
	@$(ENSURE) rust nextest deny sam node headless
	@$(SUITE) "format" cargo fmt --all --check
	@$(SUITE) "dependencies" cargo deny --log-level error --all-features check --hide-inclusion-graph bans licenses sources
	@$(SUITE) "templates" scripts/validate.sh
	@$(SUITE) "sites' build" scripts/web.sh
	@$(SUITE) "sites' types and form" npm --prefix web run --silent check
	@$(SUITE) "sites' units" npm --prefix web test --silent
	@# Together with the tests, which need other features of a few crates, and under Clippy: nothing is compiled twice.
	@$(SUITE) "programs, under Clippy" $(CLIPPY) cargo build --quiet --workspace --bins --tests
	@$(SUITE) "journeys in the browser" npm --prefix web run --silent e2e
	@$(SUITE) "tests" $(CLIPPY) cargo nextest run --workspace --no-fail-fast --cargo-quiet

.PHONY: audit
audit: bins web ## Both sites in all eight looks: themes, light and dark, phone and desktop
	@$(ENSURE) headless
	@npm --prefix web run --silent audit

.PHONY: screenshots
screenshots: bins web ## A picture of every page of both sites, into web/screenshots
	@$(ENSURE) headless
	@npm --prefix web run --silent screenshots

.PHONY: bench
bench: build ## Measure what is promised of speed and cost, as one table
	@echo "· Building the measurements in release, the first time about 10 minutes on two cores." >&2
	@cargo build --release -p bench -p bare --bins
	@$(TARGET)/release/bench --bootstrap "$$(find .aws-sam/build -name bootstrap -type f | head -n 1)"
	@$(MAKE) --no-print-directory bins web
	@$(ENSURE) chromium
	@npm --prefix web run --silent lighthouse

.PHONY: event
event: ## Print a sample event filled from a running `make run`: make -s event OP=portal.get_home
	@python3 scripts/event.py $(OP)

.PHONY: template
template: rust ## Write infra/*.yaml from the table of operations
	@cargo run --quiet -p template

.PHONY: build
build: rust ## Build the artifact for Lambda and put the templates for it in .aws-sam (ARM=1 for arm64)
	@$(ENSURE) sam
	@echo "· Building the artifact in release, about 6 minutes on two cores when all of it is new." >&2
	@sam build $(if $(ARM),--parameter-overrides Architecture=arm64)
	@scripts/artifact.sh

.PHONY: deploy
deploy: build ## Deploy to STAGE=dev, staging or production (docs/operating.md)
	@"$(TOOLS)/venv/bin/python" scripts/deploy.py $(or $(STAGE),dev)

.PHONY: roll-back
roll-back: ## Deploy RELEASE, a commit that was deployed before, to STAGE again as it was; without RELEASE lists them
	@$(ENSURE) sam
	@"$(TOOLS)/venv/bin/python" scripts/deploy.py $(or $(STAGE),dev) "$(or $(RELEASE),?)"

.PHONY: cost
cost: rust ## What a month costs for 500, 50,000 and 5,000,000 clients, from measured units
	@$(ENSURE) nextest
	@cargo nextest run --workspace --no-capture --cargo-quiet -E 'test(every_operation_takes_what_it_may) or test(what_an_invitation_sets_off)' | python3 scripts/cost.py

.PHONY: sites
sites: web ## Put the two sites into the buckets of STAGE=dev, staging or production (docs/operating.md)
	@$(ENSURE) sam
	@"$(TOOLS)/venv/bin/python" scripts/sites.py $(or $(STAGE),dev)

.PHONY: advisories
advisories: rust ## Look for known weaknesses of the dependencies (asks the network)
	@$(ENSURE) deny
	@cargo deny --all-features check advisories
	@$(ENSURE) node
	@npm --prefix web audit

.PHONY: rust
rust:
	@$(ENSURE) rust

.PHONY: clean
clean: ## Remove what was built, and the local data
	@rm -rf .aws-sam .local web/node_modules web/*/build web/*/.svelte-kit web/e2e/results web/screenshots
	@cargo clean

.PHONY: clean-tools
clean-tools: ## Remove the tools that make installed
	@rm -rf "$(TOOLS)"
