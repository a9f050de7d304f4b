// A page of the reports, drawn from its record: the same answers, tables and pictures that report.html shows.

import { chart } from "./chart.js";
import { fill, fragment, h, unique } from "./dom.js";
import { grouped } from "./format.js";
import { table } from "./tables.js";

/** The findings, each with its verdict. */
export function answers(given) {
  if (!given?.length) return "";
  const bare = given.every((answer) => !answer.verdict && !answer.sure);
  return h("ul", { class: `answers${bare ? " bare" : ""}` }, given.map(answer));
}

function answer({ about, finding, verdict, tone, sure, beside }) {
  return h(
    "li",
    { class: tone || null },
    h("span", { class: "about" }, about),
    h("strong", {}, finding, verdict ? [", ", h("em", {}, verdict)] : ""),
    beside ? h("span", { class: "beside" }, beside) : "",
    sure ? h("small", {}, sure) : "",
  );
}

/** What to keep in mind. */
export function warnings(given) {
  return given?.length
    ? h(
        "aside",
        { class: "mind" },
        h("h2", {}, "Keep in mind"),
        h(
          "ul",
          {},
          given.map((text) => h("li", {}, text)),
        ),
      )
    : "";
}

/** The whole page: heading, findings, and its sections. `level` is that of the heading; with 0 there is none. */
export function page(given, level = 1) {
  for (const { figure } of given.sections)
    if (figure?.spots?.sheet) figure.spots.sprites = given.sheets[figure.spots.sheet]; // each sheet is sent once
  const heading = level && given.question ? h(`h${level}`, {}, given.question) : "";
  return [
    heading,
    given.why ? h("p", { class: "why" }, given.why) : "",
    answers(given.answers),
    given.summary ? h("p", {}, given.summary) : "",
    warnings(given.warnings),
    given.sections.map(section),
  ];
}

/** Links to the sections that have a title. */
export function contents(sections) {
  const titled = sections.filter((one) => one.title && (one.level ?? 2) === 2);
  return titled.length > 2
    ? h(
        "nav",
        { class: "contents", "aria-label": "Sections" },
        titled.map((one) => h("a", { href: `#${one.anchor}` }, one.title)),
      )
    : "";
}

/** One section of a report. */
export function section(given) {
  const level = given.level ?? 2;
  return h(
    "section",
    { id: level === 2 && given.anchor ? given.anchor : null, class: given.tone || null },
    given.title ? h(`h${level}`, {}, given.title) : "",
    given.words ? h("div", { class: "words" }, fragment(given.words)) : "",
    (given.text ?? []).map((text) => h("p", {}, text)),
    given.figure ? chart(given.figure) : "",
    photos(given.photos),
    given.matrix ? matrix(given.matrix) : "",
    cards(given.cards),
    (given.tables ?? []).map((one) => table(one, one.title || given.title || "table")),
    (given.code ?? []).map(code),
    given.terms?.length
      ? h(
          "dl",
          {},
          given.terms.map(([term, meaning]) => [h("dt", {}, term), h("dd", {}, meaning)]),
        )
      : "",
    answers(given.answers),
    (given.notes ?? []).map((note) => h("p", { class: "kind" }, note)),
  );
}

function photos(given) {
  if (!given?.length) return "";
  const one = ({ url, caption }) =>
    h("figure", {}, h("img", { src: url, alt: caption, loading: "lazy" }), h("figcaption", {}, caption));
  return h("div", { class: "photos" }, given.map(one));
}

/** Single examples. */
export function cards(given) {
  if (!given?.length) return "";
  return h("div", { class: "cards" }, given.map(card));
}

const card = ({ pictures, lines, tone }) =>
  h(
    "div",
    { class: `card ${tone || ""}` },
    pictures.length
      ? h(
          "div",
          { class: "pictures" },
          pictures.map((url) => h("img", { src: url, alt: lines[0] ?? "example", loading: "lazy" })),
        )
      : "",
    lines.map((line) => h("span", {}, line)),
  );

/** How often one class was taken for another; a cell opens its examples below. */
function matrix({ classes, counts, cells }) {
  const shown = h("div", { class: "opened", "aria-live": "polite" });
  const id = unique("matrix");
  const open = (row, column) => {
    const said = row === column ? [" recognised"] : [" taken for ", h("strong", {}, classes[column])];
    fill(
      shown,
      h("p", {}, h("strong", {}, classes[row]), said, `: ${grouped(counts[row][column])}`),
      cards(cells[`${row}-${column}`]),
    );
    shown.scrollIntoView({ block: "nearest" });
  };
  const cell = (row, column) => {
    const count = counts[row][column];
    const share =
      count /
      Math.max(
        1,
        counts[row].reduce((sum, value) => sum + value, 0),
      );
    const name = `${classes[row]} ${row === column ? "recognised" : `taken for ${classes[column]}`}: ${grouped(count)}`;
    const opens = cells[`${row}-${column}`];
    const face = opens
      ? h("button", { type: "button", "aria-label": name, onclick: () => open(row, column) }, grouped(count))
      : count
        ? grouped(count)
        : "";
    return h(
      "td",
      { class: row === column ? "right" : "wrong", title: name, style: { "--share": share.toFixed(3) } },
      face,
    );
  };
  const row = (place) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, classes[place]),
      counts[place].map((_, column) => cell(place, column)),
    );
  return h(
    "div",
    {},
    h(
      "div",
      { class: "table", tabindex: 0, role: "group", "aria-label": "confusion matrix" },
      h(
        "table",
        { class: "matrix", id },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, "true ↓ said →"),
            classes.map((name) => h("th", { scope: "col" }, name)),
          ),
        ),
        h(
          "tbody",
          {},
          counts.map((_, place) => row(place)),
        ),
      ),
    ),
    shown,
  );
}

/** Code with a button that copies it. */
export function code(text) {
  const copy = h(
    "button",
    { type: "button", class: "quiet copy", "aria-label": "Copy", onclick: () => copied(copy, text) },
    "Copy",
  );
  return h("div", { class: "code" }, h("pre", { tabindex: 0 }, h("code", {}, text)), copy);
}

async function copied(button, text) {
  await navigator.clipboard?.writeText(text).catch(() => select(button));
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), 1500);
}

/** Where a browser keeps the clipboard to itself, the text is marked, so that Ctrl+C takes it. */
function select(button) {
  getSelection().selectAllChildren(button.parentElement.querySelector("code"));
}
