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

# What is not film spends its time waiting: it is built without optimisation, in a fifth of the time. What makes film is
# built a second time, as it would take five times as long otherwise.
UNOPTIMISED := CARGO_PROFILE_DEV_OPT_LEVEL=0
UNFILMED := --lib --bins --test cases --test house --test store --test suite

test: $(STAMP)
	cargo fmt --check
	$(UNOPTIMISED) cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(UNOPTIMISED) cargo doc --locked --no-deps
	$(UNOPTIMISED) cargo test --locked --doc
	@if cargo nextest --version >/dev/null 2>&1; \
	then set -x; $(UNOPTIMISED) cargo nextest run --locked --no-fail-fast $(UNFILMED); \
	else set -x; $(UNOPTIMISED) cargo test --locked --no-fail-fast $(UNFILMED); fi
	@# last, so that the output closes with the tests' own summary
	@if cargo nextest --version >/dev/null 2>&1; \
	then set -x; cargo nextest run --locked --no-fail-fast --test film; \
	else set -x; cargo test --locked --no-fail-fast --test film; fi

quick: $(STAMP)
	cargo fmt --check
	$(UNOPTIMISED) cargo clippy --locked -- -D warnings
	@if cargo nextest --version >/dev/null 2>&1; \
	then set -x; $(UNOPTIMISED) cargo nextest run --locked --profile quick; \
	else set -x; $(UNOPTIMISED) cargo test --locked --lib --test house --test suite -- --skip media::film --skip once:: \
	--skip pictures:: --skip sandbox:: --skip upload::; fi

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
