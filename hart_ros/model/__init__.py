# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The network: attention, glimpse, V1, ventral and dorsal streams, LSTM. Imports torch only."""
