// Charts of records: specifications of Vega-Lite that the server's plots made. Vega interprets their expressions,
// since the page's policy lets nothing be evaluated.

import { fill, h, unique } from "./dom.js";
import { number } from "./format.js";
import { menu } from "./menu.js";
import { saveCsv, savePng, saveSvg } from "./save.js";
import { plainTable } from "./tables.js";

let loading;

/** The drawing library, loaded once, when the first chart is needed. */
function vega() {
  loading ??= new Promise((done, failed) => {
    const script = h("script", {
      src: "/static/vega.js",
      onload: () => done(window.vegaEmbed),
      onerror: () => failed(new Error("the drawing library did not load")),
    });
    document.head.append(script);
  });
  return loading;
}

/** A figure with its menu, its spots and the table behind it; drawn when it comes near the screen. */
export function chart(given) {
  const id = unique("figure");
  const drawing = h("div", { class: "drawing", role: "img", "aria-label": given.alt || given.title });
  const behind = h("details", { class: "behind" }, h("summary", {}, "Table"));
  const figure = h(
    "figure",
    { class: "charted", "aria-labelledby": id },
    h("figcaption", { id, class: "unseen" }, given.alt || given.title),
    saves(given, drawing),
    h("div", { class: "scrolled", tabindex: 0, role: "group", "aria-label": given.title }, drawing),
    behind,
  );
  behind.addEventListener("toggle", () => behind.open && fill(behind, behind.firstElementChild, ...tables(given)));
  soon(figure, () => draw(given, drawing));
  return figure;
}

/** Call once an element comes near the screen. */
export function soon(element, act) {
  const watcher = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      act();
    },
    { rootMargin: "400px" },
  );
  watcher.observe(element);
}

async function draw(given, drawing) {
  const over = () => drawing.querySelector("svg").getBoundingClientRect().width - drawing.parentElement.clientWidth;
  try {
    await render(given.spec, drawing);
    if (given.spots) drawing.append(...spots(given.spots, drawing)); // their places hold for the drawing as it was made
    else if (over() > 0) await narrower(given.spec, drawing, over);
    drawing.dataset.drawn = "yes";
  } catch (error) {
    fill(drawing, h("p", { class: "problem" }, `This chart could not be drawn: ${error.message}`));
  }
}

/** Draw again on a narrow screen: titles in lines, plots below each other, and narrower where that is not enough. */
async function narrower(spec, drawing, over) {
  const room = drawing.parentElement.clientWidth;
  const title = wrapped(spec.title, Math.floor(room / LETTER));
  const stacked = { ...spec, title, ...(spec.concat && { columns: 1 }) };
  await render(stacked, drawing);
  if (over() > 0) await render(narrowed(stacked, over()), drawing);
}

const LETTER = 6.5; // pixels that one takes in a title

/** A title whose texts are lines of at most so many letters. */
export function wrapped(title, most) {
  const lines = (text) => [text ?? []].flat().flatMap((line) => broken(line, most));
  return title && { ...title, text: lines(title.text), subtitle: lines(title.subtitle) };
}

function broken(text, most) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length > most && lines.at(-1)) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** Draw a specification. */
async function render(given, drawing) {
  const embed = await vega();
  const config = { mark: { ...given.config?.mark, tooltip: true } };
  const spec = { ...given, background: "transparent" }; // the page has a paper of its own, by day and by night
  await embed(drawing, spec, {
    ast: true,
    actions: false,
    renderer: "svg",
    defaultStyle: false,
    logLevel: 1,
    config,
    tooltip: tip(drawing),
  });
}

const LEAST = 150; // pixels of a plot between its axes

/** A specification whose plots are so many pixels narrower; not where marks stand at places counted in pixels. */
export function narrowed(spec, pixels) {
  const scales = (spec.layer ?? [spec]).flatMap((one) => Object.values(one.encoding ?? {}).map((part) => part.scale));
  if (scales.some((scale) => scale?.range?.every?.(Number.isFinite))) return spec;
  const inner = (name) => (spec[name] ? { [name]: spec[name].map((one) => narrowed(one, pixels)) } : {});
  const least = Math.min(spec.width, LEAST);
  const width = Number.isFinite(spec.width) ? Math.max(least, spec.width - pixels) : null;
  const parts = { ...inner("concat"), ...inner("vconcat"), ...inner("layer") };
  return width ? named({ ...spec, width, ...parts }, width) : { ...spec, ...parts };
}

/** A specification in which what stands below the x axis is no wider than the plot. */
export function named(spec, width) {
  const lines = (text) => (typeof text === "string" ? broken(text, Math.floor(width / LETTER)) : text);
  const { x } = spec.encoding ?? {};
  const axis = x?.axis?.title ? { axis: { ...x.axis, title: lines(x.axis.title) } } : {};
  const titled = x?.title ? { encoding: { ...spec.encoding, x: { ...x, title: lines(x.title), ...axis } } } : {};
  const layer = spec.layer ? { layer: spec.layer.map((one) => named(one, width)) } : {};
  return { ...spec, ...titled, ...layer };
}

