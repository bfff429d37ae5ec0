"""Figures from data frames, and the report. The map:

confirmed.py   what a confirmation found
light.py       accuracy under other light
figures.py     plotly figures; cost.py: those against cut points and bits; positions.py: where cut points lie;
               importance.py: what values depend on; drawing.py: what they share
report.py      python -m dashboards.report: one HTML file; report.html: its template
"""
