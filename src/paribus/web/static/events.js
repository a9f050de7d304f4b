// What changes on the disk, as it happens: pages listen here, and say which runs they want the rows of.

const listeners = new Set();
let connection = null;
let following = [];

/** Be told of every event until the signal aborts; `follow` are ids of runs whose rows are wanted too. */
export function listen(act, signal, follow = []) {
  listeners.add(act);
  signal.addEventListener("abort", () => {
    listeners.delete(act);
    want([]);
  });
  want(follow);
}

/** Follow these runs from now on. */
export function want(follow) {
  following = follow;
  connection ??= connect();
  connection.follow(following);
}

/** Whether an event is about one of these ids. */
export const concerns = (event, ids) =>
  event.kind === "reset" || Boolean(event.all) || ids.some((id) => event.id === id || event.ids?.includes(id));

const tell = (message) => [...listeners].forEach((act) => act(message));

function connect() {
  const found = "SharedWorker" in window ? shared() : own();
  addEventListener("pagehide", () => found.close());
  addEventListener("pageshow", (event) => event.persisted && found.follow(following));
  return found;
}

function shared() {
  const { port } = new SharedWorker("/static/worker.js");
  port.onmessage = ({ data }) => tell(data);
  return { follow: (ids) => port.postMessage({ follow: ids }), close: () => port.postMessage({ closed: true }) };
}

/** A stream of this tab alone, where workers cannot be shared. */
function own() {
  let source = null;
  const close = () => source?.close();
  const follow = (ids) => {
    close();
    source = new EventSource(`/api/events${ids.length ? `?follow=${encodeURIComponent(ids.join(","))}` : ""}`);
    source.onopen = () => tell({ kind: "live", live: true });
    source.onerror = () => tell({ kind: "live", live: false });
    source.onmessage = (event) => tell(JSON.parse(event.data));
  };
  return { follow, close };
}
