// The sets: where they lie, their classes with examples, and what a look into a folder of pictures found.

import { get, post } from "../api.js";
import { fill, h } from "../dom.js";
import { bytes, grouped } from "../format.js";
import { page } from "../page.js";
import { button, field, link, problem } from "../parts.js";
import { go } from "../router.js";
import { pairs } from "../tables.js";

export default async function data(into, { name, signal }) {
  if (name) return one(into, name, signal);
  document.title = "Data · paribus";
  const [{ sets }, { places }] = await Promise.all([get("data", {}, signal), get("places", {}, signal)]);
  const shown = h("div", { class: "sets" });
  const find = h("input", {
    type: "search",
    placeholder: "Search sets",
    "aria-label": "Search sets",
    oninput: () => draw(),
  });
  const draw = () => {
    const wanted = sets.filter((set) =>
      `${set.name} ${set.about} ${set.task}`.toLowerCase().includes(find.value.toLowerCase()),
    );
    fill(shown, wanted.length ? wanted.map(entry) : h("p", { class: "muted" }, "No set is like this."));
  };
  draw();
  return fill(
    into,
    h("header", { class: "top" }, h("p", { class: "kind" }, "Data"), h("h1", {}, "What can be learned from")),
    own(places),
    h("section", {}, h("h2", {}, "Sets that paribus reads"), find, shown),
  );
}

/** Folders and tables of one's own: those that are known, and a box for the path of another. */
function own(places) {
  const face = { name: "path", placeholder: "my_pictures, or patients.csv", "aria-label": "Folder or table" };
  const path = h("input", face);
  const beside = ["labels", "group", "masks", "target"].map((name) =>
    field(name, h("input", { name, title: MEANT[name], placeholder: MEANT[name] })),
  );
  const form = h("form", { class: "options", onsubmit: (event) => (event.preventDefault(), open.click()) });
  const open = button(
    "Look into it",
    async () => {
      const { id } = await post("places", Object.fromEntries(new FormData(form)));
      go(`/places/${encodeURIComponent(id)}`);
    },
    "main",
  );
  const more = h("details", {}, h("summary", {}, "More"), h("div", { class: "options" }, beside));
  fill(form, field("path", path), open, more);
  const known = places.map((one) =>
    h(
      "li",
      {},
      link(`/places/${encodeURIComponent(one.id)}`, one.path),
      " ",
      h("small", {}, `${one.kind}, ${one.origin}`),
    ),
  );
  return h(
    "section",
    { class: "own" },
    h("h2", {}, "Folders and tables of your own"),
    h("p", {}, "What is in them, what cannot be read, and what is there twice, before anything is trained."),
    form,
    known.length ? h("ul", {}, known) : "",
  );
}

const MEANT = {
  labels: "a CSV file with path, label, split",
  group: "a CSV column, or a pattern (\\d+)",
  masks: "the folder of the masks in it",
  target: "of a table: the column to predict",
};

const ABSENT = { "your own": "a folder or a file that you name", other: "not on this machine" };

const entry = (set) =>
  h(
    "article",
    { class: set.present ? "set" : "set absent" },
    h("h2", {}, link(`/data/${encodeURIComponent(set.name)}`, set.name)),
    h("p", {}, set.about),
    h(
      "p",
      { class: "muted" },
      [
        set.examples ? `${grouped(set.examples)} examples` : "",
        set.classes ? `${set.classes} classes` : "",
        set.bytes ? bytes(set.bytes) : "",
        set.origin,
      ]
        .filter(Boolean)
        .join(" · "),
    ),
    h(
      "p",
      { class: "place" },
      set.present && set.place ? h("code", {}, set.place) : "",
      set.present && !set.place ? "always there" : "",
      set.present ? "" : h("em", {}, ABSENT[set.origin] ?? ABSENT.other),
    ),
  );

async function one(into, name, signal) {
  document.title = `${name} · paribus`;
  const known = await get(`data/${encodeURIComponent(name)}`, {}, signal);
  const most = Math.max(1, ...(known.classes ?? []).map((each) => each.count ?? 0));
  const row = (each) =>
    h(
      "li",
      {},
      h("span", { class: "name" }, each.name),
      Number.isFinite(each.count)
        ? h(
            "span",
            { class: "count" },
            h("meter", {
              min: 0,
              max: most,
              value: each.count,
              "aria-label": `${each.count} examples of ${each.name}`,
            }),
            grouped(each.count),
          )
        : "",
      h(
        "span",
        { class: "pictures" },
        (each.examples ?? []).map((url, place) =>
          h("img", { src: url, alt: `${each.name}, example ${place + 1}`, loading: "lazy" }),
        ),
      ),
    );
  fill(
    into,
    h(
      "header",
      { class: "top" },
      h("p", { class: "kind" }, link("/data", "Data")),
      h("h1", {}, known.name),
      h("p", {}, known.about),
    ),
    known.problem ? problem(known.problem) : "",
    known.facts?.length ? pairs(known.facts.filter(([, text]) => text && text !== "–")) : "",
    known.classes?.length
      ? h("section", {}, h("h2", {}, "Classes"), h("ul", { class: "classes" }, known.classes.map(row)))
      : "",
    known.page ? page(known.page, 2) : "",
  );
}
