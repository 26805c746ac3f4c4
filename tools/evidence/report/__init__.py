# SPDX-License-Identifier: Apache-2.0
"""The evidence report. command: what ./bulkhead evidence does; collect: the data; claims: the words; page, front, chapters,
sections, annexes: the HTML; pictures, charts: what is drawn; sarif, junit, pdf: the other files."""
