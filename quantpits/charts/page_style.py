"""How a page looks and moves: its styles, its script, and the two themes of its charts."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["SCRIPT", "STYLE", "TEMPLATES"]

FONTS: Final = 'system-ui, "PingFang SC", "Microsoft YaHei", "DejaVu Sans", sans-serif'
STYLE: Final = """
:root { color-scheme: light dark;
  --paper: #ffffff; --ink: #22262b; --quiet: #5c646d; --line: #dde1e6; --soft: #f4f6f8;
  --accent: #0068a3; --good: #00724f; --warn: #9a4a00; --bad: #a8330b; }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) {
  --paper: #15181c; --ink: #e4e7ea; --quiet: #9da5ae; --line: #32383f; --soft: #1e2328;
  --accent: #6cb8ea; --good: #4cc39a; --warn: #f0a35c; --bad: #f5835b; } }
:root[data-theme="dark"] {
  --paper: #15181c; --ink: #e4e7ea; --quiet: #9da5ae; --line: #32383f; --soft: #1e2328;
  --accent: #6cb8ea; --good: #4cc39a; --warn: #f0a35c; --bad: #f5835b; }
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem clamp(1rem, 3vw, 2.5rem) 4rem; max-width: 1240px;
  background: var(--paper); color: var(--ink); line-height: 1.5; font-size: 16px;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei",
  "Noto Sans CJK SC", "WenQuanYi Micro Hei", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 4rem .2rem 0; }
h2 { font-size: 1.3rem; margin: 2.6rem 0 .6rem; padding-top: .9rem;
  border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; }
p { max-width: 46rem; margin: .5rem 0; }
.subtitle { color: var(--quiet); margin: 0 0 1rem; }
nav { margin: 1rem 0; display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; font-size: .92rem; }
a { color: var(--accent); }
#theme { position: absolute; top: 1.2rem; right: clamp(1rem, 3vw, 2.5rem); font: inherit;
  font-size: .85rem; color: var(--quiet); background: var(--soft); border: 1px solid var(--line);
  border-radius: 6px; padding: .2rem .6rem; cursor: pointer; }
.note { max-width: 50rem; margin: .8rem 0; padding: .6rem .9rem; background: var(--soft);
  border-left: 4px solid var(--quiet); border-radius: 0 6px 6px 0; }
.note b { margin-right: .4rem; }
.note.info { border-color: var(--accent); } .note.info b { color: var(--accent); }
.note.good { border-color: var(--good); } .note.good b { color: var(--good); }
.note.warning { border-color: var(--warn); } .note.warning b { color: var(--warn); }
.note.bad { border-color: var(--bad); } .note.bad b { color: var(--bad); }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px;
  padding: .7rem .9rem; overflow-x: auto; font-size: .88rem; white-space: pre-wrap;
  overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; margin: .8rem 0; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 1.2rem 0; }
figcaption { font-weight: 600; } figcaption span { display: block; font-weight: 400;
  color: var(--quiet); font-size: .9rem; }
