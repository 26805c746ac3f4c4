# SPDX-License-Identifier: Apache-2.0
"""The page as PDF, by Debian's WeasyPrint. Without it there is no PDF, and the caller says so."""
import importlib.util
import logging


def available():
    return importlib.util.find_spec("weasyprint") is not None


def write_pdf(page, output):
    """page: HTML text. Nothing outside the page is fetched."""
    import weasyprint
    logging.getLogger("weasyprint").setLevel(logging.ERROR)

    def refuse(url, *_, **__):
        raise ValueError(f"the report refers to {url}")
    weasyprint.HTML(string=page, url_fetcher=refuse).write_pdf(str(output))
