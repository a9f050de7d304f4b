// A study or a search: the question, what the evidence says so far, and the runs it rests on.

import { get, post } from "../api.js";
import { fill, h, paced } from "../dom.js";
import { concerns, listen } from "../events.js";
import { keys, dialog } from "../keys.js";
import { answers, code, contents, section, warnings } from "../page.js";
import { button, field, link, problem, progress, say, state } from "../parts.js";
import { go, place } from "../router.js";
import { part } from "./run.js";

const PAUSE = 3000; // milliseconds between looks at a study that trains
const AGAIN = 1000; // milliseconds between questions for a study that has not begun
const AT_WORK = { waiting: "It waits for its turn.", running: "A process of its own is at work on it." };

export default async function study(into, { id, signal }) {
  const kind = location.pathname.startsWith("/searches/") ? "search" : "study";
  const path = `${kind === "search" ? "searches" : "studies"}/${encodeURIComponent(id)}`;
  let known = await begun(into, id, () => get(path, {}, signal), signal);
  document.title = `${known.name} · paribus`;
  const top = h("header", { class: "top" });
  const going = h("div", { class: "going" });
  const body = h("div", { class: "body" });
  fill(into, top, going, body);
  draw();

  function draw() {
    header();
    progressing();
    const { page } = known;
    const sections = page ? page.sections : [];
    fill(
      body,
      contents(sections),
      page ? warnings(page.warnings) : "",
      sections.map(section),
      known.command ? part("Command", h("p", {}, "The same on the command line:"), code(known.command)) : "",
    );
  }

  function header() {
    const { page } = known;
    fill(
      top,
      h("p", { class: "kind" }, `${kind === "search" ? "Search" : "Study"} · ${known.name}`),
      h("h1", {}, page?.question || known.question || known.name),
      h(
        "div",
        { class: "line" },
        state(known.state),
        known.unplanned
          ? h(
              "span",
              { class: "look", title: "A look at evidence that is not complete, when no look was planned." },
              "unplanned look",
            )
          : "",
        h("span", { class: "grow" }),
        actions(),
      ),
      known.unplanned
        ? h(
            "p",
            { class: "looked" },
            known.unplanned_text || "This is a look at unfinished evidence that was not planned. It is written down.",
          )
        : "",
      page?.why ? h("p", { class: "why" }, page.why) : "",
      page?.answers?.length ? h("div", { class: "verdicts" }, answers(page.answers)) : "",
      page?.summary ? h("p", {}, page.summary) : "",
      known.problem ? problem(typeof known.problem === "string" ? { message: known.problem } : known.problem) : "",
    );
  }

  function actions() {
    const { actions: can = {} } = known;
    const act = (what, text) => async () => {
      await post(`${path}/${what}`);
      say(text);
      await again();
    };
    const ids = (known.runs ?? []).map((run) => run.id);
    return h(
      "span",
      { class: "actions" },
      can.stop ? button("Stop", act("stop", "Its runs stop at their next step, and keep checkpoints."), "danger") : "",
      can.resume ? button("Go on", act("resume", "It goes on where it stopped."), "main") : "",
      can.seeds ? button("Add seeds", more, can.resume || can.stop ? "" : "main") : "",
      known.report
        ? h("a", { href: known.report, class: "button", target: "_blank", rel: "noopener" }, "Report")
        : button("Write report", act("report", "The report is written into the study's folder.")),
      known.confirmed ? link(place("study", known.confirmed.id), "Confirmed") : "",
      ids.length ? link(`/compare?ids=${encodeURIComponent(id)}`, "Compare runs") : "",
      kind === "study" && known.runs?.some((run) => run.state === "finished")
        ? link(place("study", id, "/explain"), "Explain")
        : "",
    );
  }

  /** How many seeds more; each is trained in every arm. */
  function more() {
    const input = h("input", { type: "number", min: 1, max: 1000, value: 2, required: true });
    const start = async () => {
      await post(`${path}/seeds`, { count: Number(input.value) });
      root.close();
      say(`${input.value} seeds more for every arm are being trained.`);
      await again();
    };
    const arms = new Set((known.runs ?? []).map((run) => run.arm)).size;
    const said = h("p", { class: "muted" });
    const tell = () =>
      (said.textContent = `${Number(input.value) * arms} more trainings: ${input.value} in each of ${arms} arms.`);
    input.addEventListener("input", tell);
    tell();
    const root = dialog(
      "Add seeds",
      h(
        "p",
        {},
        "More seeds narrow the intervals. Every arm is trained with each of them, so that differences stay paired.",
      ),
      field("seeds more", input),
      said,
      h("div", {}, button("Train them", start, "main")),
    );
    input.focus();
  }

  /** Arms × seeds, a square for every run. */
  function progressing() {
    const runs = known.runs ?? [];
    const unfinished = known.progress && known.progress.done < known.progress.of;
    const arms = [...new Set(runs.map((run) => run.arm))];
    const square = (run) =>
      h(run.id ? "a" : "span", {
        href: run.id ? place("run", run.id) : null,
        role: run.id ? null : "img",
        class: `square ${run.state}`,
        title: `${run.arm}, seed ${run.seed}: ${run.state}`,
        "aria-label": `${run.arm}, seed ${run.seed}: ${run.state}`,
      });
    const rows = arms.map((arm) =>
      h(
        "div",
        { class: "arm" },
        h("span", {}, arm),
        h("span", { class: "squares" }, runs.filter((run) => run.arm === arm).map(square)),
      ),
    );
    const begins = known.at_work && !runs.some((run) => run.state === "running");
    fill(
      going,
      begins ? h("p", { class: "working" }, AT_WORK[known.at_work]) : "",
      unfinished ? h("div", { class: "line" }, progress({ unit: "run", ...known.progress })) : "",
      runs.length
        ? h(
            "details",
            { class: "runs", open: unfinished || runs.length <= 60 },
            h("summary", {}, "Runs"),
            h("div", { class: "arms" }, rows),
          )
        : "",
    );
  }

  async function again() {
    const open = going.querySelector("details")?.open;
    const fresh = await get(path, {}, signal);
    const same = JSON.stringify(fresh.page) === JSON.stringify(known.page);
    known = fresh;
    header();
    progressing();
    if (known.at_work) later();
    if (open !== undefined && going.querySelector("details")) going.querySelector("details").open = open;
    if (!same) draw();
  }

  const later = paced(
    PAUSE,
    () => signal.aborted || again().catch((error) => signal.aborted || fill(going, problem(error))),
  );
  if (known.at_work) later();
  listen(
    (event) => event.kind !== "rows" && concerns(event, [id, ...(known.runs ?? []).map((run) => run.id)]) && later(),
    signal,
  );
  const explained = kind === "study" ? [["e", "explain", () => go(place("study", id, "/explain"))]] : [];
  keys([["c", "compare the runs", () => go(`/compare?ids=${encodeURIComponent(id)}`)], ...explained], signal);
}

/** The answer about a study; one that stands in the queue is waited for until its process has made its folder. */
async function begun(into, id, ask, signal) {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (error.status !== 404) throw error;
      const { jobs } = await get("queue", {}, signal);
      const job = jobs.find((one) => one.study === id && ["waiting", "running"].includes(one.state));
      if (!job) throw error;
      fill(
        into,
        h("h1", {}, job.name),
        h("p", { class: "working" }, AT_WORK[job.state]),
      );
      await new Promise((done) => setTimeout(done, AGAIN));
      signal.throwIfAborted();
    }
  }
}
