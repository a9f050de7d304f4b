// Numbers and times in plain words. Nothing depends on the country that a browser believes to be in.

export const NONE = "–";
const MINUS = "−";

/** A number with as many digits as are worth reading. */
export function number(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e7) return signed(grouped(value));
  if (size >= 1e7 || size < 1e-4) return signed(value.toExponential(Math.max(0, digits - 2)).replace("e+", "e"));
  const kept = Number(value.toPrecision(digits));
  return signed(size >= 1e4 ? grouped(Math.round(value)) : String(kept));
}

const signed = (text) => text.replace(/^-/, MINUS).replace("e-", `e${MINUS}`);

/** A whole number with commas between thousands. */
export function grouped(value) {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** A share as per cent. */
export const percent = (share) => (Number.isFinite(share) ? `${number(Number((100 * share).toFixed(2)))} %` : NONE);

/** A length of time, in its two largest units. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NONE;
  if (seconds < 10) return `${Number(seconds.toPrecision(2))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return joined(whole, 60, "min", 1, "s");
  if (whole < 86400) return joined(whole, 3600, "h", 60, "min");
  return joined(whole, 86400, "d", 3600, "h");
}

function joined(whole, large, name, small, other) {
  const rest = Math.floor((whole % large) / small);
  return `${Math.floor(whole / large)} ${name}${rest ? ` ${rest} ${other}` : ""}`;
}

/** How long ago a moment was, given in seconds since 1970 or as a text of a date. */
export function ago(moment, now = Date.now() / 1000) {
  const then = seconds(moment);
  if (!Number.isFinite(then)) return NONE;
  const past = Math.max(0, now - then);
  if (past < 45) return "just now";
  if (past < 3600) return `${Math.max(1, Math.round(past / 60))} min ago`;
  if (past < 86400) return `${Math.round(past / 3600)} h ago`;
  if (past < 7 * 86400) return `${Math.round(past / 86400)} d ago`;
  return day(then);
}

/** A moment as 2026-03-01 14:05, in the clock of this machine. */
export function moment(given) {
  const then = seconds(given);
  if (!Number.isFinite(then)) return NONE;
  const date = new Date(then * 1000);
  return `${day(then)} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

function day(then) {
  const date = new Date(then * 1000);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

const two = (part) => String(part).padStart(2, "0");

/** Seconds since 1970 of what may also be the text of a date. */
export function seconds(given) {
  if (typeof given === "string") return Date.parse(given) / 1000;
  return given ?? NaN;
}

/** A size of a file. */
export function bytes(size) {
  if (!Number.isFinite(size)) return NONE;
  if (size < 1000) return `${size} B`;
  const power = Math.min(4, Math.floor(Math.log10(size) / 3));
  return `${Number((size / 1000 ** power).toPrecision(3))} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}

/** "1 run", "3 runs". */
export const count = (n, thing) => `${grouped(n)} ${thing}${n === 1 ? "" : "s"}`;
