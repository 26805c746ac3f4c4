# SPDX-License-Identifier: Apache-2.0
"""./bulkhead bench. command: the parts in their order and the files; measure, paths, rt_linux: the runs; overlay: initial RAM disks; single_steps: a machine without a fault of QEMU; statistics: percentiles of a histogram;
targets: what the figures are held against; compare: with an earlier run; report, report_paths, report_rt_linux, tables: JSON, Markdown, plot; peers: KVM and Xen."""
