# SPDX-License-Identifier: Apache-2.0
"""The network: attention, glimpse, V1, ventral and dorsal streams, LSTM. Imports torch only."""
