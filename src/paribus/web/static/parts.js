// Pieces that several pages show.

import { fill, h } from "./dom.js";
import { duration } from "./format.js";

/** A problem as one block: what, what was received, what to do next. */
export function problem(error) {
  return h(
    "div",
    { class: "problem", role: "alert" },
    h("strong", {}, error.message),
    error.got ? h("p", {}, "received: ", h("code", {}, error.got)) : "",
    error.hint ? h("p", {}, error.hint) : "",
  );
}

/** The state of a run, by a word and a colour. */
export const state = (word) => h("span", { class: `state ${word}` }, word);

/** How far something is, with the time that is left. */
export function progress(given) {
  if (!given?.of) return "";
  const share = Math.min(1, (given.done + (given.share ?? 0)) / given.of);
  const left =
    Number.isFinite(given.left_seconds) && given.left_seconds !== null ? `, ${duration(given.left_seconds)} left` : "";
  const text = `${given.done} of ${given.of}${given.unit ? ` ${given.unit}s` : ""}${left}`;
  return h(
    "span",
    { class: "progress" },
    h("progress", { max: given.of, value: share * given.of, "aria-label": text }),
    h("small", {}, text),
  );
}

/** A link within the page. */
export const link = (href, ...content) => h("a", { href }, ...content);

/** A button that does something slow: it cannot be pressed twice, and says what went wrong below itself. */
export function button(text, act, kind = "") {
  const element = h("button", { type: "button", class: kind }, text);
  element.addEventListener("click", async () => {
    element.disabled = true;
    element.parentElement.querySelector(".problem")?.remove();
    try {
      await act();
    } catch (error) {
      element.parentElement.append(problem(error));
    } finally {
      element.disabled = false;
    }
  });
  return element;
}

/** Say something to everybody: at the edge of the page, and to screen readers. */
export function say(text) {
  const place = document.getElementById("said");
  fill(place, h("span", {}, text));
  clearTimeout(say.timer);
  say.timer = setTimeout(() => fill(place), 6000);
}

/** A field with its label before it. */
export const field = (label, input, ...more) => h("label", { class: "field" }, h("span", {}, label), input, ...more);

/** A choice between few words. */
export function choice(name, options, chosen, act) {
  const select = h(
    "select",
    { "aria-label": name, onchange: () => act(select.value) },
    options.map(([value, text]) => h("option", { value, selected: value === chosen }, text)),
  );
  return select;
}

/** Buttons of which one is pressed. */
export function segments(name, options, chosen, act) {
  const root = h("div", { class: "segments", role: "group", "aria-label": name });
  const press = (value) => {
    for (const one of root.children) one.setAttribute("aria-pressed", String(one.dataset.value === value));
  };
  root.append(
    ...options.map(([value, text]) =>
      h(
        "button",
        {
          type: "button",
          dataset: { value },
          "aria-pressed": String(value === chosen),
          onclick: () => (press(value), act(value)),
        },
        text,
      ),
    ),
  );
  return root;
}

/** A button that is on or off. */
export function toggle(text, on, act) {
  const element = h("button", { type: "button", class: "toggle", "aria-pressed": String(on) }, text);
  element.addEventListener("click", () => {
    const now = element.getAttribute("aria-pressed") !== "true";
    element.setAttribute("aria-pressed", String(now));
    act(now);
  });
  return element;
}
