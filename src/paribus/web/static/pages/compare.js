// Any runs side by side: curves laid over each other, what differs, pictures. What was chosen stands in the address.

import { get } from "../api.js";
import { soon } from "../chart.js";
import { Curves, look } from "../curves.js";
import { fill, h, paced, settled } from "../dom.js";
import { listen } from "../events.js";
import { count, number, percent } from "../format.js";
import { glimpse, said, stream, when } from "../glimpses.js";
import { controls } from "../panels.js";
import { link, problem, segments } from "../parts.js";
import { go, place, query, remember } from "../router.js";
import { band } from "../scale.js";
import { table } from "../tables.js";
import { part } from "./run.js";

const POINTS = 400;
const FIRST = 8; // charts that are shown before somebody chooses

export default async function compare(into, { signal }) {
  document.title = "Compare · paribus";
  const asked = { x: "epoch", smooth: "0", log: "", lines: "runs", ids: "", metrics: "", ...query() };
  const ids = asked.ids.split(",").filter(Boolean);
  const top = h("header", { class: "top" }, h("h1", {}, "Compare"));
  const body = h("div", { class: "body" });
  fill(into, top, body);
  if (!ids.length) return fill(body, choose(signal));
  const known = await get("compare", { ids: ids.join(",") }, signal);
  known.metrics.sort((one, other) => weight(one) - weight(other));
  const hidden = new Set(); // names of arms
  const colours = new Map(known.arms.flatMap((arm, index) => arm.runs.map((run) => [run, look(index)])));
  const charts = new Map();
  const panel = h("div", { class: "panels" });
  signal.addEventListener("abort", () => charts.forEach((chart) => chart.destroy()));
  addEventListener("paribus:theme", () => charts.forEach((chart) => chart.draw()), { signal });

  const knownAs = (name) => known.metrics.find((metric) => metric.name === name) ?? { name, title: name };
  const chosen = () =>
    asked.metrics ? asked.metrics.split(",") : known.metrics.slice(0, FIRST).map((metric) => metric.name);
  const options = (metric) => ({
    legend: false,
    log: asked.log === "1",
    smooth: Number(asked.smooth),
    xTitle: asked.x,
    format: knownAs(metric).percent ? percent : number,
  });

  const runOf = (id) => known.runs.find((run) => run.id === id);
  const various = segments(
    "Lines",
    [
      ["runs", "each run"],
      ["arms", "means of arms"],
    ],
    asked.lines,
    (lines) => change({ lines: lines === "runs" ? "" : lines }),
  );
  fill(
    body,
    runs(),
    part(
      "Curves",
      h("div", { class: "controls" }, controls(asked, change), known.arms.length < known.runs.length ? various : ""),
      pick(),
      panel,
    ),
    known.fields.length
      ? part("What differs", table(differing(), "fields that differ"))
      : part("What differs", h("p", {}, "No field of their recipes differs.")),
    known.figures?.rows?.length ? part("Figures", table(figures(), "figures")) : "",
    known.pictures?.length ? part("Pictures", pictures()) : "",
  );
  draw();

  function change(changes) {
    const before = asked.x;
    Object.assign(asked, changes);
    remember(changes);
    if (asked.x !== before || "metrics" in changes) return draw();
    return charts.forEach((chart, metric) => chart.show(series(chart.found, metric), options(metric)));
  }

  /** Which figures are drawn. */
  function pick() {
    const press = (name, element) => {
      const now = new Set(chosen());
      if (!now.delete(name)) now.add(name);
      element.setAttribute("aria-pressed", String(now.has(name)));
      change({ metrics: [...now].join(",") });
    };
    const one = ({ name, title }) => {
      const element = h(
        "button",
        {
          type: "button",
          class: "toggle",
          "aria-pressed": String(chosen().includes(name)),
          onclick: () => press(name, element),
        },
        title,
      );
      return element;
    };
    return h(
      "details",
      { class: "picked" },
      h("summary", {}, `${count(known.metrics.length, "figure")} to choose from`),
      h("div", { class: "chips" }, known.metrics.map(one)),
    );
  }

  async function draw() {
    const metrics = chosen();
    for (const [name, chart] of charts) {
      if (!metrics.includes(name)) {
        chart.destroy();
        chart.element.remove();
        charts.delete(name);
      }
    }
    for (const name of metrics) if (!charts.has(name)) make(name);
    for (const name of metrics) panel.append(charts.get(name).element);
    await load(metrics);
  }

  function make(name) {
    const chart = new Curves({ title: knownAs(name).title, onzoom: (from, to) => load([name], from, to), height: 260 });
    chart.found = [];
    charts.set(name, chart);
  }

  async function load(metrics, from, to) {
    if (!metrics.length) return;
    const answer = await get(
      "compare/curves",
      {
        ids: known.runs.map((run) => run.id).join(","),
        metrics: metrics.join(","),
        x: asked.x,
        points: POINTS,
        from,
        to,
      },
      signal,
    ).catch((error) => {
      if (!signal.aborted) fill(panel, problem(error));
      return null;
    });
    for (const name of answer ? metrics : []) {
      const chart = charts.get(name);
      if (!chart) continue;
      chart.found = answer.curves.filter((one) => one.metrics[name]?.x.length);
      chart.show(series(chart.found, name), options(name));
    }
  }

  function series(found, name) {
    if (asked.lines === "arms") return means(found, name);
    return found.map(({ id, metrics }) => ({
      ...metrics[name],
      low: undefined,
      high: undefined,
      name: label(id),
      ...colours.get(id),
    }));
  }

  /** The mean of every arm over its runs, and their smallest and largest value as a band. */
  function means(found, name) {
    return known.arms.flatMap((arm, index) => {
      const lines = found.filter(({ id }) => arm.runs.includes(id)).map(({ metrics }) => metrics[name]);
      return lines.length ? [{ ...band(lines), name: arm.name, ...look(index) }] : [];
    });
  }

  function label(id) {
    const { arm, name, seed } = runOf(id);
    return `${arm || name}${seed === null || seed === undefined ? "" : `, seed ${seed}`}`;
  }

  /** What is compared, with its colour; each can be left out. */
  function runs() {
    const swatch = (index) => h("i", { class: "swatch", style: { background: `var(${look(index).colour})` } });
    const face = (arm, index) =>
      h(
        "button",
        {
          type: "button",
          class: "arm",
          "aria-pressed": "true",
          title: "Show or hide",
          onclick: (event) => press(arm, event.currentTarget),
        },
        swatch(index),
        arm.name,
      );
    const press = (arm, element) => {
      if (!hidden.delete(arm.key)) hidden.add(arm.key);
      element.setAttribute("aria-pressed", String(!hidden.has(arm.key)));
      charts.forEach((chart) => chart.hide(unseen()));
    };
    const one = (arm, index) =>
      h(
        "li",
        {},
        face(arm, index),
        h(
          "span",
          {},
          arm.runs.map((id) =>
            link(
              place("run", id),
              runOf(id).seed === null || runOf(id).seed === undefined ? runOf(id).name : `seed ${runOf(id).seed}`,
            ),
          ),
        ),
        without(arm),
      );
    return h("ul", { class: "compared" }, known.arms.map(one));
  }

  /** Names of the lines of arms that were switched off. */
  function unseen() {
    return known.arms.filter((arm) => hidden.has(arm.key)).flatMap((arm) => [arm.name, ...arm.runs.map(label)]);
  }

  function without(arm) {
    const rest = known.runs.map((run) => run.id).filter((id) => !arm.runs.includes(id));
    if (!rest.length) return "";
    return h(
      "button",
      {
        type: "button",
        class: "quiet",
        title: `Leave out ${arm.name}`,
        "aria-label": `Leave out ${arm.name}`,
        onclick: () => (remember({ ids: rest.join(",") }), go(location.pathname + location.search)),
      },
      "×",
    );
  }

  function differing() {
    const labels = known.runs.map((run) => label(run.id));
    const alike = known.arms.every((arm) =>
      known.fields.every(
        ({ values }) => new Set(arm.runs.map((id) => values[known.runs.findIndex((run) => run.id === id)])).size === 1,
      ),
    );
    const columns = alike
      ? known.arms.map((arm) => [arm.name, known.runs.findIndex((run) => run.id === arm.runs[0])])
      : labels.map((text, index) => [text, index]);
    return {
      heads: ["field", ...columns.map(([text]) => text)],
      rows: known.fields.map(({ field, values }) => [field, ...columns.map(([, index]) => values[index] ?? "")]),
      align: "l".repeat(columns.length + 1),
      tones: [],
    };
  }

  function figures() {
    const { columns, rows } = known.figures;
    const cells = ({ id, values }) => [
      label(id),
      ...values.map((value, place) => (knownAs(columns[place].name).percent ? percent(value) : number(value))),
    ];
    return {
      heads: ["run", ...columns.map((column) => column.title)],
      rows: rows.map(cells),
      align: `l${"r".repeat(columns.length)}`,
      tones: [],
    };
  }

  /** Pictures of the same time beside each other. */
  function pictures() {
    const streams = [...new Set(known.pictures.map(stream))];
    const times = [...new Set(known.pictures.map(when))].sort((one, other) => one - other);
    const shown = h("div");
    const told = h("output");
    const latest = (name, id, time) =>
      known.pictures.findLast((one) => stream(one) === name && when(one) <= time && one.urls[id]);
    const one = (found, { id }) =>
      found
        ? glimpse({ kind: "image", ...found, title: `${label(id)}, ${said(when(found))}`, url: found.urls[id] })
        : "";
    const show = (at) => {
      told.textContent = said(times[at]);
      fill(
        shown,
        streams.map((name) =>
          h(
            "div",
            { class: "photos" },
            known.runs.map((run) => one(latest(name, run.id, times[at]), run)),
          ),
        ),
      );
    };
    const slider = h("input", {
      type: "range",
      min: 0,
      max: times.length - 1,
      "aria-label": "time",
      oninput: () => show(Number(slider.value)),
    });
    slider.value = times.length - 1;
    show(times.length - 1);
    return [times.length > 1 ? h("div", { class: "time" }, slider, told) : "", shown];
  }

  const later = paced(1000, () => signal.aborted || load(chosen()));
  listen(
    (event) => event.kind === "rows" && known.runs.some((run) => run.id === event.id) && later(),
    signal,
    known.runs.slice(0, 40).map((run) => run.id),
  );
}