/** Shows what a mark stands for beside the pointer; colours and pixels of the drawing are not for people. */
function tip(drawing) {
  const box = h("div", { class: "pointed", hidden: true });
  return (_, event, item, value) => {
    const rows = Object.entries(value && typeof value === "object" ? value : {}).filter(([name, text]) =>
      telling(name, text),
    );
    box.hidden = !rows.length;
    if (!rows.length) return;
    if (!box.isConnected) drawing.append(box);
    fill(
      box,
      rows.map(([name, text]) =>
        h("div", {}, h("span", {}, name), h("b", {}, typeof text === "number" ? number(text) : String(text))),
      ),
    );
    beside(box, event, drawing);
  };
}

const telling = (name, text) =>
  !/colou?r|opacity|size|dash|^_/.test(name) && !/^#[0-9a-f]{6}$/i.test(text) && text !== "" && text !== null;

const SMALL = 96; // pixels up to which the little pictures of examples are enlarged

/** Places that show an example to whoever points at them; for those who do not, the table behind the chart has them. */
function spots({ places, captions, sprites }, drawing) {
  const box = h("div", { class: "pointed", hidden: true });
  const show = (place) => (event) => {
    box.hidden = false;
    fill(box, sprites ? sprite(sprites, place) : "", h("div", {}, captions[place]));
    beside(box, event, drawing);
  };
  const spot = ([left, top], place) =>
    h("i", {
      class: "spot",
      style: { left: `${left}%`, top: `${top}%` },
      onpointerenter: show(place),
      onpointerleave: () => (box.hidden = true),
    });
  return [...places.map(spot), box];
}

function sprite({ url, width, height, columns }, place) {
  const factor = Math.max(1, Math.floor(SMALL / Math.max(width, height)));
  const [across, down] = [factor * width, factor * height];
  const style = {
    width: `${across}px`,
    height: `${down}px`,
    "background-image": `url(${url})`,
    "background-size": `${columns * across}px auto`,
    "background-position": `-${(place % columns) * across}px -${Math.floor(place / columns) * down}px`,
    "image-rendering": "pixelated",
  };
  return h("div", { style });
}

function beside(box, { clientX, clientY }, drawing) {
  const frame = drawing.getBoundingClientRect();
  box.style.left = `${Math.min(clientX - frame.left + 14, frame.width - 180)}px`;
  box.style.top = `${clientY - frame.top + 14}px`;
}

function saves(given, drawing) {
  const svg = () => plain(drawing.querySelector("svg"), given.spec.config?.background ?? "#ffffff");
  return menu(`Save ${given.title}`, [
    ["SVG", () => saveSvg(given.name, svg())],
    ["PNG", () => savePng(given.name, svg())],
    ["CSV", () => saveCsv(given.name, ...data(given))],
  ]);
}

/** The drawing as a file shows it: by day, on paper. */
function plain(svg, paper) {
  const copy = svg.cloneNode(true);
  const sheet = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ width: "100%", height: "100%", fill: paper }))
    sheet.setAttribute(name, value);
  copy.prepend(sheet);
  return copy;
}

function tables(given) {
  const [heads, rows] = data(given);
  return [
    plainTable(
      heads,
      rows.slice(0, 300).map((row) => row.map((value) => (typeof value === "number" ? number(value) : value))),
    ),
  ];
}

/** What a chart shows, as heads and rows: the table that came with it, else the rows of its specification. */
export function data(given) {
  if (given.table) {
    if (!given.table.data?.length) return [given.table.heads, given.table.rows];
    return columns(given.table.data);
  }
  return columns(collected(given.spec));
}

function columns(rows) {
  const heads = [...new Set(rows.flatMap(Object.keys))].filter((head) =>
    rows.some((row) => telling(head, row[head] ?? "")),
  );
  return [heads, rows.map((row) => heads.map((head) => row[head] ?? null))];
}

/** The rows of all layers of a specification, each list once. */
export function collected(spec) {
  const found = new Map();
  const visit = (node) => {
    if (!node || typeof node !== "object") return;
    if (Array.isArray(node.data?.values)) found.set(JSON.stringify(node.data.values), node.data.values);
    for (const part of ["layer", "hconcat", "vconcat", "concat"]) for (const one of node[part] ?? []) visit(one);
    if (node.spec) visit(node.spec);
  };
  visit(spec);
  for (const rows of Object.values(spec.datasets ?? {})) found.set(JSON.stringify(rows), rows);
  return [...found.values()].flat();
}
