"""What a confirmation found, as a figure and a table: a data part, which tests check, and a drawing part.

Enters: the findings in storage.results.Results. Leaves: data frames, a figure, HTML. Reads nothing else.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from markupsafe import Markup

Findings = Mapping[str, Any]
COLORS = {"better": "#059669", "tied": "#2563eb", "worse": "#ea580c", "": "#64748b"}


def confirmed_data(findings: Findings) -> pd.DataFrame:
    """One row for each entry, fewest bits first: input, roles, bits, accuracy, low, high, seeds, photo_accuracy,
    validation, verdict and text against greyscale and the best reference."""
    rows = []
    for entry in sorted(findings["entries"], key=lambda e: (e["bits_per_pixel"], -e["accuracy"]["mean"])):
        greyscale, reference = entry["against"]["greyscale"], entry["against"]["best_reference"]
        rows.append(
            {
                "input": entry["input"],
                "roles": ", ".join(entry["roles"]),
                "bits": entry["bits_per_pixel"],
                "accuracy": entry["accuracy"]["mean"],
                "low": entry["accuracy"]["low"],
                "high": entry["accuracy"]["high"],
                "sd": entry["accuracy"]["sd"],
                "seeds": entry["accuracy"]["n"],
                "photo_accuracy": entry["photo_accuracy"]["mean"],
                "validation": entry["validation"],
                "verdict": "" if greyscale is None else greyscale["verdict"],
                "to_greyscale": against_text(greyscale),
                "to_best_reference": against_text(reference),
            }
        )
    return pd.DataFrame(rows)


def against_text(against: Mapping[str, Any] | None) -> str:
    """`tied, +0.1 [-0.4, +0.6]`, in points."""
    if against is None:
        return ""
    mean, low, high = (100 * against[key] for key in ("mean", "low", "high"))
    return f"{against['verdict']}, {mean:+.1f} [{low:+.1f}, {high:+.1f}]"


def confirmed_figure(findings: Findings) -> go.Figure:
    """Test accuracy of each entry with its interval against bits a pixel, coloured by the verdict on greyscale."""
    data = confirmed_data(findings)
    figure = go.Figure()
    names = {"better": "better than greyscale", "tied": "tied with greyscale", "worse": "worse than greyscale"}
    for verdict, rows in data.groupby("verdict", sort=False):
        figure.add_scatter(
            x=rows["bits"],
            y=rows["accuracy"],
            mode="markers",
            name=names.get(str(verdict), "greyscale"),
            marker={"color": COLORS[str(verdict)], "size": 9},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": rows["high"] - rows["accuracy"],
                "arrayminus": rows["accuracy"] - rows["low"],
            },
            text=rows["input"] + "<br>" + rows["roles"],
            hovertemplate="%{text}<br>%{y:.1%}<extra></extra>",
        )
    greyscale = data[data["input"] == "greyscale"]["accuracy"]
    if len(greyscale):
        figure.add_hline(y=greyscale.iloc[0], line={"color": COLORS[""], "dash": "dash"})
    return figure.update_layout(
        template="plotly_white",
        height=400,
        margin={"l": 60, "r": 30, "t": 40, "b": 50},
        legend={"orientation": "h", "y": 1.08},
        font={"family": "system-ui, sans-serif"},
        xaxis={"title": "bits a pixel", "dtick": 1},
        yaxis={"title": "test accuracy", "tickformat": ".1%"},
    )


def confirmed_table(findings: Findings) -> Markup:
    """The entries as an HTML table, escaped."""
    data = confirmed_data(findings)
    shown = pd.DataFrame(
        {
            "input": data["input"],
            "bits a pixel": data["bits"],
            "test accuracy": [
                f"{mean:.1%} [{100 * low:.1f}, {100 * high:.1f}]"
                for mean, low, high in data[["accuracy", "low", "high"]].astype(float).to_numpy()
            ],
            "seeds": data["seeds"],
            "sd over seeds": (100 * data["sd"]).map("{:.2f}".format),
            "photos right": data["photo_accuracy"].map("{:.1%}".format),
            "to greyscale": data["to_greyscale"],
            "to best reference": data["to_best_reference"],
            "stands for": data["roles"],
        }
    )
    return Markup(shown.to_html(index=False, border=0, escape=True))