/** What is judged comes first: figures of validation, then of training, then all others. */
const weight = ({ name, minor }) =>
  (minor ? 10 : 0) + (name === "val/loss" ? 1 : name.startsWith("val/") ? 0 : name.startsWith("train/") ? 2 : 3);

/** Nothing is compared yet: a list to choose from. */
function choose(signal) {
  const list = h("div", { class: "picks" });
  const now = new Set();
  const start = h(
    "button",
    { type: "button", class: "main", disabled: true, onclick: () => go(`/compare?ids=${[...now].join(",")}`) },
    "Compare",
  );
  const find = h("input", {
    type: "search",
    placeholder: "Search runs and studies",
    "aria-label": "Search runs and studies",
    oninput: settled(150, () => draw()),
  });
  const draw = async () => {
    const found = await get(
      "home",
      { query: find.value, sort: "started", descending: "1", offset: 0, limit: 30 },
      signal,
    ).catch((error) => signal.aborted || fill(list, problem(error)));
    if (!found?.rows) return; // the page is being left
    fill(
      list,
      found.rows.map((row) => {
        const box = h("input", {
          type: "checkbox",
          onchange: () => (box.checked ? now.add(row.id) : now.delete(row.id), (start.disabled = !now.size)),
        });
        box.checked = now.has(row.id);
        return h("label", {}, box, h("span", {}, row.name), h("small", {}, `${row.kind} · ${row.recipe}`));
      }),
    );
  };
  const element = h(
    "div",
    { class: "chooser" },
    h("p", {}, "Choose runs; a study stands for all of its runs."),
    find,
    list,
    start,
  );
  soon(element, draw);
  return element;
}
