#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
#
# Sets up what is missing, then runs every check: bash scripts/test.sh [--long] [pytest arguments]
# --long adds the tests that take minutes. Paths are relative to the repository's root.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
select=()
if [ "${1:-}" = --long ]; then
  select=(-m '')  # setup.cfg leaves out what is marked `long`
  shift
fi

bash scripts/setup.sh --tests
# shellcheck source=scripts/env.sh
. scripts/env.sh

# As modules: a command that the distribution has would start without the environment.
failed=()
check() {
  echo "== $*"
  python -m "$@" || failed+=("$1")
}
check ruff check --config scripts/ruff.toml .
check ruff format --check --config scripts/ruff.toml .
check mypy --config-file setup.cfg
check pytest --verbose --durations=10 "${select[@]}" "$@"

if [ ${#failed[@]} -gt 0 ]; then
  printf 'test: failed: %s\n' "${failed[@]}" >&2
  exit 1
fi
