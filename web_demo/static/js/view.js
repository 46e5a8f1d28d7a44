// A verdict as part of the page. Text is set as text: a file's name is never markup.

import {evidence, explanation, findingWords, percent, say, sayOr} from "./wording.js";

/** An element with attributes and children (strings or elements). */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** The whole answer; preview is the address of the judged square. */
export function verdictView(found, card, preview, where) {
  const said = explanation(found, card);
  const heading = element("h2", {id: "decision", tabindex: "-1"}, said.heading);
  const text = element("div", {class: "verdict-text"}, heading,
    element("p", {class: "reason"}, said.reason));
  if (found.decision !== "unusable photo") text.append(scale(found, card));
  if (found.findings.length) text.append(findingsList(found, card));
  text.append(element("p", {class: "advice"}, said.advice),
    element("p", {class: "notice"}, say("notice")));
  return element("div", {},
    element("section", {
      class: `card verdict ${found.decision.replaceAll(" ", "-")}`,
      "aria-labelledby": "decision"}, text, figure(found, card, preview, where)),
    evidenceDetails(found, card), detailsOf(found));
}

function figure(found, card, preview, where) {
  const picture = element("img", {
    src: preview, alt: say("verdict.preview"),
    width: "320", height: "320"});
  const caption = say("verdict.caption", {photo: found.photo, size: card.input.size_px});
  return element("figure", {}, element("div", {class: "picture"}, picture),
    element("figcaption", {}, `${caption} ${say(`verdict.where.${where}`)}`));
}

function findingsList({findings}, card) {
  const lines = findings.map((finding) => element("li", {},
    element("strong", {}, say(finding.unusable ? "quality.unusable" : "quality.note")),
    ` ${sentence(findingWords(finding, card.input.size_px))}`));
  return element("ul", {class: "findings"}, ...lines);
}

/** With a full stop, unless it asks something. */
const sentence = (words) => (words.endsWith("?") ? words : `${words}.`);

function scale({probability, threshold}, {uncertainty}) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const set = (node, attributes) => {
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  set(svg, {class: "scale", viewBox: "0 0 1000 40", preserveAspectRatio: "none",
            "aria-hidden": "true"});
  const bar = (name, x, y, width, height) => svg.append(set(
    document.createElementNS(svg.namespaceURI, "rect"), {class: name, x, y, width, height}));
  bar("track", 0, 12, 1000, 16);
  const low = Math.min(uncertainty.low_probability, threshold);
  bar("band", (1000 * low).toFixed(1), 8, (1000 * (threshold - low)).toFixed(1), 24);
  bar("level", 0, 12, (1000 * probability).toFixed(1), 16);
  bar("mark", (1000 * threshold - 2).toFixed(1), 0, 4, 40);
  return svg;
}

function evidenceDetails({decision}, card) {
  const found = evidence(card);
  const rows = ["recall", "specificity"].map((key) => {
    const {value, low, high, n} = found[key];
    return element("tr", {},
      element("th", {scope: "row"}, say(`evidence.${key}`, {n})),
      element("td", {}, percent(value)),
      element("td", {}, say("evidence.range", {low: percent(low), high: percent(high)})));
  });
  const heads = ["photos", "right", "interval"].map((key) =>
    element("th", {scope: "col"}, say(`evidence.${key}`)));
  const section = element("details", {id: "evidence"},
    element("summary", {}, say("evidence.title")),
    element("table", {},
      element("caption", {}, say("evidence.caption", {
        n: found.n, photos: found.photos,
        data: card.threshold.split === "site" ? say("evidence.site") : card.data.name})),
      element("thead", {}, element("tr", {}, ...heads)),
      element("tbody", {}, ...rows)));
  if (decision !== "unusable photo") {
    section.append(element("p", {class: "help"},
      say("probability.help", {share: percent(found.malignantShare)})));
  }
  const missing = card.data.not_evaluated;
  if (missing.length) {
    const text = say("evidence.not_evaluated", {what: missing.join("; ")});
    section.append(element("p", {class: "help"}, text));
  }
  return section;
}

/** What the model was told, in the words of the form. */
function toldRows({answers}) {
  return Object.entries(answers).map(([name, answer]) =>
    [sayOr(`question.${name}`, name), sayOr(`answer.${answer}`, `${answer}`)]);
}

function detailsOf(found) {
  const stages = Object.entries(found.timings_ms).map(([stage, spent]) =>
    [say(`stage.${stage}`), `${spent.toFixed(2)} ms`]);
  return element("details", {}, element("summary", {}, say("details.title")),
    numbers([[say("model"), found.model],
             [say("details.sha256"), element("code", {}, found.model_sha256)],
             ...toldRows(found), ...stages]));
}

function numbers(rows) {
  return element("dl", {class: "numbers"}, ...rows.map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

/** A table whose rows become blocks on a phone; heads are keys of sentences. The roles
    are said aloud since a phone's layout would take them away. */
export function stackingTable(caption, heads, rows) {
  const cells = (row) => row.map((cell, place) => (place
    ? element("td", {role: "cell", "data-label": say(heads[place])}, cell)
    : element("th", {scope: "row", role: "rowheader"}, cell)));
  return element("div", {class: "stacking"},
    element("table", {role: "table"}, element("caption", {}, caption),
      element("thead", {role: "rowgroup"}, element("tr", {role: "row"}, ...heads.map((key) =>
        element("th", {scope: "col", role: "columnheader"}, say(key))))),
      element("tbody", {role: "rowgroup"}, ...rows.map((row) =>
        element("tr", {role: "row"}, ...cells(row))))));
}

/** A problem, announced to screen readers. */
export function problemView(message) {
  return element("div", {class: "card problem", role: "alert"},
    element("h2", {tabindex: "-1"}, say("error.title")), element("p", {}, message));
}
