// Ticking a box shows or hides that row in every chart and table of the page.
"use strict";

const boxes = [...document.querySelectorAll("#filters input")];

function filter() {
  const hidden = new Set(boxes.filter((box) => !box.checked).map((box) => box.value));
  for (const chart of document.querySelectorAll(".chart")) {
    const visible = chart.data.map((trace) =>
      hidden.has(trace.legendgroup) ? false : (trace.shownAtFirst ?? true));
    Plotly.restyle(chart, "visible", visible);
  }
  for (const row of document.querySelectorAll("tbody tr")) {
    row.hidden = hidden.has(row.cells[0].textContent);
  }
}

for (const chart of document.querySelectorAll(".chart")) {
  for (const trace of chart.data) trace.shownAtFirst = trace.visible;
}
for (const box of boxes) box.addEventListener("change", filter);
