// What a trained run, or the arms of a study, have learned: analyses asked with options, examples that are drawn, and
// predictions on a dropped file.

import { get, upload } from "../api.js";
import { fill, h } from "../dom.js";
import { code, page } from "../page.js";
import { field, link, problem } from "../parts.js";
import { patient } from "../patient.js";
import { place, query, remember } from "../router.js";

export default async function explain(into, { id, what, signal }) {
  const kind = location.pathname.startsWith("/studies/") ? "study" : "run";
  const path = kind === "study" ? `studies/${encodeURIComponent(id)}/explain` : `explain/${encodeURIComponent(id)}`;
  fill(into, h("h1", {}, "What has it learned?"), h("p", { class: "working" }, "Starting what reads networks …"));
  const { title, analyses, predict, why } = await get(path, {}, signal);
  document.title = `Explain ${title} · paribus`;
  const list = h("nav", { class: "side", "aria-label": "Analyses" });
  const shown = h("div", { class: "answer" });
  const entry = (key, text, about) =>
    h(
      "a",
      { href: place(kind, id, `/explain/${key}`), "aria-current": key === what ? "page" : null },
      h("strong", {}, text),
      h("small", {}, about),
    );
  fill(
    list,
    predict ? entry("predict", "Predict", predict.about) : "",
    analyses.map((one) => entry(one.what, one.title ?? one.what, one.about)),
  );
  fill(
    into,
    h(
      "header",
      { class: "top" },
      h("p", { class: "kind" }, "Explain ", link(place(kind, id), title)),
      h("h1", {}, "What has it learned?"),
    ),
    h("div", { class: "sided" }, list, shown),
  );
  const chosen = analyses.find((one) => one.what === what);
  if (!what)
    return fill(
      shown,
      h(
        "p",
        { class: "muted" },
        analyses.length || predict ? "Choose a question." : why || `There is no analysis for a ${kind} of this kind.`,
      ),
    );
  if (what === "predict" && predict)
    return fill(
      shown,
      dropping(predict, (file) => upload(`${path}/predict`, file)),
    );
  if (!chosen)
    return fill(
      shown,
      problem({ message: `there is no such analysis of this ${kind}`, got: what, hint: "choose one of the list" }),
    );
  return asking(chosen);

  async function asking(one) {
    const given = query();
    const answer = h("div", { "aria-live": "polite" });
    const form = h(
      "form",
      { class: "options", onsubmit: (event) => (event.preventDefault(), ask()) },
      (one.options ?? []).map((option) => optional(option, given)),
      h("button", { class: "main" }, one.ready ? "Show" : "Compute"),
    );
    fill(shown, h("h2", {}, one.title ?? one.what), h("p", {}, one.about), form, answer);
    if (one.ready) await ask();

    async function ask() {
      const options = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
      remember({ ...Object.fromEntries((one.options ?? []).map((option) => [option.path, ""])), ...options });
      fill(answer, h("p", { class: "working" }, "Computing …"));
      try {
        const found = await patient(`${path}/${encodeURIComponent(one.what)}`, options, signal);
        fill(answer, page(found.page, 2), h("h3", {}, "Command"), code(found.command));
      } catch (error) {
        if (!signal.aborted) fill(answer, problem(error));
      }
    }
  }
}

function optional(option, given) {
  const value = given[option.path] ?? "";
  const face = option.default === null || option.default === undefined ? "" : String(option.default);
  const title = option.about || null;
  const choices = option.kind === "bool" ? ["true", "false"] : option.choices;
  if (choices?.length)
    return field(
      option.path,
      h(
        "select",
        { name: option.path, title },
        option.must ? "" : h("option", { value: "" }, face || "all"),
        choices.map((one) => h("option", { value: one, selected: String(one) === value }, String(one))),
      ),
    );
  return field(option.path, h("input", { name: option.path, value, placeholder: face, title, autocomplete: "off" }));
}

/** A place to drop a file, and what the network says of it. */
function dropping({ accepts, about }, send) {
  const answer = h("div", { "aria-live": "polite" });
  const input = h("input", {
    type: "file",
    accept: accepts,
    "aria-label": "File",
    onchange: () => input.files[0] && say(input.files[0]),
  });
  const zone = h("label", { class: "drop" }, h("strong", {}, "Drop a file here"), h("span", {}, about), input);
  zone.addEventListener("dragover", (event) => (event.preventDefault(), zone.classList.add("over")));
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (event.dataTransfer.files[0]) say(event.dataTransfer.files[0]);
  });
  const say = async (file) => {
    fill(answer, h("p", { class: "working" }, "Looking …"));
    fill(answer, await send(file).then(({ page: told }) => page(told, 2), problem));
  };
  return [h("h2", {}, "Predict"), zone, answer];
}
