// What the page asks its server. Whatever goes wrong becomes one Problem: a sentence, what was received, a next step.

export class Problem extends Error {
  constructor({ message, got = "", hint = "" }, status = 0) {
    super(message);
    this.got = got;
    this.hint = hint;
    this.status = status;
  }
}

const GONE = { message: "the server of this page does not answer", hint: "was it stopped? start it again: paribus ui" };

/** The answer to a GET below /api. */
export const get = (path, query = {}, signal = undefined) => ask("GET", address(path, query), { signal });

/** The answer to something that changes something. */
export const post = (path, content = {}) =>
  ask("POST", `/api/${path}`, { body: JSON.stringify(content), headers: { "Content-Type": "application/json" } });

/** Send a file as it is. */
export const upload = (path, file) =>
  ask("POST", `/api/${path}`, {
    body: file,
    headers: { "Content-Type": "application/octet-stream", "X-Name": encodeURIComponent(file.name) },
  });

export const remove = (path) => ask("DELETE", `/api/${path}`);

/** An address below /api; what is empty is left out. */
export function address(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const text = new URLSearchParams(given).toString();
  return `/api/${path}${text ? `?${text}` : ""}`;
}

async function ask(method, url, options) {
  const response = await fetch(url, { method, credentials: "same-origin", ...options }).catch((error) => {
    throw error.name === "AbortError" ? error : new Problem(GONE);
  });
  const content = await read(response);
  if (!response.ok)
    throw new Problem(content?.error ?? { message: `the server answered ${response.status}` }, response.status);
  return content;
}

async function read(response) {
  const kind = response.headers.get("Content-Type") ?? "";
  if (!kind.includes("json")) return response.ok ? response.text() : null;
  return response.json().catch(() => null);
}
