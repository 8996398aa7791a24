# Luoshu. `make run` builds, fills a demo city and serves it; `make test` runs every test.
SHELL   := /bin/bash
DATA    ?= data
SCALE   ?= 0.05
LISTEN  ?= 127.0.0.1:8080
BIN     := bin/luoshu

# DuckDB links against a C++ library; without a C++ compiler the core is built alone.
ifeq ($(shell command -v $${CXX:-g++}),)
export CGO_ENABLED := 0
endif

.PHONY: run run-eauclaire build ui test bench lint check-tools clean cross e2e setup-test fuzz

run: build
	@if [ ! -f $(DATA)/city.yaml ] || [ -f $(DATA)/demo.unfinished ]; then $(BIN) demo --data $(DATA) --scale $(SCALE); fi
	@$(BIN) serve --data $(DATA) --listen $(LISTEN)

run-eauclaire: build
	@if [ ! -f data-eauclaire/city.yaml ] || [ -f data-eauclaire/demo.unfinished ]; then $(BIN) demo --city eauclaire --data data-eauclaire; fi
	@$(BIN) serve --data data-eauclaire --listen $(LISTEN)

build: check-tools ui
	go build -o $(BIN) ./cmd/luoshu

ui: check-tools
	@./scripts/build-ui

check-tools:
	@./scripts/check-tools

# Installs PostgreSQL, Chromium and a CJK font on Debian; elsewhere says what is missing.
setup-test:
	@./scripts/setup-test

test: setup-test build
	./scripts/test

e2e: build
	./scripts/e2e

lint:
	./scripts/lint

cross:
	./scripts/cross

bench: build
	./scripts/bench

fuzz:
	./scripts/fuzz

clean:
	rm -rf bin bench/out web/ui/node_modules
	find web/ui/dist -mindepth 1 ! -name README.txt -delete
