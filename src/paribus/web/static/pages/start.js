// A form for a study or a search, made from the schema of its recipe; the command line that does the same stands
// beside it.

import { get, post, remove } from "../api.js";
import { fill, h, paced, settled } from "../dom.js";
import { listen } from "../events.js";
import { count, duration, moment } from "../format.js";
import { code } from "../page.js";
import { button, field, link, problem, say, segments, state } from "../parts.js";
import { go, place, query, remember } from "../router.js";

const AGAIN = 1000; // milliseconds between looks at a queue in which something moves
const LEFT = { waiting: "Do not start", interrupted: "Clear", failed: "Clear" };

export default async function start(into, { signal }) {
  document.title = "Start · paribus";
  const { recipes } = await get("recipes", {}, signal);
  const asked = { recipe: "", ...query() };
  const later = paced(AGAIN, () => signal.aborted || queued().catch(() => null));
  const body = h("div", { class: "body" });
  const queue = h("section", { class: "queue", "aria-label": "Queue", hidden: true });
  fill(
    into,
    h("header", { class: "top" }, h("p", { class: "kind" }, "Start"), h("h1", {}, "What do you want to know?")),
    queue,
    body,
  );
  await Promise.all([asked.recipe ? form() : list(), queued()]);
  listen((event) => ["changed", "state"].includes(event.kind) && later(), signal);

  function entry(one) {
    return h(
      "li",
      {},
      link(`/start?recipe=${encodeURIComponent(one.name)}`, one.name),
      " ",
      h("span", {}, one.about),
      one.seconds ? h("small", {}, ` about ${duration(one.seconds)} a run`) : "",
      one.problem ? problem({ message: "this file is no recipe", got: one.problem }) : "",
    );
  }

  /** All recipes by family, to choose one. */
  function list() {
    const shown = h("div", { class: "recipes" });
    const find = h("input", {
      type: "search",
      placeholder: "Search recipes",
      "aria-label": "Search recipes",
      oninput: () => draw(),
    });
    const draw = () => {
      const wanted = recipes.filter((one) =>
        `${one.name} ${one.about} ${one.task} ${one.data}`.toLowerCase().includes(find.value.toLowerCase()),
      );
      const families = [...new Set(wanted.map((one) => one.family))];
      fill(
        shown,
        wanted.length
          ? families.map((family) =>
              h(
                "section",
                {},
                h("h2", {}, family),
                h("ul", {}, wanted.filter((one) => one.family === family).map(entry)),
              ),
            )
          : h("p", { class: "muted" }, "No recipe is like this."),
      );
    };
    draw();
    fill(body, h("p", {}, "Choose a recipe to begin with. Everything in it can be changed."), find, sending(), shown);
  }

  async function form() {
    if (!body.children.length) fill(body, h("p", { class: "working" }, "Reading the recipe …"));
    const given = kept(query());
    const schema = await get(
      `recipes/${asked.recipe.split("/").map(encodeURIComponent).join("/")}/schema`,
      parts(given.overrides),
      signal,
    );
    const seeds = h("input", {
      type: "number",
      min: 1,
      max: 10000,
      value: given.seeds,
      oninput: () => ((given.seeds = Number(seeds.value)), changed()),
    });
    const beside = h("aside", { class: "preview", "aria-label": "Preview", "aria-live": "polite" });
    const fields = schema.sections.map((one) => sectionOf(one, given, changed, exchange));
    const how = h("div", { class: "how" });
    const wanted = segments("What is started", KINDS, given.kind, (kind) => {
      given.kind = kind;
      changed();
      form();
    });
    const find = h("input", {
      type: "search",
      placeholder: "Search fields",
      "aria-label": "Search fields",
      oninput: () => finding(fields, find.value),
    });
    fill(
      body,
      h(
        "p",
        { class: "chosen" },
        h("strong", {}, schema.name),
        " ",
        schema.about,
        " ",
        link("/start", "another recipe"),
      ),
      h(
        "div",
        { class: "form" },
        h(
          "form",
          { onsubmit: (event) => event.preventDefault() },
          h("div", { class: "first" }, wanted, given.kind === "search" ? "" : field("seeds", seeds), find),
          how,
          fields.map((one) => one.element),
        ),
        beside,
      ),
    );
    if (given.kind === "search") fill(how, schema.search.map((one) => searching(one, given, changed)));
    const preview = settled(300, async () => {
      const answer = await post("start/preview", content()).catch((error) => ({ ok: false, problems: [error] }));
      if (signal.aborted) return;
      const problems = new Map((answer.problems ?? []).map((one) => [one.path, one]));
      for (const section of fields) section.tell(problems);
      fill(beside, previewed(answer, begin));
    });

    function changed() {
      remember({
        recipe: asked.recipe,
        seeds: given.seeds === 3 ? "" : given.seeds,
        set: packed(given.overrides),
        vary: packed(given.vary),
        kind: given.kind === "search" ? "search" : "",
        how: packed(given.how),
      });
      preview();
    }

    /** Another part has other fields: what was said of the old ones is forgotten. */
    function exchange(name) {
      for (const values of [given.overrides, given.vary])
        for (const path of Object.keys(values)) if (path.startsWith(`${name}.`)) delete values[path];
      changed();
      form();
    }

    const content = () => ({
      kind: given.kind,
      recipe: schema.name,
      overrides: given.overrides,
      vary: given.vary,
      ...(given.kind === "search" ? given.how : { seeds: given.seeds }),
    });

    async function begin() {
      await post("start", content());
      say("It is in the queue, as a process of its own: it goes on when this page is closed.");
      await queued();
      queue.scrollIntoView({ block: "nearest" });
    }
    changed();
  }

  async function queued() {
    const { jobs } = await get("queue", {}, signal);
    if (jobs.some((one) => ["waiting", "running"].includes(one.state))) later();
    queue.hidden = !jobs.length;
    const over = jobs.filter((one) => one.state === "finished");
    const again = (name, place) => jobs.slice(place + 1).some((one) => one.name === name);
    const gone = (one, place) => one.state === "interrupted" && again(one.name, place); // somebody went on with it
    const rest = jobs.filter((one, place) => one.state !== "finished" && !gone(one, place));
    const done = over.length
      ? h(
          "details",
          { open: !rest.length && over.length < 3 },
          h("summary", {}, `${over.length} finished`),
          h("ul", {}, over.map(job)),
        )
      : "";
    fill(queue, h("h2", {}, "Queue"), h("ul", {}, rest.map(job)), done);
  }

  function job(one) {
    const name = one.study ? link(place(one.kind, one.study), one.name) : h("strong", {}, one.name);
    const leave =
      one.state in LEFT
        ? button(
            LEFT[one.state],
            () => remove(`queue/${encodeURIComponent(one.id)}`).then(queued),
            "quiet",
          )
        : "";
    return h(
      "li",
      {},
      state(one.state),
      name,
      h("small", {}, moment(one.submitted)),
      h("code", {}, one.command),
      leave,
      one.problem && one.state === "failed" ? problem({ message: one.problem }) : "",
    );
  }
}

