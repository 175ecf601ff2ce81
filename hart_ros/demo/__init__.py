# SPDX-License-Identifier: Apache-2.0
"""The demonstration: player and tracker as two processes, watched and recorded by a third."""
