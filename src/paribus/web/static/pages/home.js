// All studies and runs below a folder: found, filtered, sorted, chosen for comparison.

import { get } from "../api.js";
import { fill, h, paced, settled } from "../dom.js";
import { listen } from "../events.js";
import { ago, count, duration, moment, number } from "../format.js";
import { Grid } from "../grid.js";
import { dialog, keys } from "../keys.js";
import { code } from "../page.js";
import { choice, progress, state, toggle } from "../parts.js";
import { go, place, query, remember } from "../router.js";
import { saveCsv } from "../save.js";

const STATES = ["running", "waiting", "finished", "interrupted", "crashed", "diverged", "damaged"];
const KINDS = [
  ["", "studies and single runs"],
  ["all", "these and all runs in them"],
  ["study", "studies"],
  ["run", "runs"],
  ["search", "searches"],
];
const NARROW = matchMedia("(max-width: 760px)");
const REMEMBERED = "paribus.columns";
const PAUSE = 1000; // milliseconds between looks at a list in which something happens
const AT_ONCE = 500; // rows that the server gives at once

export default async function home(into, { signal }) {
  document.title = "paribus";
  const asked = { sort: "started", descending: "1", columns: localStorage.getItem(REMEMBERED) ?? "", ...query() };
  const chosen = new Map(); // id → row, for comparison
  let columns = [];

  const heading = h("h1", { class: "unseen" }, "Studies and runs");
  const states = h("div", { class: "chips", role: "group", "aria-label": "State" });
  const head = h("div", { class: "row head", role: "row" });
  const bottom = h("div", { class: "tray", hidden: true });
  const empty = h("div", { class: "empty", hidden: true });
  const grid = new Grid({ name: "Studies and runs", height: () => (NARROW.matches ? 92 : 56), load, draw, signal });
  const total = h("span", { class: "total", "aria-live": "polite" });
  grid.element.prepend(h("div", { role: "rowgroup", class: "heads" }, head));

  const search = document.getElementById("search");
  search.value = asked.q ?? "";
  search.addEventListener(
    "input",
    settled(150, () => !signal.aborted && set({ q: search.value })),
    { signal },
  );
  const kinds = choice("Kind", KINDS, asked.kind ?? "", (kind) => set({ kind }));
  const recipe = choice("Recipe", [["", "all recipes"]], "", (name) => set({ recipe: name }));
  const pick = h("button", { type: "button", class: "quiet", onclick: chooseColumns }, "Columns");
  const save = h(
    "button",
    { type: "button", class: "quiet", onclick: saveAll, title: "Save these rows as CSV" },
    "CSV",
  );
  fill(
    into,
    heading,
    h("div", { class: "filters" }, states, h("span", { class: "grow" }), total, recipe, kinds, pick, save),
    grid.element,
    empty,
    bottom,
  );

  function set(changes) {
    Object.assign(asked, changes);
    remember(changes);
    scrollTo(0, 0);
    reload().then(() => grid.again());
  }

  function load(offset, limit, stop) {
    const { q = "", recipe, state: wanted, kind, sort, descending, columns: names } = asked;
    return get(
      "home",
      {
        query: `${q} ${recipe ? `recipe=${recipe}` : ""}`.trim(),
        state: wanted,
        kind,
        sort,
        descending: descending || "0",
        columns: names,
        offset,
        limit,
      },
      stop,
    );
  }

  async function reload() {
    const answer = await grid.reload().catch((error) => {
      if (error.name !== "AbortError") throw error;
    });
    if (!answer || signal.aborted) return;
    columns = answer.columns;
    fill(total, count(answer.total, "row"));
    fill(
      recipe,
      ["", ...answer.recipes].map((name) =>
        h("option", { value: name, selected: name === (asked.recipe ?? "") }, name || "all recipes"),
      ),
    );
    fill(
      states,
      STATES.filter((word) => answer.states[word] || asked.state === word).map((word) =>
        chip(word, answer.states[word] ?? 0),
      ),
    );
    fill(head, heads());
    head.style.setProperty("--extra", tracks());
    nothing(answer);
  }

  function nothing({ total: found, hint }) {
    empty.hidden = found > 0;
    grid.element.hidden = found === 0;
    if (found) return;
    const filtered = asked.q || asked.state || asked.kind || asked.recipe;
    const clear = h(
      "button",
      {
        type: "button",
        onclick: () => ((search.value = ""), set({ q: "", state: "", kind: "", recipe: "" }), (kinds.value = "")),
      },
      "Show all",
    );
    const command = hint?.split(": ").find((part) => part.startsWith("paribus "));
    fill(
      empty,
      filtered
        ? [h("h2", {}, "Nothing matches"), h("p", {}, "No study and no run is like this."), clear]
        : [
            h("h2", {}, "Nothing here yet"),
            command ? [h("p", {}, "Make the first study:"), code(command)] : h("p", {}, hint ?? ""),
            h("p", {}, h("a", { href: "/start", class: "button" }, "Start a first study")),
          ],
    );
  }

  function chip(word, n) {
    const element = toggle(word, asked.state === word, (on) => set({ state: on ? word : "" }));
    element.classList.add("state", word);
    element.append(h("b", {}, String(n)));
    return element;
  }

  const names = () => (asked.columns ? asked.columns.split(",") : []);
  const tracks = () =>
    names()
      .map(() => "minmax(5rem, .6fr)")
      .join(" ");
  const title = (name) => columns.find((column) => column.name === name)?.title ?? name;

  function heads() {
    const sortable = (name, text, kind = "") => {
      const here = asked.sort === name;
      const falling = asked.descending === "1";
      const turn = () =>
        set({ sort: name, descending: here ? (falling ? "" : "1") : ["started", "seconds"].includes(name) ? "1" : "" });
      const order = here ? (falling ? "descending" : "ascending") : "none";
      return h(
        "span",
        { role: "columnheader", class: kind, "aria-sort": order },
        h(
          "button",
          { type: "button", onclick: turn },
          text,
          here ? h("i", { "aria-hidden": "true" }, falling ? " ↓" : " ↑") : "",
        ),
      );
    };
    return [
      h("span", { role: "columnheader", class: "check" }, h("span", { class: "unseen" }, "chosen")),
      sortable("name", "name", "named"),
      sortable("state", "state", "stated"),
      h("span", { role: "columnheader", class: "found" }, "found"),
      names().map((name) => sortable(name, title(name), "extra")),
      sortable("seconds", "took", "took"),
      sortable("started", "started", "started"),
    ];
  }

  function draw(row, where) {
    const box = h("input", {
      type: "checkbox",
      "aria-label": `Choose ${row.name}`,
      onchange: () => choose(row, box.checked),
    });
    box.checked = chosen.has(row.id);
    const cell = (kind, ...content) => h("span", { role: "cell", class: kind }, ...content);
    const element = h(
      "div",
      {
        class: `row ${row.kind}`,
        role: "row",
        onclick: (event) => event.target.matches("input, a, label") || (grid.chosen = where),
      },
      cell("check", h("label", {}, box)),
      cell("named", ...named(row)),
      cell(
        "stated",
        state(row.state),
        row.progress && row.state !== "finished" && row.progress.done < row.progress.of ? progress(row.progress) : "",
      ),
      cell("found", found(row)),
      names().map((name) => cell("extra", shown(row.columns[name] ?? row.figures[name]))),
      cell("took", duration(row.seconds)),
      cell("started", h("time", { title: moment(row.started) }, ago(row.started))),
    );
    element.style.setProperty("--extra", tracks());
    return element;
  }

  function choose(row, yes) {
    if (yes) chosen.set(row.id, row);
    else chosen.delete(row.id);
    bottom.hidden = !chosen.size;
    const ids = [...chosen.keys()].map(encodeURIComponent).join(",");
    fill(
      bottom,
      h("span", {}, `${chosen.size} chosen`),
      h("a", { class: "button", href: `/compare?ids=${ids}` }, "Compare"),
      h(
        "button",
        { type: "button", class: "quiet", onclick: () => (chosen.clear(), (bottom.hidden = true), grid.again()) },
        "Choose none",
      ),
    );
  }

  function chooseColumns() {
    const now = new Set(names());
    const list = h("div", { class: "picks" });
    const filter = h("input", {
      type: "search",
      placeholder: "Search",
      "aria-label": "Search columns",
      oninput: () => pickable(),
    });
    const apply = () => {
      localStorage.setItem(REMEMBERED, [...now].join(","));
      set({ columns: [...now].join(",") });
    };
    const pickable = () => {
      const wanted = columns.filter((column) =>
        `${column.title} ${column.name}`.toLowerCase().includes(filter.value.toLowerCase()),
      );
      fill(
        list,
        wanted.slice(0, 200).map((column) => {
          const box = h("input", {
            type: "checkbox",
            onchange: () => (box.checked ? now.add(column.name) : now.delete(column.name), apply()),
          });
          box.checked = now.has(column.name);
          return h("label", {}, box, h("span", {}, column.title), h("small", {}, column.kind));
        }),
      );
    };
    pickable();
    dialog("Columns", filter, list);
  }

  async function saveAll() {
    const rows = [];
    for (let offset = 0; offset < grid.total; offset += AT_ONCE) rows.push(...(await load(offset, AT_ONCE)).rows);
    const extra = names();
    const heads = ["id", "kind", "name", "recipe", "state", "started", "seconds", "found", ...extra];
    saveCsv(
      "runs",
      heads,
      rows.map((row) => [
        row.id,
        row.kind,
        row.name,
        row.recipe,
        row.state,
        moment(row.started),
        row.seconds,
        said(row),
        ...extra.map((name) => row.columns[name] ?? row.figures[name]),
      ]),
    );
  }

  const mark = () => grid.row(grid.chosen);
  keys(
    [
      ["j", "next row", () => grid.move(1)],
      ["k", "row before", () => grid.move(-1)],
      ["Enter", "open the row", () => mark() && go(place(mark().kind, mark().id))],
      ["x", "choose the row for comparison", () => mark() && (choose(mark(), !chosen.has(mark().id)), grid.again())],
      [
        "c",
        "compare what is chosen",
        () => chosen.size && go(`/compare?ids=${[...chosen.keys()].map(encodeURIComponent).join(",")}`),
      ],
    ],
    signal,
  );
  NARROW.addEventListener("change", () => grid.again(), { signal });
  const fresh = paced(PAUSE, () => signal.aborted || reload());
  listen((event) => ["changed", "state", "reset"].includes(event.kind) && fresh(), signal);
  await reload();
}

/** The name of a row, and what it is. The folder of a single run is a checksum: its recipe says more. */
function named({ id, kind, name, recipe, seed }) {
  const single = kind === "run" && /\/[0-9a-f]{16}\//.test(name);
  const title = single ? `${recipe}, seed ${seed}` : name;
  const about = `${kind} · ${single ? name : recipe}`;
  return [h("a", { href: place(kind, id), title: name }, title), h("small", {}, about)];
}

/** What a row has found: the verdict of a study, the figures of a run. */
function found(row) {
  if (row.verdict) return h("span", { class: `verdict ${row.tone || ""}`, title: row.verdict }, row.verdict);
  return h(
    "span",
    { class: "figures" },
    Object.entries(row.figures)
      .slice(0, 2)
      .map(([name, value]) => h("span", {}, h("small", {}, name), " ", shown(value))),
  );
}

function said(row) {
  if (row.verdict) return row.verdict;
  return Object.entries(row.figures)
    .map(([name, value]) => `${name} ${shown(value)}`)
    .join("; ");
}

const shown = (value) =>
  typeof value === "number" ? number(value) : value === null || value === undefined ? "" : String(value);
