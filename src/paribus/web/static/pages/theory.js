// The mathematics behind it: derivations, layers, networks by hand, optimizers on surfaces; answered when typing stops.

import { get } from "../api.js";
import { fill, fragment, h, settled } from "../dom.js";
import { code, page } from "../page.js";
import { field, problem } from "../parts.js";
import { query, remember } from "../router.js";

const PAUSE = 350; // milliseconds without a key until something is asked
const BOXES = {
  derive: {
    title: "Derive",
    about: "Type a function as in NumPy, LaTeX or print; every step of its derivative is shown, and checked.",
    fields: [
      ["text", "function", "sum((W @ x - y)**2)"],
      ["wrt", "with respect to", "W"],
      ["shapes", "shapes", ""],
      ["symmetric", "symmetric", ""],
      [
        "hessian",
        "of",
        "",
        [
          ["", "gradient"],
          ["1", "Hessian"],
        ],
      ],
    ],
    examples: [
      ["least squares", { text: "sum((W @ x - y)**2)", wrt: "W" }],
      ["quadratic form", { text: "x.T @ A @ x", wrt: "x", shapes: "A=n,n; x=n" }],
      ["softmax and cross-entropy", { text: "-sum(t * log(softmax(z)))", wrt: "z" }],
      ["logistic", { text: "log(1 + exp(-y * (w @ x)))", wrt: "w" }],
    ],
  },
  layers: {
    title: "Layers",
    about: "What the layers of a network give, hold and cost: sizes, parameters, multiplications, receptive fields.",
    fields: [
      ["text", "layers", "conv 64 k3 s2, bn, relu, pool 2"],
      ["input", "input", "3,32,32"],
    ],
    examples: [
      [
        "a small CNN",
        {
          text: "conv 32 k3 p1, bn, relu, pool 2, conv 64 k3 p1, bn, relu, pool 2, flatten, linear 10",
          input: "3,32,32",
        },
      ],
      ["a perceptron", { text: "flatten, linear 128, relu, linear 10", input: "1,28,28" }],
    ],
  },
  networks: {
    title: "Networks",
    about: "Backpropagation by hand: a network such as 2-3-1, or one layer, number by number.",
    fields: [
      ["name", "network or layer", "2-2-1"],
      ["hidden", "hidden", ""],
      ["output", "output", ""],
      ["loss", "loss", ""],
      ["seed", "seed", ""],
    ],
    examples: [["2-2-1", { name: "2-2-1" }]],
  },
  arena: {
    title: "Arena",
    about: "Optimizers on test surfaces: their paths, their best learning rates, and what they need.",
    fields: [
      ["surface", "surface", "rosenbrock"],
      ["function", "or a function of x, y", ""],
      ["optimizers", "optimizers", "sgd,momentum,adam"],
      ["steps", "steps", ""],
      ["start", "start at", ""],
      ["lr", "learning rate", ""],
      [
        "what",
        "asked",
        "",
        [
          ["", "a race"],
          ["stationary", "stationary points"],
          ["convexity", "convexity"],
        ],
      ],
    ],
    examples: [
      ["Rosenbrock", { surface: "rosenbrock", optimizers: "sgd,momentum,adam,newton" }],
      ["a narrow valley", { function: "x**2 + 30*y**2", surface: "", optimizers: "sgd,momentum,adam", start: "4,1" }],
    ],
  },
};

