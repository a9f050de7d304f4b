// A folder or a table of one's own: what a look into it finds, before anything is trained.

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { code, page } from "../page.js";
import { button, link, problem } from "../parts.js";
import { patient } from "../patient.js";

const RECIPES = { folder: "folder/cnn", masks: "masks/unet", table: "table/mlp" };

export default async function place(into, { id, signal }) {
  const path = `places/${encodeURIComponent(id)}`;
  const { places } = await get("places", {}, signal);
  const known = places.find((one) => one.id === id);
  if (!known)
    return fill(
      into,
      h("h1", {}, "This place is not known"),
      problem({ message: "no such folder or table is known to the page", hint: "open it by its path" }),
      h("p", {}, link("/data", "To the data")),
    );
  document.title = `${known.path} · paribus`;
  const answer = h("div", { "aria-live": "polite" });
  const copies = h("input", { type: "checkbox", onchange: () => look() });
  const said = h("div");
  const again = button("Look again", () => look(Date.now()));
  const start = new URLSearchParams({ recipe: RECIPES[known.kind], set: JSON.stringify({ "data.path": known.path }) });
  fill(
    into,
    h(
      "header",
      { class: "top" },
      h("p", { class: "kind" }, link("/data", "Data"), ` · ${known.origin}`),
      h("h1", {}, known.path),
      h(
        "div",
        { class: "line" },
        known.kind === "folder" ? h("label", {}, copies, " also look for near copies") : "",
        h("span", { class: "grow" }),
        h("span", { class: "actions" }, again, link(`/start?${start}`, "Train on it")),
      ),
    ),
    answer,
    h("section", {}, h("h2", {}, "Command"), h("p", {}, "The same on the command line:"), said),
  );
  await look();

  async function look(moment = "") {
    fill(said, code(`${known.command}${copies.checked ? " --duplicates" : ""}`));
    fill(answer, h("p", { class: "working" }, "Opening every file …"));
    const asked = { duplicates: copies.checked || "", again: moment };
    const found = await patient(path, asked, signal).catch((error) => error);
    if (!signal.aborted) fill(answer, found instanceof Error ? problem(found) : page(found.page, 0));
  }
}
