# SPDX-License-Identifier: Apache-2.0
"""Initramfs and disk images of the Service VM, the User VM and the PREEMPT_RT VM."""
