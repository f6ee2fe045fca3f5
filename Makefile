# Passerby. `make help` lists the targets.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GOFLAGS_BUILD := -trimpath -ldflags "-s -w -X passerby/internal/app.Version=$(VERSION)"
WEB_SOURCES := $(shell find web -name node_modules -prune -o -name dist -prune -o -name out -prune -o -type f \( -name '*.ts' -o -name '*.tsx' -o -name '*.css' -o -name '*.html' -o -name '*.json' -o -name '*.mjs' -o -name '*.svg' \) -print 2>/dev/null)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## build what is needed and serve on http://localhost:8080
	@exec bin/passerby serve

.PHONY: cluster
cluster: build ## three nodes behind NGINX, with a Redis of their own, on http://localhost:8080
	@bash scripts/test-deps.sh
	@exec go run ./bench/cluster

.PHONY: chaos
chaos: build ## people talk on three nodes while one after the other is killed; nothing may be lost, doubled or stuck
	@bash scripts/test-deps.sh
	@exec go run ./bench/chaos

.PHONY: rolling
rolling: build ## people talk on three nodes while one after the other is restarted; no call may break, no text be lost
	@bash scripts/test-deps.sh
	@exec go run ./bench/chaos -rolling

.PHONY: build
build: tools web ## build bin/passerby with the web pages inside
	@go build $(GOFLAGS_BUILD) -o bin/passerby ./cmd/passerby

.PHONY: tools
tools:
	@bash scripts/check-tools.sh

.PHONY: web
web: web/dist/index.html ## build the web pages

web/node_modules/.package-lock.json: web/package-lock.json
	@echo 'Fetching npm packages: the first time this takes a minute or two.'
	@cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	@npm --prefix web run --silent build

.PHONY: test
test: tools ## install and start what tests need, then run all tests
	@bash scripts/test.sh

.PHONY: test-cluster
test-cluster: build ## the tests in real browsers again, against three nodes behind NGINX
	@bash scripts/test-deps.sh
	@node web/test/run.mjs --cluster

.PHONY: fuzz
fuzz: ## run every fuzz test for ten seconds
	@bash scripts/fuzz.sh

.PHONY: bench
bench: build ## run the benchmarks and print their tables
	@bash scripts/test-deps.sh
	@bash bench/run.sh

.PHONY: lint
lint: web ## vet, staticcheck, govulncheck and the TypeScript compiler
	@bash scripts/lint.sh

.PHONY: clean
clean: ## remove what was built
	@rm -rf bin web/dist/* web/node_modules bench/out
