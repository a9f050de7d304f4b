// Tables of a known size: sorted by a click on a head, saved as CSV.

import { fill, h } from "./dom.js";
import { saveCsv } from "./save.js";

/** Heads and rows of texts, nothing more. */
export function plainTable(heads, rows, align = "") {
  const side = (place) => align[place] ?? (place ? "r" : "l");
  return h(
    "div",
    { class: "table", tabindex: 0, role: "group", "aria-label": "table" },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map((head, place) => h("th", { scope: "col", class: side(place) }, head)),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            {},
            row.map((value, place) => h("td", { class: side(place) }, value)),
          ),
        ),
      ),
    ),
  );
}

/** A table of a report: {title, heads, rows, align, tones, tinted, hints, data}. */
export function table(given, name = given.title || "table") {
  const body = h("tbody");
  const order = { column: -1, falling: false };
  const heads = given.heads.map((head, place) => head_(head, given.align[place], () => sort(place)));
  const draw = (places) =>
    fill(
      body,
      places.map((place) => row(given, place)),
    );
  const all = given.rows.map((_, place) => place);
  const sort = (column) => {
    order.falling = order.column === column && !order.falling;
    order.column = column;
    heads.forEach(
      (one, place) =>
        one.scope &&
        one.setAttribute("aria-sort", place === column ? (order.falling ? "descending" : "ascending") : "none"),
    );
    draw(sorted(all, (place) => given.rows[place][column], order.falling));
  };
  draw(all);
  const content = h("table", {}, h("thead", {}, h("tr", {}, heads)), body);
  const save = h(
    "button",
    { type: "button", class: "quiet", onclick: () => save_(name, given), title: `Save ${name} as CSV` },
    "CSV",
  );
  return h(
    "div",
    { class: "tabled" },
    h("div", { class: "table", tabindex: 0, role: "group", "aria-label": name }, content),
    save,
  );
}

function head_(text, align, sort) {
  if (!text) return h("td", { class: align });
  return h(
    "th",
    { scope: "col", class: align, "aria-sort": "none" },
    h("button", { type: "button", onclick: sort }, text),
  );
}

function row(given, place) {
  const cells = given.rows[place].map((value, column) =>
    h("td", { class: `${given.align[column]}${column === given.tinted ? " tinted" : ""}` }, value),
  );
  return h("tr", { class: given.tones?.[place] || null, title: given.hints?.[place] || null }, cells);
}

function save_(name, given) {
  if (!given.data?.length) return saveCsv(name, given.heads, given.rows);
  const heads = [...new Set(given.data.flatMap(Object.keys))];
  return saveCsv(
    name,
    heads,
    given.data.map((one) => heads.map((head) => one[head])),
  );
}

/** Places in the order of their texts: as numbers where both begin like numbers. */
export function sorted(places, text, falling) {
  const direction = falling ? -1 : 1;
  return [...places].sort((one, other) => direction * compare(text(one), text(other)));
}

function compare(one, other) {
  const [a, b] = [numeric(one), numeric(other)];
  if (Number.isFinite(a) && Number.isFinite(b)) return a - b;
  if (Number.isFinite(a) !== Number.isFinite(b)) return Number.isFinite(a) ? -1 : 1;
  return String(one).localeCompare(String(other), "en", { numeric: true });
}

/** The number that a text begins with: "+1.90 points [1.20, 2.60]" is 1.9. */
export const numeric = (text) =>
  parseFloat(
    String(text)
      .replace("−", "-")
      .replace(/,(?=\d{3})/g, ""),
  );

/** Pairs of a name and a text. */
export const pairs = (given) =>
  h(
    "dl",
    { class: "pairs" },
    given.map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text))),
  );
