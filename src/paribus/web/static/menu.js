// A button that opens a few choices.

import { h, unique } from "./dom.js";

/** A small menu: [[text, act], …]. Closes on a choice, on Escape, and when the focus leaves it. */
export function menu(name, choices, face = "⋯") {
  const id = unique("menu");
  const list = h("div", { id, class: "choices", role: "menu", hidden: true });
  const button = h(
    "button",
    {
      type: "button",
      class: "quiet",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-controls": id,
      "aria-label": name,
      title: name,
    },
    face,
  );
  const root = h("span", { class: "menu" }, button, list);
  const open = (yes) => {
    list.hidden = !yes;
    button.setAttribute("aria-expanded", String(yes));
    if (yes) list.firstElementChild?.focus();
  };
  list.append(
    ...choices.map(([text, act]) =>
      h("button", { type: "button", role: "menuitem", onclick: () => (open(false), button.focus(), act()) }, text),
    ),
  );
  button.addEventListener("click", () => open(list.hidden));
  root.addEventListener("focusout", (event) => !root.contains(event.relatedTarget) && open(false));
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      open(false);
      button.focus();
    }
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!move || list.hidden) return;
    event.preventDefault();
    const items = [...list.children];
    items[(items.indexOf(document.activeElement) + move + items.length) % items.length].focus();
  });
  return root;
}
