// The page as a whole: the bar on top, which page an address is, and what all pages share.

import { get } from "./api.js";
import { fill, h } from "./dom.js";
import { listen } from "./events.js";
import { listenForKeys, showKeys } from "./keys.js";
import { problem } from "./parts.js";
import { go, match } from "./router.js";

const PAGES = [
  ["/", "home"],
  ["/runs/:id", "run"],
  ["/runs/:id/explain/:what?", "explain"],
  ["/studies/:id", "study"],
  ["/studies/:id/explain/:what?", "explain"],
  ["/searches/:id", "study"],
  ["/compare", "compare"],
  ["/start", "start"],
  ["/theory/:what?", "theory"],
  ["/data/:name?", "data"],
  ["/places/:id", "place"],
];
const LINKS = [
  ["/", "Runs"],
  ["/compare", "Compare"],
  ["/start", "Start"],
  ["/theory", "Theory"],
  ["/data", "Data"],
];
const main = document.getElementById("main");
let leaving = new AbortController();
let shownPath = "";

/** Show the page of the address. */
async function show() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  shownPath = location.pathname;
  const [name, values] = found();
  mark();
  main.setAttribute("aria-busy", "true");
  const waiting = setTimeout(
    () => signal.aborted || main.children.length || fill(main, h("p", { class: "working" }, "One moment …")),
    400,
  );
  const longer = setTimeout(() => signal.aborted || starting(), 2500);
  try {
    const module = name ? await import(`./pages/${name}.js`) : { default: missing };
    if (signal.aborted) return;
    fill(main);
    main.className = name ?? "";
    await module.default(main, { ...values, signal });
  } catch (error) {
    const title = h("h1", { class: "unseen" }, "This cannot be shown");
    const back = h("p", {}, h("a", { href: "/" }, "To all runs and studies"));
    if (!signal.aborted) fill(main, title, problem(error), back);
  }
  clearTimeout(waiting);
  clearTimeout(longer);
  if (signal.aborted) return;
  main.removeAttribute("aria-busy");
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

/** What is said while the processes that read runs and networks start. */
function starting() {
  const text = "Starting: the first answer takes longest, since what reads runs and networks is loaded for it.";
  main.querySelector(".working")?.after(h("p", { class: "muted" }, text));
}

function found() {
  for (const [pattern, name] of PAGES) {
    const values = match(pattern, location.pathname);
    if (values) return [name, values];
  }
  return [null, {}];
}

function missing(into) {
  document.title = "paribus";
  fill(into, h("h1", {}, "There is no such page"), h("p", {}, h("a", { href: "/" }, "To all runs and studies")));
}

function bar() {
  const here = h("span", { class: "folder" });
  const live = h("span", { class: "live", title: "not connected", role: "img", "aria-label": "not connected" });
  const links = LINKS.map(([href, text]) => h("a", { href }, text));
  const search = h("input", {
    type: "search",
    id: "search",
    placeholder: "Search: words, optimizer.lr<0.1",
    "aria-label": "Search runs and studies",
    autocomplete: "off",
    spellcheck: "false",
  });
  search.addEventListener("keydown", (event) => event.key === "Escape" && search.blur());
  const seek = h("form", { role: "search" }, search, h("kbd", { "aria-hidden": "true" }, "/"));
  seek.addEventListener("submit", (event) => {
    event.preventDefault();
    if (location.pathname !== "/") go(`/?q=${encodeURIComponent(search.value)}`);
  });
  const theme = h(
    "button",
    {
      type: "button",
      class: "quiet",
      id: "theme",
      "aria-label": "Dark or light",
      title: "Dark or light",
      onclick: turn,
    },
    "◐",
  );
  const help = h(
    "button",
    { type: "button", class: "quiet", "aria-label": "Keys", title: "Keys", onclick: showKeys },
    "?",
  );
  fill(
    document.getElementById("bar"),
    h(
      "a",
      { href: "/", class: "brand" },
      h("img", { src: "/static/icon.svg", alt: "", width: 22, height: 22 }),
      "paribus",
    ),
    h("nav", { "aria-label": "Pages" }, links),
    seek,
    here,
    live,
    theme,
    help,
  );
  listen((event) => {
    if (event.kind !== "live") return;
    live.classList.toggle("on", event.live);
    live.title = event.live ? "live: changes are shown as they happen" : "the server does not answer";
    live.setAttribute("aria-label", live.title);
  }, new AbortController().signal);
  get("me").then(
    ({ folder, version, read_only }) => {
      fill(here, h("bdi", {}, folder), read_only ? h("em", {}, "read only") : "");
      here.title = `paribus ${version}, ${folder}`;
      document.documentElement.dataset.readOnly = String(Boolean(read_only));
    },
    () => null,
  );
}

/** Mark where we are in the bar. */
function mark() {
  for (const one of document.querySelectorAll("#bar nav a")) {
    const path = one.getAttribute("href");
    const within = { "/": /^\/($|runs|studies|searches)/, "/data": /^\/(data|places)/ }[path];
    const here = within ? within.test(location.pathname) : location.pathname.startsWith(path);
    if (here) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
}

/** The other theme; kept in this browser. */
function turn() {
  const night = document.getElementById("night");
  const dark =
    night.media === "screen" || (night.media !== "not all" && matchMedia("(prefers-color-scheme: dark)").matches);
  night.media = dark ? "not all" : "screen";
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("paribus.theme", dark ? "light" : "dark");
  requestAnimationFrame(() => dispatchEvent(new CustomEvent("paribus:theme")));
}

/** Links within this server do not load the page again. */
function follow(event) {
  const link = event.target.closest?.("a[href]");
  if (
    !link ||
    event.defaultPrevented ||
    event.button ||
    event.ctrlKey ||
    event.metaKey ||
    event.shiftKey ||
    link.target ||
    link.hasAttribute("download")
  )
    return;
  const to = new URL(link.href);
  if (to.origin !== location.origin || /^\/(api|static)\//.test(to.pathname)) return;
  if (to.pathname === location.pathname && to.search === location.search && to.hash) return;
  event.preventDefault();
  go(to.pathname + to.search + to.hash);
}

bar();
document.addEventListener("click", follow);
addEventListener("paribus:go", () => (scrollTo(0, 0), show().then(() => main.focus({ preventScroll: true }))));
addEventListener("popstate", () => (location.pathname !== shownPath || !location.hash) && show());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
  dispatchEvent(new CustomEvent("paribus:theme")),
);
listenForKeys({
  "/": () => document.getElementById("search").focus(),
  "?": showKeys,
  t: turn,
  "g h": () => go("/"),
  "g c": () => go("/compare"),
  "g s": () => go("/start"),
  "g t": () => go("/theory"),
  "g d": () => go("/data"),
});
show();
