"""Figures from data frames, and the report. The map:

confirmed.py   what a confirmation found
figures.py     plotly figures
report.py      python -m dashboards.report: one HTML file; report.html: its template
"""
