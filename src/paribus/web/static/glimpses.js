// What a run wrote while it learned, through time: one slider for all of it.

import { chart } from "./chart.js";
import { fill, h } from "./dom.js";

/** `previews`: [{epoch, name, kind, url}] in the order of time; what has no epoch was written at the end. */
export function glimpses(previews) {
  const streams = [...new Set(previews.map(stream))];
  const times = [...new Set(previews.map(when))].sort((one, other) => one - other);
  const shown = h("div", { class: "photos" });
  const told = h("output", {});
  const show = (place) => {
    told.textContent = said(times[place]);
    fill(
      shown,
      streams.map((name) => glimpse(previews.findLast((one) => stream(one) === name && when(one) <= times[place]))),
    );
  };
  const slider = h("input", {
    type: "range",
    min: 0,
    max: times.length - 1,
    step: 1,
    "aria-label": "time",
    oninput: () => show(Number(slider.value)),
  });
  slider.value = times.length - 1;
  show(times.length - 1);
  return h("div", { class: "glimpses" }, times.length > 1 ? h("div", { class: "time" }, slider, told) : "", shown);
}

/** When something was written, as a number; what has no epoch comes last. */
export const when = (one) => one.epoch ?? Infinity;

/** What a glimpse is of: its name without the epoch that it begins with. */
export const stream = (one) => one.name.replace(/^(\d+|final)(?=[.-])/, "");

export const said = (time) => (Number.isFinite(time) ? `epoch ${time}` : "the end");

/** One of them: a picture, a text, or a chart. */
export function glimpse(one) {
  if (!one) return "";
  const text = one.title ?? `${one.name}, ${said(when(one))}`;
  const caption = h("figcaption", {}, text);
  if (one.kind === "chart") {
    const place = h("div");
    const load = async () => fill(place, chart(await (await fetch(one.url)).json()));
    load();
    return h("div", {}, place, h("p", { class: "kind" }, text));
  }
  if (one.kind === "text") {
    const words = h("code");
    const load = async () => (words.textContent = await (await fetch(one.url)).text());
    load();
    return h("figure", {}, h("pre", { tabindex: 0 }, words), caption);
  }
  return h("figure", {}, h("img", { src: one.url, alt: text, loading: "lazy" }), caption);
}
