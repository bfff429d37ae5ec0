"""The findings of a confirmation as a figure and a table."""

import plotly.graph_objects as go
from markupsafe import Markup

from dashboards.drawing import whiskers
from search.confirmation.findings import Findings
from search.confirmation.text import confirmed_data, confirmed_table

VERDICT_COLORS = {
    "better": "#059669",
    "equivalent": "#7c3aed",
    "tied": "#2563eb",
    "unclear": "#a16207",
    "worse": "#ea580c",
    "": "#64748b",
}
BEST_8_BIT_COLOR = "#c026d3"


def confirmed_figure(findings: Findings) -> go.Figure:
    """Test accuracy with its interval against bits per pixel, colored by the verdict against greyscale.

    Diamonds are 8-bit inputs. Dashed lines are greyscale and, if it is another input, the best 8-bit level map.
    """
    data = confirmed_data(findings)
    figure = go.Figure()
    unbinarized = str(findings.greyscale.input)
    names = {
        "better": f"better than {unbinarized}",
        "equivalent": f"equivalent to {unbinarized}",
        "tied": f"tied with {unbinarized}",
        "unclear": f"unclear against {unbinarized}",
        "worse": f"worse than {unbinarized}",
    }
    for verdict, rows in data.groupby("verdict", sort=False):
        figure.add_scatter(
            x=rows["bits"],
            y=rows["accuracy"],
            mode="markers",
            name=names.get(str(verdict), unbinarized),
            marker={
                "color": VERDICT_COLORS[str(verdict)],
                "size": 9,
                "symbol": ["diamond" if each else "circle" for each in rows["eight_bit"]],
            },
            error_y=whiskers(rows["accuracy"], rows["low"], rows["high"]),
            text=rows["input"] + "<br>" + rows["roles"] + rows["verdict_8_bit"].map(_against_best),
            hovertemplate="%{text}<br>%{y:.1%}<extra></extra>",
        )
    greyscale = data[data["verdict"] == ""]["accuracy"]
    if len(greyscale):
        figure.add_hline(y=greyscale.iloc[0], line={"color": VERDICT_COLORS[""], "dash": "dash"})
    best = findings.best_8_bit
    if best is not None and not best.is_greyscale:
        line = {"color": BEST_8_BIT_COLOR, "dash": "dash"}
        figure.add_hline(y=best.accuracy.mean, line=line, annotation_text=f"best 8-bit level map: {best.input}")
    return figure.update_layout(
        template="plotly_white",
        height=400,
        margin={"l": 60, "r": 30, "t": 40, "b": 50},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        font={"family": "system-ui, sans-serif"},
        xaxis={"title": "bits per pixel", "dtick": 1},
        yaxis={"title": "test accuracy", "tickformat": ".1%"},
    )


def _against_best(verdict: str) -> str:
    return f"<br>against the best 8-bit level map: {verdict}" if verdict else ""


def confirmed_html(findings: Findings) -> Markup:
    """The table, escaped."""
    return Markup(confirmed_table(findings).to_html(index=False, border=0, escape=True))
