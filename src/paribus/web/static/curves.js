// A chart of lines over one x: drawn on canvas, since it moves; saved as SVG by the same strokes.

import { fill, h, unique } from "./dom.js";
import { number } from "./format.js";
import { menu } from "./menu.js";
import { CanvasPen, SvgPen } from "./pens.js";
import { saveCsv, savePng, saveSvg } from "./save.js";
import { domain, inverse, nearest, scale, smoothed, ticks, usable } from "./scale.js";
import { plainTable } from "./tables.js";

const MARGIN = { left: 54, top: 10, right: 14, bottom: 30 };
const HEIGHT = 220;
const MOST = 12; // lines that the box at the pointer names
const ARMS = 7;
const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3]];

/** The colour and the dashes of the nth arm: seven colours, then again with other dashes. */
export const look = (place) => ({
  colour: `--arm-${place % ARMS}`,
  dash: DASHES[Math.floor(place / ARMS) % DASHES.length],
});

/**
 * A chart with its menu and its table.
 *
 * `series`: [{name, x, y, low?, high?, colour: "--variable", dash?}].
 * `options`: {title, xTitle, log, smooth, marks, height, format, legend}.
 * `onzoom(from, to)` is told which part somebody chose, `onzoom()` that all is to be seen again.
 */
export class Curves {
  constructor({ title, onzoom = null, ...options }) {
    this.title = title;
    this.onzoom = onzoom;
    this.options = { xTitle: "epoch", log: false, smooth: 0, marks: [], height: HEIGHT, format: number, ...options };
    this.series = [];
    this.hidden = new Set();
    this.zoom = null;
    this.canvas = h("canvas", { role: "img", tabindex: 0, "aria-label": title });
    this.box = h("div", { class: "pointed", hidden: true });
    this.legend = h("div", { class: "legend" });
    this.behind = h("details", { class: "behind", ontoggle: () => this.#table() }, h("summary", {}, "Table"));
    const id = unique("chart");
    this.element = h(
      "figure",
      { class: "curves", "aria-labelledby": id },
      h("figcaption", { id }, h("span", {}, title), this.#menu()),
      this.legend,
      h("div", { class: "canvas" }, this.canvas, this.box),
      this.behind,
    );
    this.#listen();
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(this.canvas.parentElement);
  }

  /** Show other lines, or the same in another way. */
  show(series, options = {}) {
    this.series = series;
    Object.assign(this.options, options);
    this.#legend();
    this.draw();
    if (this.behind.open) this.#table();
  }

  /** Add points to lines by name: {name: [[x, y], …]}. */
  append(points) {
    for (const line of this.series) {
      for (const [x, y] of points[line.name] ?? []) {
        if (line.x.length && x <= line.x.at(-1)) continue; // told twice
        line.x.push(x);
        line.y.push(y);
        line.low?.push(y);
        line.high?.push(y);
      }
    }
    this.draw();
  }

  /** Show only lines whose names are not among these. */
  hide(names) {
    this.hidden = new Set(names);
    this.#legend();
    this.draw();
  }

  /** Forget the part that was zoomed into. */
  whole() {
    this.zoom = null;
    this.onzoom?.();
    this.draw();
  }

  draw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      const width = this.canvas.parentElement.clientWidth;
      if (width) this.#drawOn(new CanvasPen(this.canvas, width, this.options.height), width);
    });
  }

  destroy() {
    this.watcher.disconnect();
    cancelAnimationFrame(this.waiting);
  }

  /** The drawing as an SVG element, by day or by night as the page is. */
  svg(width = Math.max(480, this.canvas.clientWidth)) {
    const pen = new SvgPen(width, this.options.height + 46, ink("--paper"));
    pen.text(this.title, [12, 16], { colour: ink("--ink"), bold: true });
    let left = 12;
    for (const line of this.visible.slice(0, MOST)) {
      pen.line(
        [
          [left, 34],
          [left + 16, 34],
        ],
        { colour: ink(line.colour), dash: line.dash, width: 2.5 },
      );
      pen.text(line.name, [left + 21, 34], { colour: ink("--ink"), size: 11 });
      left += 36 + 6.2 * line.name.length;
    }
    const drawing = pen.root;
    const chart = new SvgPen(width, this.options.height, ink("--paper"));
    this.#drawOn(chart, width);
    chart.root.setAttribute("y", 46);
    drawing.append(chart.root);
    return drawing;
  }

  get visible() {
    return this.series.filter((line) => !this.hidden.has(line.name));
  }

