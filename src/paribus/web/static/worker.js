// One stream of events for all tabs: a browser opens few connections to one server, and every tab would take one.

const tabs = new Map(); // port → ids that it follows
let source = null;
let followed = null;
const before = new Set(); // streams that end as soon as the one that replaces them is open

function reopen() {
  const wanted = [...new Set([...tabs.values()].flat())].sort().join(",");
  if (source && wanted === followed) return;
  if (source) before.add(source);
  followed = wanted;
  const query = wanted ? `?follow=${encodeURIComponent(wanted)}` : "";
  const opened = tabs.size ? new EventSource(`/api/events${query}`) : null;
  source = opened;
  if (!opened) return leave();
  opened.onopen = () => opened === source && (leave(), tell({ kind: "live", live: true }));
  opened.onerror = () => opened === source && tell({ kind: "live", live: false });
  opened.onmessage = (event) => tell(JSON.parse(event.data));
}

/** End the streams that another one has replaced: only now, so that nothing is missed between them. */
function leave() {
  for (const one of before) one.close();
  before.clear();
}

function tell(message) {
  for (const port of tabs.keys()) port.postMessage(message);
}

onconnect = ({ ports: [port] }) => {
  tabs.set(port, []);
  port.onmessage = ({ data }) => {
    if (data.closed) tabs.delete(port);
    else tabs.set(port, data.follow);
    reopen();
  };
  if (source?.readyState === EventSource.OPEN) port.postMessage({ kind: "live", live: true });
  reopen();
};