export default async function theory(into, { what = "derive", signal }) {
  const box = BOXES[what];
  if (!box)
    throw Object.assign(new Error("there is no such page of theory"), {
      got: what,
      hint: `one of: ${Object.keys(BOXES).join(", ")}`,
    });
  document.title = `${box.title} · paribus`;
  const tabs = h(
    "nav",
    { class: "tabs", "aria-label": "Theory" },
    Object.entries(BOXES).map(([name, { title }]) =>
      h("a", { href: `/theory/${name}`, "aria-current": name === what ? "page" : null }, title),
    ),
  );
  const given = query();
  const untouched = !Object.keys(given).length;
  const inputs = new Map(
    box.fields.map(([name, , example, options]) => [
      name,
      options ? choosing(options, given[name]) : typing(example, given[name]),
    ]),
  );
  const answer = h("div", { class: "answer", "aria-live": "polite" });
  const examples = h(
    "p",
    { class: "examples" },
    box.examples.map(([text, values]) =>
      h("button", { type: "button", class: "quiet", onclick: () => put(values) }, text),
    ),
  );
  const form = h(
    "form",
    { class: `theory-box ${what}`, onsubmit: (event) => (event.preventDefault(), now()) },
    box.fields.map(([name, label]) => field(label, inputs.get(name))),
  );
  fill(
    into,
    h("header", { class: "top" }, tabs, h("h1", {}, box.title), h("p", {}, box.about)),
    form,
    examples,
    answer,
  );
  let asking = new AbortController();
  signal.addEventListener("abort", () => asking.abort());

  function put(values) {
    for (const [name, input] of inputs) input.value = values[name] ?? "";
    now();
  }

  const values = () => Object.fromEntries([...inputs].map(([name, input]) => [name, input.value.trim()]));

  async function now() {
    if (signal.aborted) return;
    asking.abort();
    asking = new AbortController();
    const { signal: stop } = asking;
    remember(values());
    answer.setAttribute("aria-busy", "true");
    if (!answer.children.length) fill(answer, h("p", { class: "working" }, "Working it out …"));
    try {
      const found = await get(`theory/${what}`, values(), stop);
      if (stop.aborted) return;
      offer(found.options?.[values().name] ?? []);
      fill(answer, shown(found, put));
    } catch (error) {
      if (!stop.aborted) fill(answer, problem(error));
    }
    if (!stop.aborted) answer.removeAttribute("aria-busy");
  }
  const ask = settled(PAUSE, now);
  now();

  /** Fields for what only this layer takes. */
  function offer(names) {
    const fixed = new Set(box.fields.map(([name]) => name));
    const wanted = names.filter((name) => !fixed.has(name));
    for (const name of [...inputs.keys()]) {
      if (fixed.has(name) || wanted.includes(name)) continue;
      inputs.get(name).closest(".field").remove();
      inputs.delete(name);
    }
    const added = wanted.filter((name) => !inputs.has(name));
    for (const name of added) {
      inputs.set(name, typing("", given[name] ?? ""));
      form.append(field(name, inputs.get(name)));
    }
    if (added.some((name) => given[name])) ask(); // a link that says more than the first question did
  }

  function typing(example, value) {
    return h("input", {
      value: value ?? (untouched ? example : ""),
      placeholder: example,
      autocomplete: "off",
      spellcheck: "false",
      oninput: () => ask(),
    });
  }

  function choosing(options, chosen = "") {
    return h(
      "select",
      { onchange: () => now() },
      options.map(([value, text]) => h("option", { value, selected: value === chosen }, text)),
    );
  }
}

function shown(found, put) {
  const names = found.names ?? found.surfaces;
  const key = found.names ? "name" : "surface";
  return [
    names?.length
      ? h(
          "p",
          { class: "examples" },
          names.map((one) => name_(one, key, put)),
        )
      : "",
    found.motion ? motion(found.motion) : "",
    found.html ? fragment(found.html) : "",
    found.page ? page(found.page, 2) : "",
    found.text ? h("details", { class: "behind" }, h("summary", {}, "As text"), code(found.text)) : "",
    found.latex ? h("details", { class: "behind" }, h("summary", {}, "As LaTeX"), code(found.latex)) : "",
  ];
}

function name_(one, key, put) {
  const name = typeof one === "string" ? one : one.name;
  return h(
    "button",
    {
      type: "button",
      class: "quiet",
      title: one.about ?? null,
      onclick: () => put({ ...query(), function: "", [key]: name }),
    },
    name,
  );
}

/** A picture that moves, and a button that holds it. */
function motion(svg) {
  const drawing = h("div", { class: "moving" }, fragment(svg));
  const root = drawing.querySelector("svg");
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const hold = h("button", { type: "button", class: "quiet" }, "Pause");
  const pause = (yes) => {
    if (yes) root.pauseAnimations();
    else root.unpauseAnimations();
    hold.textContent = yes ? "Play" : "Pause";
  };
  hold.addEventListener("click", () => pause(!root.animationsPaused()));
  if (still) pause(true);
  return h("figure", {}, drawing, root?.querySelector("animate, animateMotion, animateTransform") ? hold : "");
}
