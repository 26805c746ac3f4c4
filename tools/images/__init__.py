# SPDX-License-Identifier: Apache-2.0
"""Initramfs and disk images of the Service VM and the User VM."""
