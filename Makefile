# Everything a person types. A clone needs Linux, Python 3.10 to 3.13 and make; no step is done by hand.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
UV ?= uv
# Where the programs live that the interop tests talk to; outside the tree, since a clone need not build them again.
export PEERS_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/zenlink/peers
# Passed on: make demo ARGS="--seconds 5", make test ARGS="-k qos -x"
ARGS ?=

VENV := .venv
JAZZY := .venv-jazzy
COLCON := .venv-colcon
BIN := $(VENV)/bin
SOURCES := bridge netopt bench tests

# A sourced ROS installation, or the interpreter of another environment, must not leak into ours: its rclpy and
# its libraries would be found before the locked ones. The last name is the guard of the ROS wheels' start-up hook.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV LD_LIBRARY_PATH AMENT_PREFIX_PATH CMAKE_PREFIX_PATH COLCON_PREFIX_PATH
unexport ROS_DISTRO ROS_VERSION ROS_PYTHON_VERSION RMW_IMPLEMENTATION CYCLONEDDS_URI _ROS_WHEELS_BOOTSTRAP_COMPLETE
# Without byte code each agent that is started, in a test or a bench, compiles all of our modules again.
unexport PYTHONDONTWRITEBYTECODE

# Shows one changing line on a terminal, nothing in a pipe; pip's warnings and errors go to standard error.
PROGRESS = awk -v tty="$$( [ -t 2 ] && echo 1 || echo 0 )" \
	'tty && /^ *(Collecting|Downloading|Installing) / { printf "\r\033[K  %.76s", $$0 > "/dev/stderr"; fflush() } \
	 END { if (tty) printf "\r\033[K" > "/dev/stderr" }'
pip = $(1)/bin/python -m pip install --disable-pip-version-check --no-input $(2) | $(PROGRESS)
# Hashes are in the locks, and the build backend too: the editable install fetches nothing.
editable = $(call pip,$(1),--no-deps --no-build-isolation --editable .)
define fresh_env
@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' 2>/dev/null || { \
  echo "zenlink needs Python 3.10 to 3.13; $(PYTHON) is $$($(PYTHON) -V 2>/dev/null || echo missing). Name another: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
  echo "$(PYTHON) cannot make environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
@echo "$(1): installing $(2) for $$($(PYTHON) -V)"
@$(PYTHON) -m venv --clear $(1)
@$(call pip,$(1),--require-hashes -r $(2))
endef

.SECONDARY:
.PHONY: help venv test-env test-packages demo test peers bench bench-quick bench-glance images stack-up stack-down stack-logs stack-test backup restore push check lint format lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(VENV)/.ready ## .venv with the locked versions and ROS 2 Kilted, enough for the demo
test-env: $(VENV)/.ready-test $(JAZZY)/.ready $(COLCON)/.locked ## .venv with the test tools added, .venv-jazzy with ROS 2 Jazzy

demo: venv ## robot, two agents and a station on this machine (ARGS="--seconds 5")
	@$(BIN)/zenlink demo $(ARGS)

test: test-env ## the whole test suite (ARGS="-k qos -x")
	@$(BIN)/python -m pytest $(ARGS)

test-packages: ## what tests take from Debian where it is missing: Chromium, Prometheus, sockperf, mmdebstrap, systemd (as root)
	@tests/packages.sh

peers: ## the Rust bridge and zenohd for tests/interop, from published crates (ten minutes, once; needs cargo)
	@tests/interop/build_peers.sh "$(abspath $(PEERS_DIR))"

bench: test-env ## ratios to DDS alone, Zenoh alone and the Rust bridge, 15 min (see make peers; docs/performance.md)
	@$(BIN)/python -m bench --out build/bench $(ARGS)

# Ratios that got worse are printed and fail nothing: a busy machine makes them, too.
BENCH_RECORDED := --quick --arms dds,zenoh,zenlink --compare bench/recorded.json
bench-quick: test-env ## our pair beside its floors, and which ratio is worse than bench/recorded.json; 3 minutes
	@$(BIN)/python -m bench $(BENCH_RECORDED) --blocks 3 $(ARGS)

