# What a person or CI types here. `make demo` is the tour, `make test` is every test.
LAB_CACHE ?= /var/cache/reseed-lab

.PHONY: setup demo test unit sshd cluster campaign bench lint
setup:            ## installs what is missing (root, Debian)
	sh tests/lab/setup.sh

demo: setup       ## a real cluster, backed up, damaged, restored, shown
	cargo build --bin reseed
	cargo run --example demo

test: setup unit sshd cluster   ## every test, the slowest last

unit:             ## no root, seconds
	cargo test --workspace
	sh tests/shellcheck.sh

sshd: setup       ## the transport over a real sshd
	cargo test --test sshd

cluster: setup    ## the whole over real Cassandra clusters
	cargo test --test cluster

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --test sshd --test cluster -- -D warnings
	cargo deny check bans licenses sources

campaign:         ## what takes too long for every run: each place to die at, minutes of silence; result in docs/campaign.md
	RESEED_CAMPAIGN=1 cargo test --test cluster -- rollback killed
	RESEED_CAMPAIGN=1 cargo test --test cluster -- disaster many versions upgrades
	RESEED_CAMPAIGN=1 cargo test --test cluster -- restored repeat catalogue live::
	RESEED_CAMPAIGN=1 cargo test --test sshd -- --include-ignored killed two_minutes half_a_gigabyte
	cargo test --test transport -- --ignored
	sh tests/filesystems.sh
	cargo run -q -p lab -- up --name logind --nodes 1 --init systemd
	LAB=/var/lib/reseed-lab/logind cargo run -q -p lab -- coordinator --name logind cargo test --test sshd -- --ignored logind; \
	  rc=$$?; cargo run -q -p lab -- down --name logind; exit $$rc

bench: setup      ## beside what a user would do instead; results in docs/benchmarks.md (BENCH="restore sizes scale io startup --more")
	sh benches/setup.sh
	cargo bench --bench bench -- $(BENCH)
