// Answers that take their time: asked for again until they are there.

import { get } from "./api.js";

const AGAIN = 1000; // milliseconds between questions

/** The page that an address of the server works out. */
export async function patient(path, query, signal) {
  for (;;) {
    const found = await get(path, query, signal);
    if (found.state !== "working") return found.page;
    await new Promise((done) => setTimeout(done, AGAIN));
    signal.throwIfAborted();
  }
}
