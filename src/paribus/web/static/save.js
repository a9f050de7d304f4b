// What is on the screen as a file: drawings as SVG and PNG, numbers as CSV.

/** Hand a file to whoever looks at the page. */
export function download(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = filename(name);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A name that every file system takes. */
export function filename(name) {
  const safe = name.replace(/[^\p{L}\p{N}.=_-]+/gu, "-").replace(/^[-.]+|-+(?=\.)|-+$/g, "");
  return safe || "paribus";
}

/** Rows of texts and numbers as CSV. A text that a spreadsheet would take for a formula gets an apostrophe. */
export function csv(heads, rows) {
  return [heads, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  const text = /^[=+@\t\r]|^-(?![\d.])/.test(String(value)) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const saveCsv = (name, heads, rows) =>
  download(`${name}.csv`, new Blob(["\ufeff", csv(heads, rows)], { type: "text/csv;charset=utf-8" }));

export const saveSvg = (name, svg) => download(`${name}.svg`, new Blob([written(svg)], { type: "image/svg+xml" }));

/** A drawing in pixels, twice as many as on the screen. */
export async function savePng(name, svg, paper = "#ffffff", factor = 2) {
  const box = svg.viewBox?.baseVal;
  const width = svg.width?.baseVal?.value || box?.width || 800;
  const height = svg.height?.baseVal?.value || box?.height || 400;
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(written(svg))}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = width * factor;
  canvas.height = height * factor;
  const context = canvas.getContext("2d");
  context.fillStyle = paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  download(`${name}.png`, blob);
}

const written = (svg) => (typeof svg === "string" ? svg : new XMLSerializer().serializeToString(svg));
