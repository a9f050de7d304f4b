"""Reports: a study or a run as one page that stands by itself, in HTML and in Markdown."""

from paribus.reports.files import run_html, study_html, study_markdown, write, write_run

__all__ = ["run_html", "study_html", "study_markdown", "write", "write_run"]