  #menu() {
    return menu(`Save ${this.title}`, [
      ["SVG", () => saveSvg(this.title, this.svg())],
      ["PNG", () => savePng(this.title, this.svg(), ink("--paper"))],
      ["CSV", () => saveCsv(this.title, ...this.rows())],
    ]);
  }

  /** All points as heads and rows: a row for every x that a line has. */
  rows() {
    const found = new Map();
    this.series.forEach(({ x, y }, place) => {
      x.forEach((at, index) => {
        if (!found.has(at)) found.set(at, Array(this.series.length).fill(null));
        found.get(at)[place] = y[index];
      });
    });
    const rows = [...found].sort(([one], [other]) => one - other).map(([at, values]) => [at, ...values]);
    return [[this.options.xTitle, ...this.series.map((line) => line.name)], rows];
  }

  #table() {
    const summary = this.behind.firstElementChild;
    if (!this.behind.open) return;
    const [heads, rows] = this.rows();
    const every = Math.max(1, Math.ceil(rows.length / 200));
    const some = rows.filter((_, place) => place % every === 0 || place === rows.length - 1);
    const note =
      every > 1 ? [h("p", { class: "kind" }, `One in ${every} of ${rows.length} rows; the CSV file has all.`)] : [];
    fill(
      this.behind,
      summary,
      ...note,
      plainTable(
        heads,
        some.map((row) => row.map((value) => number(value))),
      ),
    );
  }

  #legend() {
    if (this.series.length < 2 || this.options.legend === false) return fill(this.legend);
    return fill(this.legend, ...this.series.map((line) => this.#key(line)));
  }

  #key(line) {
    const press = () => {
      if (!this.hidden.delete(line.name)) this.hidden.add(line.name);
      this.#legend();
      this.draw();
    };
    const swatch = h("i", {
      style: { "border-color": `var(${line.colour})`, "border-top-style": line.dash?.length ? "dashed" : "solid" },
    });
    return h(
      "button",
      { type: "button", "aria-pressed": String(!this.hidden.has(line.name)), onclick: press },
      swatch,
      line.name,
    );
  }

  #drawOn(pen, width) {
    const { height, log, smooth, marks, xTitle } = this.options;
    const lines = this.visible.map((line) => ({ ...line, shown: smoothed(line.y, smooth) }));
    const frame = { left: MARGIN.left, top: MARGIN.top, right: width - MARGIN.right, bottom: height - MARGIN.bottom };
    const xs =
      this.zoom ??
      domain(
        lines.map((line) => [line.x[0], line.x.at(-1)].filter(Number.isFinite)),
        false,
        0.00001,
      );
    const inside = (line, list) =>
      list.filter((_, place) => !this.zoom || (line.x[place] >= xs[0] && line.x[place] <= xs[1]));
    const heard = lines.flatMap((line) =>
      [line.shown, line.low ?? [], line.high ?? []].map((list) => inside(line, list)),
    );
    const ys = domain(heard, log);
    const x = scale(xs, [frame.left, frame.right]);
    const y = scale(ys, [frame.bottom, frame.top], log);
    this.drawn = { lines, frame, xs, ys, x, y, log };
    this.#axes(pen, frame, xs, ys, x, y, xTitle);
    const { left, top, right, bottom } = frame;
    pen.within({ left: left - 3, top: top - 3, right: right + 3, bottom: bottom + 3 }, () => {
      for (const at of marks)
        pen.line(
          [
            [x(at.x), frame.top],
            [x(at.x), frame.bottom],
          ],
          { colour: ink("--muted"), width: 1, dash: [3, 3] },
        );
      for (const line of lines) this.#line(pen, line, x, y, smooth, log);
    });
    if (!(pen instanceof SvgPen)) this.#describe(lines);
    if (this.at !== undefined && pen instanceof CanvasPen) this.#cross(pen);
  }

  #axes(pen, frame, xs, ys, x, y, xTitle) {
    const muted = ink("--muted");
    for (const tick of ticks(ys, 4, this.options.log)) {
      pen.line(
        [
          [frame.left, y(tick)],
          [frame.right, y(tick)],
        ],
        { colour: ink("--line"), width: 1 },
      );
      pen.text(this.options.format(tick), [frame.left - 8, y(tick)], { colour: muted, align: "end", size: 11 });
    }
    const wanted = Math.max(2, Math.min(8, Math.floor((frame.right - frame.left) / 80)));
    const whole = (tick) => xTitle === "seconds" || Number.isInteger(tick); // there is no epoch 1.5
    for (const tick of ticks(xs, wanted).filter(whole))
      pen.text(number(tick), [x(tick), frame.bottom + 13], { colour: muted, align: "center", size: 11 });
    pen.line(
      [
        [frame.left, frame.bottom],
        [frame.right, frame.bottom],
      ],
      { colour: ink("--muted"), width: 1, opacity: 0.6 },
    );
    pen.text(xTitle, [frame.right, frame.bottom + 25], { colour: muted, align: "end", size: 11 });
  }

  #line(pen, line, x, y, smooth, log) {
    const colour = ink(line.colour);
    const points = (list) => line.x.map((at, place) => (usable(list[place], log) ? [x(at), y(list[place])] : null));
    if (line.low?.length > 1) {
      const floor = (value, other) => (usable(value, log) ? value : other);
      const edge = (list) =>
        line.x
          .map((at, place) => [x(at), y(floor(list[place], line.shown[place]))])
          .filter((point) => point.every(Number.isFinite));
      pen.area([...edge(line.high), ...edge(line.low).reverse()], { colour, opacity: 0.14 });
    }
    if (smooth) pen.line(points(line.y), { colour, opacity: 0.22, width: 1 });
    const path = points(line.shown);
    pen.line(path, { colour, dash: line.dash });
    const there = path.filter(Boolean);
    if (there.length && there.length < 25)
      for (const point of there) pen.dot(point, { colour, radius: there.length === 1 ? 3.5 : 2 });
  }

  #describe(lines) {
    const said = lines
      .slice(0, 4)
      .map((line) => `${line.name} ends at ${this.options.format(line.y.findLast(Number.isFinite))}`);
    this.canvas.setAttribute("aria-label", `${this.title} over ${this.options.xTitle}. ${said.join("; ")}`);
  }

  #listen() {
    const { canvas } = this;
    let from = null;
    const at = (event) => event.clientX - canvas.getBoundingClientRect().left;
    canvas.addEventListener("pointerdown", (event) => {
      from = event.pointerType === "mouse" ? at(event) : null;
    });
    canvas.addEventListener("pointermove", (event) => {
      this.dragged = from !== null && event.buttons && Math.abs(at(event) - from) > 6 ? [from, at(event)] : null;
      this.#point(at(event));
    });
    canvas.addEventListener("pointerup", (event) => {
      if (from !== null && Math.abs(at(event) - from) > 6) this.#zoomTo(from, at(event));
      from = this.dragged = null;
    });
    canvas.addEventListener("pointerleave", () => this.#leave());
    canvas.addEventListener("blur", () => this.#leave());
    canvas.addEventListener("dblclick", () => this.whole());
    canvas.addEventListener("keydown", (event) => this.#step(event));
  }

  #step(event) {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") this.whole();
    if (!move || !this.drawn?.lines.length) return;
    event.preventDefault();
    const { x } = this.drawn.lines[0];
    const now = this.at === undefined ? x.length - 1 : nearest(x, this.at) + move;
    this.#point(this.drawn.x(x[Math.max(0, Math.min(x.length - 1, now))]));
  }

  #point(pixel) {
    if (!this.drawn?.lines.length) return;
    const { xs, frame } = this.drawn;
    const wanted = inverse(xs, [frame.left, frame.right])(pixel);
    const near = this.drawn.lines.map((line) => line.x[nearest(line.x, wanted)]).filter(Number.isFinite);
    if (!near.length) return;
    this.at = near.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));
    this.#tell();
    this.draw();
  }

  #leave() {
    this.at = undefined;
    this.box.hidden = true;
    this.draw();
  }

  /** The values where the pointer is, largest first. */
  #tell() {
    const { lines, x, frame } = this.drawn;
    const rows = lines
      .map((line) => ({
        line,
        value: line.shown[nearest(line.x, this.at)],
        low: line.low?.[nearest(line.x, this.at)],
        high: line.high?.[nearest(line.x, this.at)],
      }))
      .filter(({ value }) => Number.isFinite(value))
      .sort((one, other) => other.value - one.value);
    const named = rows
      .slice(0, MOST)
      .map(({ line, value, low, high }) =>
        h(
          "div",
          {},
          h("i", { style: { background: `var(${line.colour})` } }),
          h("span", {}, line.name),
          h("b", {}, this.options.format(value)),
          low !== undefined && low !== high
            ? h("small", {}, `${this.options.format(low)} … ${this.options.format(high)}`)
            : "",
        ),
      );
    const more = rows.length > MOST ? h("div", {}, `and ${rows.length - MOST} more`) : "";
    fill(this.box, h("strong", {}, `${this.options.xTitle} ${number(this.at, 6)}`), named, more);
    this.box.hidden = false;
    const right = x(this.at) > (frame.left + frame.right) / 2;
    this.box.style.left = right ? "auto" : `${x(this.at) + 12}px`;
    this.box.style.right = right ? `${this.canvas.clientWidth - x(this.at) + 12}px` : "auto";
  }

  #cross(pen) {
    const { lines, x, y, frame, log } = this.drawn;
    if (this.dragged) {
      const [from, to] = this.dragged;
      const corners = [
        [from, frame.top],
        [to, frame.top],
        [to, frame.bottom],
        [from, frame.bottom],
      ];
      pen.area(corners, { colour: ink("--interaction"), opacity: 0.15 });
    }
    pen.line(
      [
        [x(this.at), frame.top],
        [x(this.at), frame.bottom],
      ],
      { colour: ink("--muted"), width: 1 },
    );
    for (const line of lines) {
      const value = line.shown[nearest(line.x, this.at)];
      if (usable(value, log)) pen.dot([x(line.x[nearest(line.x, this.at)]), y(value)], { colour: ink(line.colour) });
    }
  }

  #zoomTo(from, to) {
    const { xs, frame } = this.drawn;
    const value = inverse(xs, [frame.left, frame.right]);
    this.zoom = [value(Math.max(frame.left, Math.min(from, to))), value(Math.min(frame.right, Math.max(from, to)))];
    this.onzoom?.(...this.zoom);
    this.draw();
  }
}

/** A colour of the style sheet, as it is now. */
export const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim() || name;
