# SPDX-License-Identifier: Apache-2.0
"""The published experiments with RATM, one command each: see hart-experiment."""