/** What the address says of a form. */
function kept({ seeds, set, vary, kind, how }) {
  const given = { overrides: unpacked(set), vary: unpacked(vary), how: unpacked(how) };
  return { ...given, seeds: Number(seeds) || 3, kind: kind === "search" ? "search" : "study" };
}

const KINDS = [
  ["study", "Study"],
  ["search", "Search"],
];

/** A recipe of one's own, pasted or from a file: it is kept in the folder of the page, and then chosen. */
function sending() {
  const name = h("input", { name: "name", placeholder: "my-cnn", autocomplete: "off", spellcheck: "false" });
  const example = "base: digits/cnn\noptimizer:\n  lr: 0.05";
  const text = h("textarea", { name: "text", rows: 10, spellcheck: "false", placeholder: example });
  const file = h("input", {
    type: "file",
    accept: ".yaml,.yml",
    onchange: async () => {
      if (!file.files[0]) return;
      name.value ||= file.files[0].name.replace(/\.ya?ml$/, "");
      text.value = await file.files[0].text();
    },
  });
  const keep = button(
    "Use it",
    async () => {
      const found = await post("recipes", { name: name.value, text: text.value });
      go(`/start?recipe=${encodeURIComponent(found.name)}`);
    },
    "main",
  );
  return h(
    "details",
    { class: "sending" },
    h("summary", {}, "A recipe of your own"),
    h("p", {}, "Paste it, or choose a file. It is kept in the folder of this page, for the command line, too."),
    h("div", { class: "options" }, field("name", name), field("file", file)),
    field("recipe, as YAML", text),
    h("div", {}, keep),
  );
}

