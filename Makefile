# Each target is one line of intent; the work is in tests/scripts/.

.PHONY: install run test quick torture bench pictures package

install: ## system packages, test runner, npm packages: only what is missing
	@tests/scripts/install.sh

run: install ## the window with the demo profile; without a display the same job under Xvfb
	@tests/scripts/run.sh

test: install ## every check; ends with "N passed, N failed"
	@tests/scripts/test.sh

quick: ## the inner loop: format, tidy, unit tests and journeys, UI types; no window
	@tests/scripts/test.sh quick

torture: install ## kills, bad lines, power cuts and stories of replicas, for as long as one likes; prints its seed
	@tests/scripts/torture.sh

bench: install ## figures beside their goals; never fails
	@tests/scripts/bench.sh

pictures: install ## the pictures of the user's guide and the README, taken anew from the real window
	@tests/scripts/pictures.sh

package: ## the Debian package of the central store, under target/package, tried in a clean Debian where that can be had
	@cargo build --release --locked -p skranke-server
	@package=$$(server/packaging/build-deb.sh $${CARGO_TARGET_DIR:-target}/release/skranke-server target/package) && \
	  echo "$$package" && tests/scripts/package.sh "$$package"
