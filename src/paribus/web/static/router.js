// Addresses: which page a path is, and the state of a page in its query, so that a link shows the same.

/** The values of a pattern such as `/runs/:id/explain/:what?` in a path, or null. A last `:name?` may be absent. */
export function match(pattern, path) {
  const wanted = parts(pattern);
  const given = parts(path);
  const least = wanted.filter((part) => !part.endsWith("?")).length;
  if (given.length < least || given.length > wanted.length) return null;
  const found = {};
  for (const [place, part] of given.entries()) {
    const name = wanted[place];
    if (name.startsWith(":")) found[name.replace(/[:?]/g, "")] = decoded(part);
    else if (name !== part) return null;
  }
  return found;
}

const parts = (path) => path.split("/").filter(Boolean);

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray per cent sign
  }
}

/** The query of the address as an object. */
export const query = () => Object.fromEntries(new URLSearchParams(location.search));

/** Change the query in place: empty values leave it. No entry of the history is added while somebody types. */
export function remember(changes) {
  const kept = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === "" || value === null || value === undefined || value === false) kept.delete(name);
    else kept.set(name, value);
  }
  const text = kept.toString().replaceAll("%2C", ",").replaceAll("%2F", "/");
  history.replaceState(history.state, "", `${location.pathname}${text ? `?${text}` : ""}${location.hash}`);
}

/** Go to another page of this server. */
export function go(path) {
  history.pushState(null, "", path);
  dispatchEvent(new CustomEvent("paribus:go"));
}

/** An address of a thing by its kind and id. */
export const place = (kind, id, rest = "") =>
  `/${{ run: "runs", study: "studies", search: "searches" }[kind]}/${encodeURIComponent(id)}${rest}`;
