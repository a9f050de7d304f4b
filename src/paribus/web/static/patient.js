// Answers that take their time: asked for again until they are there.

import { get } from "./api.js";

const AGAIN = 1000; // milliseconds between questions

/** What an address of the server works out: `page`, and the `command` that does the same. */
export async function patient(path, query, signal) {
  for (;;) {
    const found = await get(path, query, signal);
    if (found.state !== "working") return found;
    await new Promise((done) => setTimeout(done, AGAIN));
    signal.throwIfAborted();
  }
}
