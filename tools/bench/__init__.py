# SPDX-License-Identifier: Apache-2.0
"""./bulkhead bench. command: the parts in their order and the files; measure, paths: the runs; overlay: initial RAM disks; statistics: percentiles of a histogram;
targets: what the figures are held against; compare: with an earlier run; report, report_paths, tables: JSON, Markdown, plot; peers: KVM and Xen."""
