// The sets: where they lie, their classes with examples, and what a look into a folder of pictures found.

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { bytes, grouped } from "../format.js";
import { page } from "../page.js";
import { link, problem } from "../parts.js";
import { pairs } from "../tables.js";

export default async function data(into, { name, signal }) {
  if (name) return one(into, name, signal);
  document.title = "Data · paribus";
  const { sets } = await get("data", {}, signal);
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
    find,
    shown,
  );
}

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
      set.present ? (set.place ? h("code", {}, set.place) : "always there") : h("em", {}, "not on this machine"),
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
    known.scan?.length
      ? h(
          "section",
          {},
          h("h2", {}, "What the folder holds"),
          [].concat(known.scan).map((text) => h("p", {}, text)),
        )
      : "",
    known.classes?.length
      ? h("section", {}, h("h2", {}, "Classes"), h("ul", { class: "classes" }, known.classes.map(row)))
      : "",
    known.page ? page(known.page, 2) : "",
  );
}
