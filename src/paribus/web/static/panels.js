// The curves of one or several runs as small charts under shared controls, whose state stands in the address.

import { Curves, look } from "./curves.js";
import { fill, h } from "./dom.js";
import { number, percent } from "./format.js";
import { problem, segments, toggle } from "./parts.js";
import { query, remember } from "./router.js";

const POINTS = 600;
const XS = [
  ["epoch", "epochs"],
  ["step", "steps"],
  ["seconds", "seconds"],
];
const MOST = 12; // charts that are shown before somebody asks for more

/**
 * `load({points, x, from, to, metrics}, signal)` → {metrics: {name: {title, x, y, low?, high?}}, groups, best, rows}.
 */
export function panels({ load, signal }) {
  const asked = { x: "epoch", smooth: "0", log: "", ...query() };
  let count = 0; // rows that are shown
  const seen = new Set(["epoch", "step", "seconds"]); // names in rows that were asked for, or are axes
  const charts = new Map(); // title of the group → {chart, metrics, group}
  const place = h("div", { class: "panels" });
  const rest = h(
    "details",
    { class: "rest", hidden: true },
    h("summary", {}, "More figures"),
    h("div", { class: "panels" }),
  );
  const bar = h("div", { class: "controls" }, controls(asked, change));
  const element = h("div", {}, bar, place, rest);
  addEventListener("paribus:theme", () => charts.forEach(({ chart }) => chart.draw()), { signal });
  signal.addEventListener("abort", () => charts.forEach(({ chart }) => chart.destroy()));

  function change(changes) {
    const reload = "x" in changes;
    Object.assign(asked, changes);
    remember(changes);
    if (reload) all();
    else charts.forEach((one) => one.chart.show(one.chart.series, options(one)));
  }

  const options = ({ group }) => ({
    log: asked.log === "1",
    smooth: Number(asked.smooth),
    xTitle: asked.x,
    format: group.percent ? percent : number,
  });

  async function all() {
    const answer = await load({ points: POINTS, x: asked.x }, signal).catch((error) => {
      if (signal.aborted) return null;
      fill(place, problem(error));
      return null;
    });
    if (!answer) return;
    const { groups } = answer;
    count = answer.rows ?? 0;
    if (!groups.length) return fill(place, h("p", { class: "muted" }, "No figure was recorded yet."));
    if (place.querySelector(".muted, .problem")) fill(place);
    for (const group of groups) draw(group, answer);
    rest.hidden = !rest.lastElementChild.children.length;
  }

  function draw(group, answer) {
    const metrics = group.metrics.filter((metric) => answer.metrics[metric]);
    if (!metrics.length) return;
    const one = charts.get(group.title) ?? make(group, metrics);
    Object.assign(one, { metrics, group });
    const marks = answer.best && Number.isFinite(answer.best.x) ? [{ x: answer.best.x }] : [];
    one.chart.show(series(metrics, answer.metrics), { ...options(one), marks });
  }

  function series(metrics, found) {
    const parts = metrics.length > 1 ? metrics.map((metric) => metric.split("/")[0]) : [];
    const short = new Set(parts).size === metrics.length ? { train: "training", val: "validation", test: "test" } : {};
    return metrics.map((metric, index) => ({
      ...found[metric],
      metric,
      name: short[metric.split("/")[0]] ?? found[metric].title ?? metric,
      ...look(metrics.length > 1 ? index : 1),
    }));
  }

  function make(group, metrics) {
    const chart = new Curves({ title: group.title, onzoom: (from, to) => exact(group.title, from, to) });
    const one = { chart, metrics, group };
    charts.set(group.title, one);
    (group.minor || charts.size > MOST ? rest.lastElementChild : place).append(chart.element);
    return one;
  }

  /** The part that was zoomed into, with every value that the server holds there. */
  async function exact(title, from, to) {
    const one = charts.get(title);
    const answer = await load({ points: POINTS, x: asked.x, from, to, metrics: one.metrics.join(",") }, signal).catch(
      () => null,
    );
    if (answer) one.chart.show(series(one.metrics, answer.metrics));
  }

  return {
    element,
    load: all,
    /** Rows that a training has just written; where some before them are not known, all are asked for. */
    append({ rows, first }) {
      if (!charts.size || first > count) return all();
      count = first + rows.length;
      const drawn = new Set([...charts.values()].flatMap((one) => one.metrics));
      const unknown = rows.flatMap(Object.keys).filter((name) => !drawn.has(name) && !seen.has(name));
      for (const name of unknown) seen.add(name);
      if (unknown.length) return all();
      for (const { chart, metrics } of charts.values()) {
        if (chart.zoom) continue;
        const points = metrics.map((metric, index) => [
          chart.series[index]?.name,
          rows
            .filter((row) => Number.isFinite(row[metric]) && Number.isFinite(row[asked.x]))
            .map((row) => [row[asked.x], row[metric]]),
        ]);
        chart.append(Object.fromEntries(points));
      }
      return null;
    },
  };
}

/** Smoothing, axes: `change({name: value})` is told what was touched. */
export function controls(asked, change) {
  const told = h("output", {}, asked.smooth);
  const slide = () => {
    told.textContent = slider.value;
    change({ smooth: slider.value === "0" ? "" : slider.value });
  };
  const slider = h("input", { type: "range", min: 0, max: 0.99, step: 0.01, oninput: slide });
  slider.value = asked.smooth || "0";
  return [
    segments("Horizontal axis", XS, asked.x, (x) => change({ x })),
    h("label", { class: "smooth" }, "smoothing", slider, told),
    toggle("log axis", asked.log === "1", (on) => change({ log: on ? "1" : "" })),
    h("span", { class: "muted hint" }, "drag to zoom, double click for all"),
  ];
}
