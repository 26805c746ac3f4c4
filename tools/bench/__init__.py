# SPDX-License-Identifier: Apache-2.0
"""./bulkhead bench. command: the parts in their order and the files; measure: the runs; statistics: percentiles of a histogram;
targets: what the figures are held against; compare: with an earlier run; report: JSON, Markdown, plot."""
