// The arithmetic of axes and lines: pure functions on numbers, without a screen.

/** The smallest and the largest finite number, with some air; on a logarithmic axis only what is above zero counts. */
export function domain(lists, log = false, air = 0.05) {
  let low = Infinity;
  let high = -Infinity;
  for (const list of lists) {
    for (const value of list) {
      if (!usable(value, log)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low > high) return log ? [0.1, 1] : [0, 1];
  return log ? widened(Math.log10(low), Math.log10(high), air).map((power) => 10 ** power) : widened(low, high, air);
}

/** Whether a number has a place on an axis. */
export const usable = (value, log = false) => Number.isFinite(value) && (!log || value > 0);

function widened(low, high, air) {
  const more = air * (high - low) || 0.05 * Math.abs(high) || 0.5;
  return [low - more, high + more];
}

/** Number → pixel. */
export function scale([low, high], [from, to], log = false) {
  const at = log ? Math.log10 : (value) => value;
  const span = at(high) - at(low) || 1;
  return (value) => from + ((at(value) - at(low)) / span) * (to - from);
}

/** Pixel → number. */
export function inverse([low, high], [from, to], log = false) {
  const share = (pixel) => (pixel - from) / (to - from || 1);
  if (!log) return (pixel) => low + share(pixel) * (high - low);
  return (pixel) => 10 ** (Math.log10(low) + share(pixel) * (Math.log10(high) - Math.log10(low)));
}

/** Round numbers within a domain: about as many as wanted. */
export function ticks([low, high], wanted = 5, log = false) {
  return log ? powers(low, high, wanted) : steps(low, high, wanted);
}

function steps(low, high, wanted) {
  const step = round((high - low) / Math.max(1, wanted));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, Math.min(50, last - first + 1)) }, (_, place) =>
    tidy((first + place) * step),
  );
}

/** 1, 2 or 5 times a power of ten, whichever is nearest to a rough step. */
function round(rough) {
  if (!(rough > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const apart = (step) => Math.abs(Math.log(step / rough));
  return [1, 2, 5, 10].map((digit) => digit * power).reduce((best, step) => (apart(step) < apart(best) ? step : best));
}

const tidy = (value) => Number(value.toPrecision(12));

function powers(low, high, wanted) {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const digits = Math.log10(high / low) <= 2 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil((last - first) / (wanted + 1)));
  const found = [];
  for (let power = first; power <= last; power += every)
    for (const digit of digits) found.push(tidy(digit * 10 ** power));
  const within = found.filter((tick) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
  return within.length > 1 ? within : steps(low, high, wanted).filter((tick) => tick > 0);
}

/** An exponentially weighted mean that forgets where it began; 0 changes nothing. What is not a number stays a gap. */
export function smoothed(values, weight) {
  if (!weight) return values;
  let mean = 0;
  let seen = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return null;
    mean = weight * mean + (1 - weight) * value;
    seen += 1;
    return mean / (1 - weight ** seen);
  });
}

/** Place of the entry of an ascending list that is nearest to a value, -1 of an empty one. */
export function nearest(sorted, value) {
  let low = 0;
  let high = sorted.length - 1;
  if (high < 0) return -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle;
    else high = middle;
  }
  return value - sorted[low] <= sorted[high] - value ? low : high;
}

/** The mean of several lines, and their smallest and largest value, at every x that one of them has. */
export function band(lines) {
  const columns = new Map();
  for (const { x, y } of lines) {
    x.forEach((at, place) => {
      if (Number.isFinite(y[place])) columns.set(at, [...(columns.get(at) ?? []), y[place]]);
    });
  }
  const whole = [...columns].filter(([, found]) => found.length === lines.length).sort(([one], [other]) => one - other);
  return {
    x: whole.map(([at]) => at),
    y: whole.map(([, found]) => found.reduce((sum, value) => sum + value, 0) / found.length),
    low: whole.map(([, found]) => Math.min(...found)),
    high: whole.map(([, found]) => Math.max(...found)),
  };
}
