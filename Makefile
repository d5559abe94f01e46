# The verbs. Anything with a condition in it lives in scripts/.
.PHONY: help setup build publish demo test unit functional check bench clean

help:        ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 20

setup:       ## install what a bare Debian 12 with the .NET SDK lacks (needs root)
	@scripts/setup.sh

build:       ## compile everything; warnings are errors
	dotnet build Skiff.slnx -v quiet --nologo

publish:     ## dist/: what a node needs (shim, skiff, engine); RID=linux-arm64 crosses
	@scripts/setup.sh --demo
	scripts/publish.sh $(RID)

demo: publish ## a Wasm image runs, is listed, exec'd into, stopped and deleted under a private containerd
	@scripts/demo.sh

test: setup publish build ## all tests, the functional ring under three containerds included
	scripts/test.sh

unit: build  ## the tests that need no containerd
	scripts/test.sh unit

functional: setup publish build ## the tests that need containerd
	scripts/test.sh functional

check: build ## layout, format
	scripts/test.sh layout
	dotnet format Skiff.slnx --verify-no-changes --no-restore

bench: publish ## figures, each as a ratio against a peer in the same run
	@scripts/setup.sh --bench
	scripts/bench.sh
	scripts/bench.sh components
	scripts/bench.sh http

clean:       ## remove what was built (not what was installed)
	rm -rf artifacts dist