/** One choice of how values are searched. */
function searching(one, given, changed) {
  const put = (value) => {
    if (value === "" || value === one.value) delete given.how[one.path];
    else given.how[one.path] = value;
    changed();
  };
  const input = control(one, given.how[one.path] ?? one.value, put, "");
  return field(one.title, input, h("small", {}, one.about));
}

const packed = (values) => (Object.keys(values).length ? JSON.stringify(values) : "");

function unpacked(text) {
  try {
    const found = JSON.parse(text ?? "{}");
    return found && typeof found === "object" && !Array.isArray(found) ? found : {};
  } catch {
    return {}; // an address that somebody cut off
  }
}

/** Which parts were chosen: whole parts have no dot in their names. */
const parts = (overrides) => Object.fromEntries(Object.entries(overrides).filter(([path]) => !path.includes(".")));

/** One part of a recipe: which one it is, and its fields, folded. */
function sectionOf(given, values, changed, exchange) {
  const { name, use, uses, about } = given;
  const part = uses?.length
    ? [{ path: name, title: name, kind: "choice", value: use, choices: uses, about: "which one.", part: true }]
    : [];
  const turned = () => (name in values.vary ? changed() : exchange(name));
  const rows = [
    ...part.map((one) => fieldOf(one, values, turned)),
    ...given.fields.map((one) => fieldOf(one, values, one.kind === "several" ? turned : changed)),
  ];
  const touched = rows.some(({ path }) => path in values.overrides || path in values.vary);
  const element = h(
    "details",
    { class: "section", open: touched },
    h("summary", {}, h("strong", {}, given.title), use ? h("code", {}, use) : "", h("small", {}, about ?? "")),
    rows.map((row) => row.element),
  );
  return {
    element,
    rows,
    tell(problems) {
      rows.forEach((row) => row.tell(problems.get(row.path)));
    },
  };
}

function finding(sections, text) {
  const wanted = text.toLowerCase();
  for (const { element, rows } of sections) {
    let any = false;
    for (const row of rows) {
      row.element.hidden = !row.words.includes(wanted);
      any ||= !row.element.hidden;
    }
    element.hidden = !any;
    if (wanted) element.open = any;
  }
}

/** One field: its value, what it means, and whether it is varied. */
function fieldOf(given, values, changed) {
  const { path } = given;
  const about = h("small", { class: "about" }, given.about, range(given));
  const wrong = h("div", { role: "status" });
  const hold = h("span", { class: "input" });
  const varied = h("input", { type: "checkbox", onchange: () => turn() });
  varied.checked = path in values.vary;
  const text = (value) =>
    value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  const put = (value) => {
    if (varied.checked) values.vary[path] = value;
    else if (value === text(given.value) && !given.part) delete values.overrides[path];
    else values.overrides[path] = value;
    element.classList.toggle("changed", path in values.overrides || path in values.vary);
    changed();
  };
  const turn = () => {
    const now = values.vary[path] ?? values.overrides[path] ?? text(given.value);
    delete values.vary[path];
    delete values.overrides[path];
    input();
    put(now);
  };
  const input = () =>
    fill(
      hold,
      control(
        { ...given, kind: varied.checked ? "text" : given.kind },
        values.vary[path] ?? values.overrides[path] ?? text(given.value),
        put,
        varied.checked ? values.kind : "",
      ),
    );
  input();
  const element = h(
    "div",
    { class: "knob" },
    h("div", { class: "name" }, h("code", {}, path), h("label", { class: "vary" }, varied, VERBS[values.kind])),
    hold,
    about,
    wrong,
  );
  element.classList.toggle("changed", path in values.overrides || path in values.vary);
  return {
    element,
    path,
    words: `${path} ${given.title} ${given.about}`.toLowerCase(),
    tell: (one) => fill(wrong, one ? problem(one) : ""),
  };
}

