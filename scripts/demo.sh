#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
#
# Sets up what is missing, then shows the tracker at work: bash scripts/demo.sh [--help]
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bash "$scripts/setup.sh"
# shellcheck source=scripts/env.sh
. "$scripts/env.sh"
exec hart-demo "$@"
