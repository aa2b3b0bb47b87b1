"""Answers on paper: for one scan or many a table (CSV), a page (HTML), a document (PDF).

`Report` gathers answers as they come; `document` writes it down. The same answers at the same
time give the same bytes.
"""

from core.reporting.answers.asked import Asked, asked_of
from core.reporting.answers.documents import KINDS, document, kind_of
from core.reporting.answers.entry import Entry
from core.reporting.answers.report import Report

__all__ = ["KINDS", "Asked", "Entry", "Report", "asked_of", "document", "kind_of"]
