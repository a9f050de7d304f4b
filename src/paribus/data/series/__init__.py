"""Time series: tables with a time column, brought to a regular grid before anything is learned from them."""
