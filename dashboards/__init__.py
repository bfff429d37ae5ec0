"""Figures from data frames, and the report.

report.py      python -m dashboards.report: one HTML file; report.html is its template
sections.py    sections of the report
figures.py     figures of a study: history and channels
cost.py        value against number of cut points and bits per pixel
positions.py   positions of the cut points
importance.py  importance of properties of a binarization
confirmed.py   results of a confirmation
light.py       accuracy under different lighting
drawing.py     shared parts of figures
"""
