# The front door. Every target brings what it needs, shows what it does, and works offline the second time.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:

UV := $(or $(shell command -v uv 2>/dev/null),.tools/uv/bin/uv)
UV_VERSION := 0.13.9
RUN := .venv/bin
READY := .venv/.ready
CLUSTER := local
COUNTED := tests/core tests/api tests/shell tests/cli

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

demo: $(READY) assets ## Watch a pool follow the queue of a real workload on a real API server (about 4 minutes)
	@exec $(RUN)/python -m demo

test: $(READY) assets ## Everything that CI runs: lint, types, unit tests and laws, the control plane, e2e
	@$(MAKE) --no-print-directory lint types
	$(RUN)/pytest $(COUNTED) -m "not long" -n 4 --cov --cov-report=term-missing:skip-covered -q
	# The rest runs the core many thousand times, or not in its own process: counting doubles the time and finds no more.
	$(RUN)/pytest tests $(COUNTED:%=--ignore=%) -m "not long" -n 4 --dist loadgroup -q
	$(RUN)/pytest e2e --ignore=e2e/installed -m "not long" -n 8 --dist loadgroup --no-loadscope-reorder -q
	$(MAKE) --no-print-directory installed

installed: $(READY) assets ## The operator as people install it: image, chart, a real node; or CLUSTER=kind, CLUSTER=current
	@$(RUN)/pytest e2e/installed -n 0 -q --cluster=$(CLUSTER)

test-long: $(READY) assets ## What takes longer: the rest at full length
	@$(RUN)/pytest tests --hypothesis-profile=long -m "not cluster" -n 2 -q
	$(RUN)/pytest tests e2e --ignore=e2e/installed -m long -n 2 -q

unit: $(READY) ## The quick ones: no cluster, under a minute
	@$(RUN)/pytest tests -m "not cluster" -n 2 -q

env: $(READY) ## Make .venv from the lock file

lint: $(READY) ## Style, format, layers, spelling of the CRD
	@$(RUN)/ruff check .
	@$(RUN)/ruff format --check -q .
	@$(RUN)/lint-imports --no-cache

types: $(READY) ## mypy, strict
	@$(RUN)/mypy

crds: $(READY) ## Generate crds/, docs/reference/, the dashboard, the PrometheusRule, the chart's files and install.yaml
	@$(RUN)/poolkeeper crd > crds/inferencepools.yaml
	$(RUN)/python -m reference
	$(RUN)/python -m monitoring
	$(RUN)/python -m drawings
	$(RUN)/python -m bundles

docs: $(READY) ## The documentation as a site: out/docs/index.html
	@$(RUN)/sphinx-build -W --keep-going -q -b html docs out/docs
	echo "out/docs/index.html"

cluster: $(READY) assets ## A local Kubernetes to play with: a kubeconfig and a prompt
	@exec $(RUN)/python -m controlplane cluster

playground: $(READY) assets ## The same with a node that runs containers, and the operator's image on it, for its chart; as root
	@mkdir -p out
	$(RUN)/python -m image out/poolkeeper.tar
	exec $(RUN)/python -m controlplane cluster --real-node --no-crds --load out/poolkeeper.tar

screenshots: $(READY) assets ## Take the pictures in docs/images anew, of a local cluster at work and of pages in Chromium (about 6 minutes)
	@exec $(RUN)/python -m screenshots

bench-reaction: $(READY) assets ## Queue spike to change of spec.replicas, direct and through Prometheus
	@exec $(RUN)/python bench/reaction.py

bench-from-zero: $(READY) assets ## A queue appears at a pool at zero, to its first replica (about 2 minutes)
	@exec $(RUN)/python bench/from_zero.py

bench-batch: $(READY) ## A night's work on spot beside all of it at once on on-demand (about 2 minutes)
	@exec $(RUN)/python bench/batch.py

bench-rest: $(READY) assets ## Writes at rest, from the API server's audit log
	@exec $(RUN)/python bench/rest.py

bench-spot: $(READY) assets ## Reclaims of spot on a real API server, and two weeks of a spot market replayed (about 5 minutes)
	@exec $(RUN)/python bench/spot.py

bench-recommend: $(READY) assets ## Windows proposed for measured traffic, read from a real Prometheus (about 3 minutes)
	@exec $(RUN)/python bench/recommend.py

bench-forecast: $(READY) ## The learned floor on against off, on measured and made weeks (about 3 minutes)
	@exec $(RUN)/python bench/forecast.py

bench-money: $(READY) ## Alarms and forecasts of money on half years made from the traces' weeks (about 2 minutes)
	@exec $(RUN)/python bench/money.py

bench-decide: $(READY) ## Microseconds that one decision takes (half a minute)
	@exec $(RUN)/python bench/decide.py

bench-journal: $(READY) ## Microseconds and bytes that the journal costs (a minute)
	@exec $(RUN)/python bench/journal.py

bench-economics: $(READY) ## Ours and every published algorithm on measured traffic, beside the bound (one to two hours)
	@exec $(RUN)/python bench/economics.py

bench-published: $(READY) ## The three published cases replayed; writes docs/published-cases.md (about 10 minutes)
	@exec $(RUN)/python bench/published.py --write

bench-skyserve: $(READY) ## Three replicas on spot beside SkyServe; writes docs/benchmarks/skyserve.md (about 4 minutes)
	@exec $(RUN)/python bench/skyserve.py --write

bench-cliff: $(READY) ## What a longer start-up does; writes docs/benchmarks/start-up.md (about 10 minutes)
	@exec $(RUN)/python bench/cliff.py --write

bench-speed: $(READY) ## How fast lives are replayed: a month of one pool, a week of a thousand (about 2 minutes)
	@exec $(RUN)/python bench/speed.py

bench-live: $(READY) assets ## Ten minutes of a trace on a real API server, and the same in the model (about 15 minutes)
	@exec $(RUN)/python bench/live_replay.py

assets: $(READY) # The local Kubernetes, Prometheus, the validator of FOCUS, actionlint, a real node: found, or built once with progress
	@$(RUN)/python -m controlplane build >/dev/null
	$(RUN)/python -m focus >/dev/null
	$(RUN)/python -m release actionlint >/dev/null
	$(RUN)/python -m installed

clean: ## Remove the environment and everything that was made here
	@rm -rf .venv .tools out .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage

$(READY): pyproject.toml uv.lock
	@if [ ! -x "$(UV)" ]; then
	  echo "== uv: installing into .tools (once)"
	  python3 -m venv .tools/uv
	  .tools/uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	fi
	echo "== environment: .venv from uv.lock"
	$(UV) sync --frozen
	touch $@

.PHONY: help env demo docs test test-long unit lint types crds cluster playground screenshots bench-reaction bench-from-zero bench-batch bench-rest bench-spot bench-forecast bench-money bench-economics bench-recommend bench-decide bench-journal bench-speed bench-live bench-published bench-skyserve bench-cliff assets clean
