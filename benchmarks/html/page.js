// Draws every chart when it is first seen, with a legend of its own below it, in the
// page's colours; and shows or hides a row in every chart and table at once.
"use strict";

const boxes = [...document.querySelectorAll("#filters input")];
const hiddenRows = () =>
  new Set(boxes.filter((box) => !box.checked).map((box) => box.value));
const drawnCharts = () => document.querySelectorAll(".chart.js-plotly-plot");

// Plotly reads names as HTML, so they are written as HTML.
const plain = (html) =>
  new DOMParser().parseFromString(html, "text/html").body.textContent;

function colours() {
  const style = getComputedStyle(document.documentElement);
  const [text, page, grid, line] = ["--text", "--page", "--grid", "--line"].map((name) =>
    style.getPropertyValue(name).trim());
  return { text, page, grid, line };
}

function inPageColours(layout) {
  const { text, page, grid, line } = colours();
  const coloured = {
    ...layout,
    paper_bgcolor: page,
    plot_bgcolor: page,
    font: { ...layout.font, color: text },
    hoverlabel: { bgcolor: page, bordercolor: line, font: { color: text } },
  };
  for (const axis of Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))) {
    coloured[axis] = { ...layout[axis], gridcolor: grid, linecolor: line };
  }
  return coloured;
}

// How a trace looks, in a few strokes: its line, its mark, or its colour.
const SHAPES = {
  circle: '<circle cx="14" cy="6" r="4.5"/>',
  square: '<path d="M10 2h8v8h-8z"/>',
  diamond: '<path d="M14 .5 19.5 6 14 11.5 8.5 6z"/>',
  "diamond-open": '<path d="M14 1 19 6 14 11 9 6z" fill="none" stroke-width="1.5"/>',
  "triangle-up": '<path d="M14 1l5 9.5H9z"/>',
  "triangle-down": '<path d="M14 11 9 1.5h10z"/>',
  star: '<path d="m14 0 1.6 4.2 4.4.2-3.5 2.8 1.2 4.3L14 9l-3.7 2.5 1.2-4.3L8 4.4l4.4-.2z"/>',
  x: '<path d="m10 2 8 8m0-8-8 8" stroke-width="3"/>',
};
const DASHES = {
  solid: "none", dash: "6 4", dot: "2 3", dashdot: "6 3 2 3", longdash: "9 4",
  longdashdot: "9 3 2 3",
};

function swatch(trace) {
  const colour = trace.marker?.color ?? trace.line?.color ?? "currentColor";
  const line = trace.mode?.includes("lines")
    ? `<path d="M0 6h28" stroke-width="2.5" stroke-dasharray="${DASHES[trace.line?.dash] ?? "none"}"/>`
    : "";
  const bar = trace.type === "bar" ? '<path d="M8 0h12v12H8z"/>' : "";
  const mark = trace.mode?.includes("markers") ? SHAPES[trace.marker?.symbol] ?? SHAPES.circle : "";
  return `<svg viewBox="0 0 28 12" aria-hidden="true" fill="${colour}" stroke="${colour}" stroke-width="0">${line}${bar}${mark}</svg>`;
}

const groupOf = (trace) => trace.legendgroup ?? trace.name;

function writeLegend(chart) {
  const legend = chart.parentElement.querySelector(".legend");
  const named = chart.data.filter((trace) =>
    trace.showlegend !== false && trace.name && trace.type !== "heatmap" && trace.visible !== false);
  legend.replaceChildren(...named.map((trace) => {
    const button = document.createElement("button");
    button.type = "button";
    button.innerHTML = swatch(trace);
    button.append(plain(trace.name));
    button.setAttribute("aria-pressed", String(trace.visible !== "legendonly"));
    button.addEventListener("click", () => toggle(chart, trace));
    return button;
  }));
}

async function toggle(chart, trace) {
  const shown = trace.visible === "legendonly" ? true : "legendonly";
  const places = [...chart.data.keys()].filter((place) =>
    chart.data[place] === trace ||
    (trace.legendgroup && trace.name === chart.data[place].name));
  await Plotly.restyle(chart, "visible", shown, places);
  writeLegend(chart);
}

async function filterChart(chart) {
  const hidden = hiddenRows();
  await Plotly.restyle(chart, "visible", chart.data.map((trace) =>
    hidden.has(groupOf(trace)) ? false : (trace.shownAtFirst ?? true)));
  writeLegend(chart);
}

async function draw(chart) {
  if (chart.dataset.drawn) return;
  chart.dataset.drawn = "yes";
  const { data, layout, config } = JSON.parse(chart.nextElementSibling.textContent);
  for (const trace of data) trace.shownAtFirst = trace.visible;
  await Plotly.newPlot(chart, data, inPageColours(layout), config);
  await filterChart(chart);
}

function filter() {
  const hidden = hiddenRows();
  for (const chart of drawnCharts()) filterChart(chart);
  for (const row of document.querySelectorAll("tbody tr")) {
    row.hidden = hidden.has(row.cells[0].textContent);
  }
}

function hintAtScrolling() {
  for (const wide of document.querySelectorAll(".wide")) {
    const more = wide.scrollWidth > wide.clientWidth + 1;
    const ended = wide.scrollLeft + wide.clientWidth >= wide.scrollWidth - 1;
    wide.previousElementSibling.hidden = !more;
    wide.classList.toggle("more", more && !ended);
  }
}

function showWhatIsSeen() {
  for (const chart of document.querySelectorAll(".chart")) {
    if (!chart.closest("details:not([open])")) draw(chart);
  }
  hintAtScrolling();
}

for (const box of boxes) box.addEventListener("change", filter);
for (const fold of document.querySelectorAll("details")) {
  fold.addEventListener("toggle", showWhatIsSeen);
}
for (const wide of document.querySelectorAll(".wide")) {
  wide.addEventListener("scroll", hintAtScrolling, { passive: true });
}
window.addEventListener("resize", hintAtScrolling);
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const chart of drawnCharts()) Plotly.relayout(chart, inPageColours(chart.layout));
});
showWhatIsSeen();
