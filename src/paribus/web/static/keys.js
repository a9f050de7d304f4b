// The keyboard: single keys where nobody types, and a list of them.

import { h } from "./dom.js";

const ALWAYS = [
  ["/", "search"],
  ["g h", "all runs and studies"],
  ["g c", "compare"],
  ["g s", "start"],
  ["g t", "theory"],
  ["g d", "data"],
  ["t", "dark or light"],
  ["?", "these keys"],
];
let own = [];
let before = "";

/** Keys of the page that is shown: [[key, what it does, act], …], until the signal aborts. */
export function keys(given, signal) {
  own = given;
  signal.addEventListener("abort", () => {
    own = own === given ? [] : own;
  });
}

/** Listen for all time; `acts` says what the keys of every page do. */
export function listenForKeys(acts) {
  addEventListener("keydown", (event) => {
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      typing(event.target) ||
      document.querySelector("dialog[open]")
    )
      return;
    const pair = `${before} ${event.key}`;
    before = event.key;
    const act = acts[pair] ?? own.find(([key]) => key === event.key)?.[2] ?? acts[event.key];
    if (!act) return;
    event.preventDefault();
    act(event);
  });
}

const typing = (target) =>
  target.matches?.("input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable]");

/** The list of keys. */
export function showKeys() {
  const row = ([key, text]) =>
    h(
      "div",
      {},
      h(
        "dt",
        {},
        key.split(" ").map((one) => h("kbd", {}, one)),
      ),
      h("dd", {}, text),
    );
  const here = own.length ? [h("h3", {}, "On this page"), h("dl", { class: "pairs" }, own.map(row))] : [];
  dialog("Keys", h("dl", { class: "pairs" }, ALWAYS.map(row)), here);
}

/** A window above the page; closes with Escape. */
export function dialog(title, ...content) {
  const close = h(
    "button",
    { type: "button", class: "quiet", "aria-label": "Close", onclick: () => root.close() },
    "×",
  );
  const root = h("dialog", { "aria-label": title }, h("header", {}, h("h2", {}, title), close), ...content);
  root.addEventListener("close", () => root.remove());
  root.addEventListener("click", (event) => event.target === root && root.close());
  document.body.append(root);
  root.showModal();
  return root;
}
