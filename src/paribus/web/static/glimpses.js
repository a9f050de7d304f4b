// What a run wrote while it learned, through time: one slider for all of it.

import { fill, h } from "./dom.js";

/** `previews`: [{epoch, name, kind, url}] in the order of time. */
export function glimpses(previews) {
  const names = [...new Set(previews.map((one) => one.name))];
  const times = [...new Set(previews.map((one) => one.epoch))].sort((one, other) => one - other);
  const shown = h("div", { class: "photos" });
  const told = h("output", {});
  const show = (place) => {
    told.textContent = `epoch ${times[place]}`;
    fill(shown, names.map((name) => glimpse(previews.findLast((one) => one.name === name && one.epoch <= times[place]))));
  };
  const slider = h("input", { type: "range", min: 0, max: times.length - 1, step: 1, "aria-label": "epoch", oninput: () => show(Number(slider.value)) });
  slider.value = times.length - 1;
  show(times.length - 1);
  return h("div", { class: "glimpses" }, times.length > 1 ? h("div", { class: "time" }, slider, told) : "", shown);
}

/** One of them: a picture, or a text. */
export function glimpse(one) {
  if (!one) return "";
  const caption = h("figcaption", {}, `${one.name}, epoch ${one.epoch}`);
  if (one.kind === "text") {
    const text = h("code");
    const load = async () => (text.textContent = await (await fetch(one.url)).text());
    load();
    return h("figure", {}, h("pre", { tabindex: 0 }, text), caption);
  }
  return h("figure", {}, h("img", { src: one.url, alt: `${one.name}, epoch ${one.epoch}`, loading: "lazy" }), caption);
}
