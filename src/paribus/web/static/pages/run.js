// One run: its curves as they grow, and all that is known of it.

import { get, post } from "../api.js";
import { fill, h, paced } from "../dom.js";
import { concerns, listen } from "../events.js";
import { bytes, duration, moment } from "../format.js";
import { keys } from "../keys.js";
import { answers, code, contents, page, section } from "../page.js";
import { button, link, problem, progress, say, state } from "../parts.js";
import { glimpses } from "../glimpses.js";
import { panels } from "../panels.js";
import { go, place } from "../router.js";
import { saveCsv } from "../save.js";
import { pairs } from "../tables.js";

const RUNNING = ["running", "waiting", "new"];

const PAUSE = 3000; // milliseconds between looks at what is known of a run that trains

export default async function run(into, { id, signal }) {
  const asked = get(`runs/${encodeURIComponent(id)}`, {}, signal);
  const top = h("header", { class: "top" }, h("p", { class: "working" }, "One moment …"));
  const curves = panels({
    load: (asked, stop) => get(`runs/${encodeURIComponent(id)}/curves`, asked, stop),
    signal,
  });
  const log = logOf(id, signal);
  const body = h("div", { class: "body" }, part("Curves", curves.element));
  fill(into, top, body);
  const drawn = curves.load(); // they need nothing else, and are looked at first
  listen((event) => event.kind === "rows" && event.id === id && curves.append(event), signal, [id]);
  let known = await asked;
  document.title = `${known.title} · paribus`;
  header();
  sections();
  log.more().catch((error) => signal.aborted || fill(log.element, problem(error)));

  function header() {
    const { study } = known;
    const above = h(
      "p",
      { class: "kind" },
      "Run",
      study
        ? [" of ", link(place(study.kind ?? "study", study.id), study.name), study.arm ? ` · ${study.arm}` : ""]
        : "",
      known.recipe_name ? ` · ${known.recipe_name}` : "",
    );
    fill(
      top,
      above,
      h("h1", {}, known.title),
      h(
        "div",
        { class: "line" },
        state(known.state),
        RUNNING.includes(known.state) ? progress(known.progress) : "",
        h("span", { class: "muted" }, facts()),
        h("span", { class: "grow" }),
        actions(),
      ),
      known.problem ? problem({ message: known.problem }) : "",
      known.why ? h("p", { class: "why" }, known.why) : "",
      answers(known.figures.map(({ title, text }) => ({ about: title, finding: text }))),
    );
  }

  function facts() {
    return [
      known.started ? `started ${moment(known.started)}` : "",
      known.seconds ? `took ${duration(known.seconds)}` : "",
    ]
      .filter(Boolean)
      .join(", ");
  }

  function actions() {
    const acted = (path, text) => async () => {
      await post(`runs/${encodeURIComponent(id)}/${path}`);
      say(text);
      await again();
    };
    return h(
      "span",
      { class: "actions" },
      known.actions?.stop
        ? button("Stop", acted("stop", "It stops at its next step, and keeps a checkpoint."), "danger")
        : "",
      known.actions?.resume ? button("Go on", acted("resume", "It goes on from its last checkpoint."), "main") : "",
      link(`/compare?ids=${encodeURIComponent(id)}`, "Compare"),
      known.explain?.length || known.explain === true ? link(place("run", id, "/explain"), "Explain") : "",
    );
  }

  function sections() {
    const found = [
      part("Curves", curves.element),
      known.previews?.length ? part("Glimpses through time", glimpses(known.previews)) : "",
      known.findings ? part("Findings", page({ ...known.findings, question: "" }, 0)) : "",
      known.choices?.length ? part("Recipe", choices(known.choices)) : "",
      known.data?.length
        ? part(
            "Data",
            pairs(known.data),
            known.place ? h("p", {}, link(`/places/${encodeURIComponent(known.place)}`, "What its files hold")) : "",
          )
        : "",
      known.result?.length ? part("Result", pairs(known.result)) : "",
      (known.sections ?? []).map(section),
      part("Log", log.element),
      known.environment?.length ? part("Environment", pairs(known.environment)) : "",
      known.command || known.recipe_yaml
        ? part(
            "Again",
            known.command ? [h("p", {}, "This command trains it again."), code(known.command)] : "",
            known.recipe_yaml ? code(known.recipe_yaml) : "",
          )
        : "",
      known.files?.length ? part("Files", files(known.files)) : "",
    ]
      .flat()
      .filter(Boolean);
    const list = found.map((one) => ({ title: one.querySelector("h2")?.textContent, anchor: one.id }));
    fill(body, contents(list), found);
  }

  async function again() {
    const fresh = await get(`runs/${encodeURIComponent(id)}`, {}, signal);
    const more =
      fresh.previews?.length !== known.previews?.length ||
      fresh.state !== known.state ||
      fresh.metrics.length !== known.metrics.length;
    known = fresh;
    header();
    if (more) sections();
    if (known.at_work) later();
  }

  const lost = (error) => !signal.aborted && fill(top.querySelector(".line"), problem(error));
  const renew = () => signal.aborted || Promise.all([again(), log.more()]).catch(lost);
  const later = paced(PAUSE, renew);
  if (known.at_work) later();
  listen(
    (event) => {
      if (event.kind === "reset") curves.load();
      if (event.kind === "state" && event.id === id) stated(event);
      else if (concerns(event, [id])) later();
    },
    signal,
    [id],
  );

  function stated({ state: word, progress: far }) {
    if (word !== known.state) return renew();
    known.progress = far ?? known.progress;
    return header();
  }

  keys(
    [
      ["c", "compare with others", () => go(`/compare?ids=${encodeURIComponent(id)}`)],
      ["e", "explain", () => go(place("run", id, "/explain"))],
    ],
    signal,
  );
  await drawn;
}

