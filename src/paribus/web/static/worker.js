// One stream of events for all tabs: a browser opens few connections to one server, and every tab would take one.

const tabs = new Map(); // port → ids that it follows
let source = null;
let followed = null;

function reopen() {
  const wanted = [...new Set([...tabs.values()].flat())].sort().join(",");
  if (source && wanted === followed) return;
  source?.close();
  followed = wanted;
  source = tabs.size ? new EventSource(`/api/events${wanted ? `?follow=${encodeURIComponent(wanted)}` : ""}`) : null;
  if (!source) return;
  source.onopen = () => tell({ kind: "live", live: true });
  source.onerror = () => tell({ kind: "live", live: false });
  source.onmessage = (event) => tell(JSON.parse(event.data));
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
