# make demo   renders the sample templates into out/ and publishes them to a sandbox on this machine
# make test   everything that has to hold: format, lints, documentation, tests
# Both first see to the system libraries, and need only git, make and Rust.

# rustup's folder, for a shell that was open before Rust was installed
export PATH := $(PATH):$(HOME)/.cargo/bin

PORT ?= 8026

STAMP := target/system-libraries

.PHONY: demo test
.NOTPARALLEL:

demo: $(STAMP)
	cargo build --locked --release
	tools/demo.sh target/release/storypress $(PORT)

test: $(STAMP)
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps
	cargo test --locked --doc
	@# last, so that the output closes with the tests' own summary
	@if cargo nextest --version >/dev/null 2>&1; \
	then set -x; cargo nextest run --locked --no-fail-fast; \
	else set -x; cargo test --locked --no-fail-fast --lib --bins --tests; fi

$(STAMP): tools/setup.sh
	@tools/setup.sh
	@mkdir -p $(@D)
	@touch $@
