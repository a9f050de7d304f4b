// Elements are made here and nowhere else. Texts become text nodes: a name that looks like markup stays a name.

const SVG = "http://www.w3.org/2000/svg";

/** An element: `on…` listens, `style` and `dataset` take objects; true is an empty attribute, null and false none. */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** An element of a drawing. */
export function s(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  element.append(...children.flat(Infinity).filter(shown));
  return element;
}

const shown = (child) => child !== null && child !== undefined && child !== false && child !== "";

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "style") for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one);
  else if (name === "dataset") Object.assign(element.dataset, value);
  else if (name === "value") element.value = value;
  else element.setAttribute(name, value === true ? "" : value);
}

/** The element with other children. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter(shown));
  return element;
}

/** A number, counted on from call to call, for ids that tie elements together. */
export const unique = (
  (count) => (name) =>
    `${name}-${++count}`
)(0);

/** HTML that the server's own templates made, as nodes: without scripts and listeners; styles go through the CSSOM. */
export function fragment(html) {
  const renamed = html.replace(/<[a-z][^<>]*>/gi, harmless); // the policy complains of what it refuses, even unused
  const parsed = new DOMParser().parseFromString(renamed, "text/html");
  for (const node of parsed.querySelectorAll("script, style, link, iframe, object, embed")) node.remove();
  for (const node of parsed.body.querySelectorAll("*")) tame(node);
  const nodes = [...parsed.body.childNodes].map((node) => document.importNode(node, true));
  const inside = nodes.flatMap((node) =>
    node.querySelectorAll ? [node, ...node.querySelectorAll("[data-style]")] : [],
  );
  for (const node of inside) dress(node);
  return nodes;
}

function harmless(tag) {
  return tag.replace(/\sstyle=/i, " data-style=").replace(/\son[a-z]+\s*=/gi, " data-off=");
}

function tame(node) {
  for (const { name, value } of [...node.attributes]) {
    if (name.startsWith("on") || name === "data-off" || /^\s*javascript:/i.test(value)) node.removeAttribute(name);
  }
}

function dress(node) {
  if (!node.dataset?.style) return;
  node.style.cssText = node.dataset.style;
  delete node.dataset.style;
}

/** Call once with the last of many calls, after a pause. */
export function settled(milliseconds, act) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(act, milliseconds, ...given);
  };
}

/** Call soon, and then at most once in a while, however often it is asked for. */
export function paced(milliseconds, act) {
  let timer = null;
  let last = 0;
  return () => {
    timer ??= setTimeout(
      () => {
        timer = null;
        last = Date.now();
        act();
      },
      Math.max(50, last + milliseconds - Date.now()),
    );
  };
}