bench-glance: test-env ## the same from half a minute: what CI prints
	@timeout 60 $(BIN)/python -m bench $(BENCH_RECORDED) --blocks 1 --cells rtt $(ARGS) || echo "bench: no figures: $$?"

images: venv ## zenlink/bridge, the agent as a container image (ARGS="ros-bridge isaac-sim"; needs Docker)
	@docker/images.sh $(or $(ARGS),bridge)

stack-up: ## router, bridge and probe as containers, and what PROFILES name: "monitoring sim" (docs/deployment.md)
	@docker/stack.sh up

stack-down: ## stop and remove them; volumes stay (ARGS="--volumes" removes those, too)
	@docker/stack.sh down $(ARGS)

stack-logs: ## what they say (ARGS="--follow router")
	@docker/stack.sh logs $(ARGS)

stack-test: test-env ## the story of a stack on stand-in images: traffic, a killed router, a backup restored
	@$(BIN)/python -m pytest -s tests/stack $(ARGS)

backup: ## archive the volumes of the stack, writers held still
	@docker/stack.sh backup

restore: ## bring the newest archive back (RESTORE_FILE=..., RESTORE_OVERWRITE=yes)
	@docker/stack.sh restore

push: ## push the images to REGISTRY, and print their digests
	@docker/images.sh push

# First what waits more than it works, two files at a time, then what needs the machine for itself; both, whatever
# fails. The files come in the order of tests/conftest.py.
check: lint test-env ## what CI runs: format, lint, types, import contracts, tests
	@status=0; \
	  $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder -m "not alone" $(ARGS) || status=$$?; \
	  $(BIN)/python -m pytest -m alone $(ARGS) || status=$$?; \
	  exit $$status

lint: $(VENV)/.ready-test ## format, lint, types and import contracts, without tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/.ready-test ## rewrite the sources in the house format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# run: the bare dependencies (images). demo: with ROS. test: with the tools. jazzy: the other ROS, its own environment;
# colcon: likewise.
# All but the first have the build backend, too.
COMPILE_RUN = UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile --quiet --upgrade --universal --python-version 3.10 \
  --generate-hashes --no-emit-index-url --no-emit-find-links pyproject.toml
COMPILE = $(COMPILE_RUN) --group build
lock: ## remake requirements/*.lock (needs uv)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: $(PYTHON) -m pip install uv" >&2; exit 1; }
	@$(COMPILE_RUN) --output-file requirements/run.lock >/dev/null
	@$(COMPILE) --extra ros --output-file requirements/demo.lock >/dev/null
	@$(COMPILE) --extra ros --extra plots --extra gpu --extra containers --extra test --extra dev --output-file requirements/test.lock >/dev/null
	@$(COMPILE) --extra ros-jazzy --extra test --output-file requirements/jazzy.lock >/dev/null
	@$(subst pyproject.toml --group build,--group pyproject.toml:colcon,$(COMPILE)) --output-file requirements/colcon.lock >/dev/null
	@! grep -n '://' requirements/*.lock # no lock names a server

clean: ## remove environments and caches
	@rm -rf $(VENV) $(JAZZY) $(COLCON) .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	@find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps. An environment is made again, from nothing, when its lock changes. A changed pyproject.toml (version,
# command) only repeats the editable install. The test tools go on top of .venv, which the demo shares.
$(VENV)/.locked: requirements/demo.lock
	$(call fresh_env,$(VENV),$<)
	@touch $@

$(JAZZY)/.locked: requirements/jazzy.lock
	$(call fresh_env,$(JAZZY),$<)
	@touch $@

# colcon alone, which test_ros_package builds with: it wants an older setuptools than everything else.
$(COLCON)/.locked: requirements/colcon.lock
	$(call fresh_env,$(COLCON),$<)
	@touch $@

%/.ready: %/.locked pyproject.toml
	@$(call editable,$*)
	@touch $@

$(VENV)/.ready-test: $(VENV)/.ready requirements/test.lock
	@echo "$(VENV): adding what requirements/test.lock has more"
	@$(call pip,$(VENV),--require-hashes -r requirements/test.lock)
	@touch $@
