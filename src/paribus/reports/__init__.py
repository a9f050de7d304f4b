"""Reports: a study or a run as one page that stands by itself, in HTML and in Markdown; and what a terminal shows."""