function range({ low, high, unit }) {
  const bounds = [
    low !== null && low !== undefined ? `from ${low}` : "",
    high !== null && high !== undefined ? `to ${high}` : "",
  ]
    .filter(Boolean)
    .join(" ");
  return bounds || unit ? ` (${[bounds, unit].filter(Boolean).join(", ")})` : "";
}

/** The element in which a value is given. It is sent as text: the server judges it as the command line does. */
function control(given, value, put, varied) {
  const label = given.path;
  if (given.kind === "bool") {
    return h(
      "select",
      { "aria-label": label, onchange: (event) => put(event.target.value) },
      ["true", "false"].map((one) => h("option", { value: one, selected: one === String(value).toLowerCase() }, one)),
    );
  }
  if (given.kind === "choice" && given.choices) {
    const options = given.choices.map(String);
    return h(
      "select",
      { "aria-label": label, onchange: (event) => put(event.target.value) },
      (options.includes(value) ? options : [value, ...options]).map((one) =>
        h("option", { value: one, selected: one === value }, one),
      ),
    );
  }
  if (given.kind === "several") return several(given, value, put);
  const numeric = ["int", "float"].includes(given.kind);
  return h("input", {
    type: "text",
    inputmode: numeric ? "decimal" : null,
    "aria-label": label,
    value,
    placeholder: VARIED[varied] ?? text_(given.default),
    autocomplete: "off",
    spellcheck: "false",
    oninput: (event) => put(event.target.value.trim()),
  });
}

/** Names to tick; they count in the order in which they were. */
function several({ path, choices }, value, put) {
  const chosen = new Set(choices.filter((one) => names(value).includes(one)).sort(by(names(value))));
  const tick = (name) => (event) => {
    if (event.target.checked) chosen.add(name);
    else chosen.delete(name);
    put(chosen.size ? `[${[...chosen].join(", ")}]` : "none");
  };
  return h(
    "span",
    { class: "several", role: "group", "aria-label": path },
    choices.map((name) =>
      h("label", {}, h("input", { type: "checkbox", checked: chosen.has(name), onchange: tick(name) }), name),
    ),
  );
}

const names = (value) => value.match(/\w+/g) ?? [];
const by = (order) => (one, other) => order.indexOf(one) - order.indexOf(other);

const VERBS = { search: "search", study: "vary" };
const VARIED = { search: "1e-3..1, or values with commas", study: "values, with commas between" };

const text_ = (value) => (value === null || value === undefined ? "" : String(value));

/** What would be trained, how long it takes, and how to say it on the command line. */
function previewed(answer, begin) {
  if (!answer.ok) return [h("h2", {}, "Not yet"), (answer.problems ?? []).map(problem)];
  const arms = answer.arms.slice(0, 12);
  const seeds = answer.runs / Math.max(1, answer.arms.length);
  return [
    h("h2", {}, answer.question || "Preview"),
    h(
      "p",
      { class: "size" },
      answer.trials
        ? `${count(answer.trials, "trial")}, ${count(answer.fresh, "run")} to confirm the best`
        : `${count(answer.arms.length, "arm")} × ${count(seeds, "seed")} = ${count(answer.runs, "run")}`,
    ),
    h("p", { class: "muted" }, answer.about_seconds || (answer.seconds ? `about ${duration(answer.seconds)}` : "")),
    answer.there ? h("p", {}, "This is there already: what is trained stays, and it goes on.") : "",
    h(
      "ul",
      { class: "arms" },
      arms.map((arm) => h("li", {}, arm)),
      answer.arms.length > arms.length ? h("li", {}, `and ${answer.arms.length - arms.length} more`) : "",
    ),
    code(answer.command),
    h("div", {}, button("Start", begin, "main")),
  ];
}
