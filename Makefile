# make alone prints the targets.
GO      ?= go
TOOL    := $(GO) tool -modfile=tools/go.mod
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS := -s -w -X github.com/consbench/consbench/bench.Version=$(VERSION)
FUZZTIME ?= 60s

.PHONY: help run build test short race lint vuln fuzz bench decoders soak figure16 kill mutants docs browser pictures clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Raft and Multi-Paxos, each losing its leader once, in virtual time
	$(GO) run ./cmd/consbench run -p raft,multipaxos --fault 'crash leader at 2s for 1s'

build: ## bin/consbench
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/consbench ./cmd/consbench

test: ## all tests
	$(GO) test ./...

short: ## the tests that take seconds
	$(GO) test -short ./...

race: ## the short tests under the race detector; lint has vetted them
	$(GO) test -race -short -vet=off ./...

mutants: ## deliberate bugs, each of which the verdict must find, and cases that find some shrink
	$(GO) test -tags mutants -run Mutants -count=1 ./cmd/consbench ./bench/swarm

table: ## how many seeds of check it takes to find each deliberate bug; minutes
	$(GO) run -tags mutants ./cmd/consbench mutants --keys=false

lint: ## gofmt, vet, staticcheck
	@out=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "gofmt would change:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags mutants ./...
	$(TOOL) staticcheck ./...

vuln: ## govulncheck; needs the network
	$(TOOL) govulncheck ./...

# The targets PACKAGE:NAME on standard input, as many at a time as there are cores.
FUZZ := GO=$(GO) xargs -P $$(nproc 2>/dev/null || echo 2) -I{} .ci/fuzz {} $(FUZZTIME)

fuzz: ## every fuzz target for FUZZTIME (60s), as many at a time as there are cores
	@$(GO) list ./... | sed "s,^$$($(GO) list -m)/,," | while read -r pkg; do \
	  $(GO) test -list '^Fuzz' "./$$pkg" | sed -n "s,^Fuzz,$$pkg:&,p"; done | $(FUZZ)

# What reads bytes that others wrote. .ci/run gives each of them a few seconds.
DECODERS := raft:FuzzFrame raft:FuzzRecord \
  paxos:FuzzMultiMessage paxos:FuzzMultiReplay paxos:FuzzParseBatch paxos:FuzzBasicReplay \
  bench/smr/window:FuzzDecode bench/command:FuzzNext bench/command:FuzzAnswer bench/replica:FuzzRestore bench/replica:FuzzChunk \
  bench/result:FuzzParse bench:FuzzCost bench/fault:FuzzParse bench/swarm:FuzzParse bench/topology:FuzzParse \
  bench/measure:FuzzDecode bench/measure:FuzzSparse \
  bench/cluster:FuzzReport bench/cluster:FuzzMessage bench/cluster:FuzzClientFrames \
  bench/wal:FuzzSegment bench/wal:FuzzSnapshot bench/wal:FuzzDamage \
  netsim/tcp:FuzzScan netsim/tcp:FuzzHandshake

decoders: ## those of everything that reads bytes
	@printf '%s\n' $(DECODERS) | $(FUZZ)

bench: ## benchmarks, ten times each, for benchstat
	$(GO) test -run '^$$' -bench . -benchmem -count 10 ./...

soak: ## 100,000 seeds of consbench check and thousands of random schedules for every protocol
	$(GO) run ./cmd/consbench check --seeds 100000 --reach
	$(GO) test -count=1 -timeout 2h -run Conformance ./raft ./paxos -smrtest.seeds 5000
	$(GO) test -count=1 -timeout 2h -run PowerLoss ./bench/cluster -powerloss.cycles 10000
	$(GO) test -count=1 -timeout 1h -v -run 'TestQueue$$' ./bench -cost.samples 4000000

kill: ## replicas killed (SIGKILL) and started anew, 200 times for raft and multipaxos each
	$(GO) test -count=1 -timeout 1h -v -run 'TestKill$$' ./bench/cluster -kill.cycles 200

figure16: ## 10,000 elections for every range of Figure 16 of the Raft paper
	$(GO) run ./cmd/consbench elections --figure16

docs: pictures ## what the README shows of virtual runs, written anew, and its pictures
	$(GO) test -count=1 ./cmd/consbench -run 'TestDocs$$' -docs.update

browser: ## tests of the pages of reports in a browser; skipped where there is none
	cd tools/browser && $(GO) test -count=1 .

pictures: ## those in results/pictures of which the page has changed, taken anew in a browser; skipped where there is none
	cd tools/browser && $(GO) test -count=1 -run Pictures -pictures ../../results/pictures .

clean: ## what the build leaves behind
	rm -rf bin
