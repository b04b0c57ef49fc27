# make demo   renders the sample templates into out/ and publishes them to a sandbox on this machine
# make test   everything that has to hold: format, lints, documentation, tests
# make quick  what can be held in a minute: format, lints, and the tests that need no film, no server and no golden
# make year   a year of the calendar with everything that goes wrong, on SQLite and PostgreSQL, and every fault of the private way
#             at every point of its way: over an hour, for the night
# make fuzz   runs each fuzz target for a minute; SECONDS=… and TARGETS="…" choose
# make deb    a Debian package of the release build, in target/debian
# All first see to the system libraries, and need only git, make and Rust.

# rustup's folder, for a shell that was open before Rust was installed
export PATH := $(PATH):$(HOME)/.cargo/bin

PORT ?= 8026

STAMP := target/system-libraries

# its version, so that a package is the same wherever it is made
CARGO_DEB := 3.8.0

.PHONY: demo test quick year fuzz deb
.NOTPARALLEL:

demo: $(STAMP)
	cargo build --locked --release
	tools/demo.sh target/release/storypress $(PORT)

# Tests of single functions share a process, those of the memory a PostgreSQL server: with one process for each, starting
# would be most of their work. They wait as often as they work, so there are two for each core.
TOGETHER := --lib --test store
AT_ONCE := --test-threads 4
# waiting and making film fill a processor together
APART := --test cases --test film --test house --test suite

# `cargo clippy` and `cargo doc` would have every dependency checked, which nothing else uses. So clippy compiles what is tested
# and says what it finds on the way, and the documentation is written before its examples run; a warning of either is an error.
# Whoever runs these tests has to name the same compiler, else the crate is built again.
LINTED := RUSTC_WORKSPACE_WRAPPER=$(CURDIR)/tools/rustc.sh CLIPPY_ARGS=-Dwarnings
DOCUMENTED := RUSTDOC=$(CURDIR)/tools/rustdoc.sh

test: $(STAMP)
	cargo fmt --all --check
	$(LINTED) cargo build --locked --workspace --all-targets
	$(LINTED) $(DOCUMENTED) cargo test --locked --doc
	$(LINTED) cargo test --locked --no-fail-fast $(TOGETHER) -- --quiet $(AT_ONCE)
	tools/fuzz.sh replay $(or $(CARGO_TARGET_DIR),target)/debug
	@# last, so that the output closes with the tests' own summary
	@if cargo nextest --version >/dev/null 2>&1; \
	then set -x; $(LINTED) cargo nextest run --locked --no-fail-fast $(APART); \
	else set -x; $(LINTED) cargo test --locked --no-fail-fast $(APART); fi

# what is left out is not built either
QUICK := --test cases --test house --test suite

quick: $(STAMP)
	cargo fmt --all --check
	$(LINTED) cargo test --locked --lib -- --quiet $(AT_ONCE) --skip media::film
	@if cargo nextest --version >/dev/null 2>&1; \
	then set -x; $(LINTED) cargo nextest run --locked --profile quick $(QUICK); \
	else set -x; $(LINTED) cargo test --locked $(QUICK) -- --skip goldens --skip once:: --skip pictures:: --skip private:: \
	--skip sandbox:: --skip studio:: --skip upload:: --skip any_value_of_any_sample; fi

year: $(STAMP)
	cargo test --locked --test suite a_year_of -- --ignored --nocapture --test-threads 1
	cargo test --locked --test suite private::kills -- --include-ignored --test-threads 2

fuzz: $(STAMP)
	tools/fuzz.sh $(or $(SECONDS),60) $(TARGETS)

deb: $(STAMP)
	cargo install --locked --root target/tools --version '=$(CARGO_DEB)' cargo-deb
	cargo build --locked --release
	tools/deb/stage.sh target/release/storypress target/deb
	target/tools/bin/cargo-deb --no-build

$(STAMP): tools/setup.sh
	@tools/setup.sh
	@mkdir -p $(@D)
	@touch $@
