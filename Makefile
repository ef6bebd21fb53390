# The commands of the project. `make` alone lists the targets.
PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.tools/bin:$(PATH)
export PATH
# Bytecode lets Python start quickly; some machines disable it.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-spark quickstart quickstart-features quickstart-s3 quickstart-feed gpu-check bench-feed reference manifests protos test test-s3 test-engines test-k8s faults faults-full fuzz fuzz-full check format golden oracle parity bench bench-full bench-extraction bench-features bench-s3 gate rootfs test-rootfs image kind-up kind-down clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 15

setup: ## install the environment for checks and tests; no Java
	@sh scripts/bootstrap.sh dev

setup-spark: ## the same, with classic Spark and a JDK
	@sh scripts/bootstrap.sh dev
	@sh scripts/bootstrap.sh spark

quickstart: ## run on text of this machine, to packed sequences and a report; INPUT=folder adds your own
	@sh scripts/bootstrap.sh
	tokenlake run examples/quickstart.yaml $(if $(INPUT),--input $(INPUT))

quickstart-features: ## features of the quickstart's lake: computed, put into an online store, served, looked up
	@sh scripts/bootstrap.sh serve
	@[ -d lakes/quickstart ] || $(MAKE) quickstart
	@sh scripts/quickstart_features.sh

quickstart-s3: ## the quickstart with its lake on an S3 server of this machine, which this builds and starts
	@sh scripts/bootstrap.sh
	@sh scripts/s3_server.sh
	@sh scripts/quickstart_s3.sh

quickstart-feed: ## a small GPT trained on the quickstart's lake on the CPU, and a resume on another number of workers
	@sh scripts/bootstrap.sh train
	@[ -d lakes/quickstart ] || $(MAKE) quickstart
	@sh scripts/quickstart_feed.sh

gpu-check: ## the feed into a compiled training step on a GPU, under five minutes; without one, small, on the CPU; WRITE=1
	@sh scripts/bootstrap.sh train
	@[ -d lakes/quickstart ] || $(MAKE) quickstart
	@python -m training.feed_check.bundle lakes/quickstart causal
	python -m training.feed_check.gpu_check $(if $(WRITE),--write)

test: setup ## the daily test suite, on Sail
	pytest -n 2 --dist loadfile --no-loadscope-reorder --ignore tests/engines --ignore tests/s3 --ignore tests/cluster

test-s3: setup-spark ## lakes on a real S3 server, which this builds and starts; Sail and classic Spark
	@sh scripts/s3_server.sh
	pytest tests/s3

test-engines: setup-spark ## the same rows from all engines: Sail, classic Spark on separate processes, Spark Connect
	pytest tests/engines

test-k8s: setup ## on a cluster with the Spark operator, which KUBECONFIG=file names; docs/testing.md
	@sh scripts/s3_server.sh
	PYTHONPATH=tests/s3:. pytest --timeout 1800 tests/cluster

faults: setup ## kills, two runs at once, a full disk, a read-only lake, twenty days of a lake; 4 minutes
	pytest tests/faults tests/jobs/test_kill_and_resume.py tests/features/materialization/test_faults.py

faults-full: setup ## the same with at least 50 kills, and kills in the last ten days; 40 minutes
	TOKENLAKE_FAULTS=full pytest -s tests/faults tests/jobs/test_kill_and_resume.py tests/features/materialization/test_faults.py

FIRST ?= 10000
fuzz: setup ## damaged files for every reader, for a minute
	PYTHONPATH=tests/fuzz:. python -u tests/fuzz/fuzz_campaign.py --seconds 60

fuzz-full: setup ## the same for ten minutes, with seeds from FIRST on
	PYTHONPATH=tests/fuzz:. python -u tests/fuzz/fuzz_campaign.py --seconds 600 --first $(FIRST)

check: setup ## format, lint, types, imports between packages
	ruff format --check .
	ruff check .
	mypy
	lint-imports

