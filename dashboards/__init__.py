"""Figures from data frames, and the report.

report.py      python -m dashboards.report: one HTML file; report.html is its template
sections.py    the sections of the report
figures.py     plotly figures of a study
cost.py        values against cut points and bits
positions.py   where cut points lie
importance.py  what values depend on
confirmed.py   what a confirmation found
light.py       accuracy under different lighting
drawing.py     what figures share
"""