export function part(title, ...content) {
  const anchor = title.toLowerCase().replaceAll(" ", "-");
  return h("section", { id: anchor }, h("h2", {}, title), ...content);
}

/** The recipe, a fold for each of its parts, each choice with what it means; a box finds among them. */
function choices(given) {
  const folds = h("div", { class: "folds" });
  const find = h("input", {
    type: "search",
    placeholder: "Search choices",
    "aria-label": "Search choices",
    oninput: () => draw(),
  });
  const save = h(
    "button",
    {
      type: "button",
      class: "quiet",
      onclick: () =>
        saveCsv(
          "recipe",
          ["field", "value", "meaning"],
          given.map((one) => [one.field, one.value, one.meaning]),
        ),
    },
    "CSV",
  );
  const draw = () => {
    const words = find.value.toLowerCase();
    const wanted = given.filter((one) => `${one.field} ${one.value} ${one.meaning}`.toLowerCase().includes(words));
    const parts = [...new Set(wanted.map((one) => one.field.split(".")[0]))];
    fill(
      folds,
      parts.map((name) => fold(name, given, wanted, Boolean(words))),
    );
  };
  draw();
  return [h("div", { class: "line" }, find, save), folds];
}

function fold(name, given, wanted, open) {
  const whole = given.find((one) => one.field === name);
  const inside = wanted.filter((one) => one.field.startsWith(`${name}.`));
  const face = [
    h("strong", {}, name),
    whole ? h("code", {}, whole.value) : "",
    h("small", {}, whole ? whole.meaning : short(given.filter((one) => one.field.startsWith(`${name}.`)))),
  ];
  if (!inside.length) return h("div", { class: `fold${whole?.varied ? " varied" : ""}` }, face);
  const row = (one) =>
    h(
      "div",
      { class: `choice${one.varied ? " varied" : ""}` },
      h("code", {}, one.field),
      h("code", { class: "value" }, one.value),
      h("span", {}, one.meaning),
    );
  return h(
    "details",
    { class: "fold", open: open || inside.some((one) => one.varied) },
    h("summary", {}, face),
    inside.map(row),
  );
}

const short = (inside) =>
  inside
    .slice(0, 3)
    .map((one) => `${one.field.split(".").slice(1).join(".")} ${one.value}`)
    .join(", ");

const files = (given) =>
  h(
    "ul",
    { class: "files" },
    given.map((one) =>
      h(
        "li",
        {},
        one.url ? h("a", { href: one.url, download: true }, one.name) : one.name,
        " ",
        h("small", {}, bytes(one.size)),
      ),
    ),
  );

/** The log, as far as it has come. */
function logOf(id, signal) {
  const text = h("code");
  const box = h("pre", { class: "log", tabindex: 0, role: "log", "aria-label": "log" }, text);
  const element = h("div", {}, box);
  let after = "";
  return {
    element,
    async more() {
      const { text: added, next } = await get(`runs/${encodeURIComponent(id)}/log`, { after }, signal);
      const below = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
      after = next;
      if (added) text.append(added);
      if (!text.textContent) fill(element, h("p", { class: "muted" }, "Nothing was logged."));
      else if (!box.isConnected) fill(element, box);
      if (below) box.scrollTop = box.scrollHeight;
    },
  };
}