format: setup ## fix what can be fixed automatically of what `check` reports
	ruff format .
	ruff check --fix .

rootfs: ## files of both images in lakes/rootfs, made without a container engine, by root (docs/how-to/images.md)
	@sh images/rootfs.sh spark
	@sh images/rootfs.sh features

test-rootfs: setup rootfs ## run what is in those folders as pods do: read-only, without rights, without network
	TOKENLAKE_ROOTFS=lakes/rootfs pytest tests/images

image: ## both images, by podman, docker or buildah; REGISTRY=… VERSION=… name them
	@sh images/image.sh

golden: setup ## write the golden outputs of all steps anew; ANYWAY=1 also where a step's version is the same
	PYTHONPATH=tests:. python -m golden $(if $(ANYWAY),--same-versions)

reference: setup ## write the pages of docs/ that follow from the code
	python -m features.documentation
	python -m jobs.kubernetes.lint.documentation
	python -m jobs.kubernetes.values_page

manifests: setup ## write k8s/ anew: what the default values make, all overlays, the picture of a site
	python -m jobs.kubernetes.manifests
	python -m jobs.kubernetes.picture

protos: setup ## write the messages of gRPC from their definition
	python scripts/generate_protos.py

oracle: setup ## compare with datatrove, OpusFilter and the readers of exports; installs each in an environment of its own, 6 GB
	PYTHONPATH=.:tests python -m oracle.environment
	PYTHONPATH=.:tests python -m oracle.pair_filters
	PYTHONPATH=.:tests python -m oracle.feeds
	python -m benchmarks.corpus --profile quick
	pytest -m oracle tests/oracle

parity: setup ## the same on the whole corpus, and write docs/parity.md; LIMIT="en=2000 …" and MINHASH=n take less
	PYTHONPATH=.:tests python -m oracle.environment
	python -m benchmarks.corpus --profile full
	PYTHONPATH=.:tests python -m oracle.page $(if $(LIMIT),--limit $(LIMIT)) $(if $(MINHASH),--minhash $(MINHASH))

bench: setup ## speed compared with other libraries on 1,250 and 5,000 pages, ten minutes; tables into docs/benchmarks.md
	python -m benchmarks --profile quick --write $(if $(ENGINES),--engines $(ENGINES))

bench-full: setup ## the same on 36,000 pages too, in about an hour; ENGINES="sail spark" names the engines
	python -m benchmarks --profile full --write $(if $(ENGINES),--engines $(ENGINES))

bench-extraction: setup ## extractors of main text on pages whose text is known: DIR=a checkout of WCXB, or pairs of .html and .txt
	python -m benchmarks.extraction $(if $(DIR),$(DIR),DIR) $(if $(WRITE),--write)

bench-feed: setup ## the feed beside memmap, MosaicML Streaming and litdata, five minutes; table into docs/benchmarks.md
	@sh scripts/s3_server.sh
	PYTHONPATH=tests/s3:. python -m benchmarks.feed --bucket --write

bench-features: setup-spark ## the feature service beside Feast, fifteen minutes; tables into docs/benchmarks.md
	python -m benchmarks.features --write

bench-s3: setup ## a lake in a bucket of an S3 server beside one in a folder; table into docs/benchmarks.md
	@sh scripts/s3_server.sh
	PYTHONPATH=tests/s3:. python -m benchmarks.object_store --write

kind-up: setup ## a cluster on this machine with the Spark operator, the data plane and a first run; needs docker, kind, helm
	@sh scripts/kind_up.sh

kind-down: ## delete that cluster
	@sh scripts/kind_up.sh down

gate: setup ## speed of every kernel relative to a reference implementation, two minutes; fails when one is too slow
	python -m benchmarks.gate

clean: ## remove lakes and caches made here, compiled kernels too
	rm -rf lakes .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find pipelines -name '*.nb[ic]' -delete
	find pipelines -name 'words-*.npz' -delete