.table { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; font-size: .9rem; min-width: 40%; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { padding: .32rem .55rem; border-bottom: 1px solid var(--line); text-align: right;
  vertical-align: top; font-variant-numeric: tabular-nums; white-space: nowrap; }
th.text, td.text, th.date, td.date { text-align: left; }
th { white-space: normal; vertical-align: bottom; line-height: 1.25; }
td.list { white-space: normal; overflow-wrap: break-word; max-width: 34rem;
  min-width: clamp(12rem, 24vw, 18rem); font-size: .92em; line-height: 1.35; }
td.negative { color: var(--bad); }
th button { all: unset; cursor: pointer; color: var(--quiet); font-weight: 600; }
th button:focus-visible { outline: 2px solid var(--accent); }
th[aria-sort="ascending"] button::after { content: " ↑"; }
th[aria-sort="descending"] button::after { content: " ↓"; }
tr.marked td { background: var(--soft); font-weight: 600; }
details { margin: 1rem 0; } summary { cursor: pointer; color: var(--accent); }
@media print {
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  #theme, nav { display: none; }
  figure, .note, tr, pre { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .table { overflow: visible; } th, td { padding: .2rem .4rem; } .modebar { display: none; }
}
"""

SCRIPT: Final = """
(function () {
  "use strict";
  var root = document.documentElement;
  var stored = JSON.parse(document.getElementById("plots").textContent);
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function theme() { return root.dataset.theme || (dark.matches ? "dark" : "light"); }
  function filled(plot) {
    return plot.data.map(function (trace) {
      var copy = Object.assign({}, trace);
      ["x", "y"].forEach(function (axis) {
        if (copy[axis] && copy[axis].shared) { copy[axis] = plot.shared[copy[axis].shared]; }
      });
      return copy;
    });
  }
  function draw(name) {
    if (!window.Plotly) { return; }
    stored.plots.forEach(function (plot) {
      var place = document.getElementById(plot.id);
      var layout = Object.assign({}, plot.layout, {
        template: stored.templates[name], height: plot.height, autosize: true });
      window.Plotly.react(place, filled(plot), layout, {
        responsive: true, displaylogo: false,
        modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
        toImageButtonOptions: { filename: plot.file, scale: 2 } });
    });
  }
  draw(theme());
  dark.addEventListener("change", function () { draw(theme()); });
  document.getElementById("theme").addEventListener("click", function () {
    root.dataset.theme = theme() === "dark" ? "light" : "dark";
    draw(theme());
  });
  document.querySelectorAll("details").forEach(function (fold) {
    fold.addEventListener("toggle", function () {
      fold.querySelectorAll(".plot").forEach(function (place) {
        if (fold.open && window.Plotly) { window.Plotly.Plots.resize(place); }
      });
    });
  });
  var before = null;
  window.addEventListener("beforeprint", function () {
    if (before) { return; }
    var closed = document.querySelectorAll("details:not([open])");
    before = { theme: root.dataset.theme, closed: closed };
    root.dataset.theme = "light";
    closed.forEach(function (fold) { fold.open = true; });
    draw("light");
  });
  window.addEventListener("afterprint", function () {
    if (!before) { return; }
    if (before.theme) { root.dataset.theme = before.theme; } else { delete root.dataset.theme; }
    before.closed.forEach(function (fold) { fold.open = false; });
    before = null;
    draw(theme());
  });
  function key(row, column) {
    var text = row.cells[column].dataset.v;
    var number = Number(text);
    return text === "" ? null : (isNaN(number) ? text : number);
  }
  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") { return a - b; }
    return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
  }
  document.querySelectorAll("th button").forEach(function (button) {
    button.addEventListener("click", function () {
      var head = button.parentNode;
      var body = head.closest("table").tBodies[0];
      var isRising = head.getAttribute("aria-sort") === "descending";
      var rows = Array.prototype.slice.call(body.rows);
      rows.sort(function (one, two) {
        var a = key(one, head.cellIndex), b = key(two, head.cellIndex);
        if (a === null || b === null) { return (a === null) - (b === null); }
        return isRising ? compare(a, b) : compare(b, a);
      });
      head.parentNode.querySelectorAll("th").forEach(function (other) {
        other.removeAttribute("aria-sort");
      });
      head.setAttribute("aria-sort", isRising ? "ascending" : "descending");
      rows.forEach(function (row) { body.appendChild(row); });
    });
  });
})();
"""


def _template(ink: str, quiet: str, grid: str, *, paper: str) -> dict[str, Any]:
    axis = {
        "automargin": True,
        "gridcolor": grid,
        "linecolor": grid,
        "zerolinecolor": quiet,
        "zerolinewidth": 1,
        "tickcolor": grid,
        "title": {"standoff": 8, "font": {"color": quiet}},
        "tickfont": {"color": quiet},
    }
    return {
        "layout": {
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": ink, "size": 12.5, "family": FONTS},
            "margin": {"l": 60, "r": 20, "t": 30, "b": 45},
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {
                "bgcolor": paper,
                "bordercolor": grid,
                "font": {"color": ink},
                "align": "left",
                "namelength": -1,
            },
            "legend": {"font": {"color": ink}},
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": quiet, "activecolor": ink},
            "colorway": ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"],
        }
    }


TEMPLATES: Final = {
    "light": _template("#22262b", "#5c646d", "#e2e5e9", paper="#ffffff"),
    "dark": _template("#e4e7ea", "#9da5ae", "#353b42", paper="#1e2328"),
}
