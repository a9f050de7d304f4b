// Many rows, few elements: only what is on the screen exists, and only what was looked at is asked of the server.

import { h } from "./dom.js";

const PAGE = 100; // rows that are asked for at once
const BEYOND = 12; // rows that are drawn above and below the screen

/**
 * `load(offset, limit, signal)` → {total, rows}; `draw(row, place)` → an element. All rows have the same height.
 * The list scrolls with the page.
 */
export class Grid {
  constructor({ name, height, load, draw, signal }) {
    Object.assign(this, { height, load, drawRow: draw });
    this.total = 0;
    this.chosen = -1;
    this.body = h("div", { class: "rows", role: "rowgroup" });
    this.element = h("div", { class: "grid", role: "table", "aria-label": name }, this.body);
    this.pages = new Map();
    this.drawn = new Map(); // place → {row, element}
    this.asking = new AbortController();
    const later = () => this.#soon();
    addEventListener("scroll", later, { passive: true, signal });
    addEventListener("resize", later, { signal });
    signal.addEventListener("abort", () => this.asking.abort());
  }

  /** Ask again. What is shown stays until the answer comes, and rows that are as they were stay as elements, too. */
  async reload() {
    this.asking.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    const first = this.#first();
    const from = Math.floor(Math.max(0, first) / PAGE) * PAGE;
    const answer = await this.load(from, PAGE, signal);
    if (signal.aborted) return answer;
    const before = this.pages.get(from) ?? [];
    const same = (row, place) => JSON.stringify(row) === JSON.stringify(before[place]);
    this.pages = new Map([[from, answer.rows.map((row, place) => (same(row, place) ? before[place] : row))]]);
    this.total = answer.total;
    this.chosen = Math.min(this.chosen, this.total - 1);
    this.show();
    return answer;
  }

  row(place) {
    const from = Math.floor(place / PAGE) * PAGE;
    return this.pages.get(from)?.[place - from];
  }

  /** Draw all anew, since more than the rows has changed. */
  again() {
    for (const { element } of this.drawn.values()) element.remove();
    this.drawn.clear();
    this.show();
  }

  /** Draw what is on the screen. */
  show() {
    const height = this.height();
    const first = Math.max(0, this.#first() - BEYOND);
    const last = Math.min(this.total, first + Math.ceil(innerHeight / height) + 2 * BEYOND);
    this.body.style.height = `${this.total * height}px`;
    this.element.setAttribute("aria-rowcount", this.total + 1);
    this.#keep(first, last, height);
    this.#fetch(first, last);
  }

  /** Move the mark by some rows, and bring it onto the screen. */
  move(by) {
    if (!this.total) return;
    this.chosen = Math.max(0, Math.min(this.total - 1, this.chosen + by));
    const top = this.body.getBoundingClientRect().top + this.chosen * this.height();
    if (top < 120) scrollBy(0, top - 120);
    if (top + this.height() > innerHeight - 60) scrollBy(0, top + this.height() - innerHeight + 60);
    this.show();
  }

  #first() {
    return Math.floor(-this.body.getBoundingClientRect().top / this.height());
  }

  #soon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (this.element.isConnected) this.show();
    });
  }

  /** Rows that stay are left alone: only those that come onto the screen are made. */
  #keep(first, last, height) {
    for (const [place, { row, element }] of this.drawn) {
      if (place >= first && place < last && row === this.row(place)) continue;
      element.remove();
      this.drawn.delete(place);
    }
    let next = this.body.firstChild;
    for (let place = first; place < last; place++) {
      const element = this.#at(place, height);
      if (element === next) next = next.nextSibling;
      else this.body.insertBefore(element, next);
    }
  }

  #at(place, height) {
    const row = this.row(place);
    const element = this.drawn.get(place)?.element ?? this.#made(row, place);
    this.drawn.set(place, { row, element });
    element.style.transform = `translateY(${place * height}px)`;
    element.classList.toggle("chosen", place === this.chosen);
    return element;
  }

  #made(row, place) {
    const element = row ? this.drawRow(row, place) : h("div", { class: "row waiting", role: "row" });
    element.setAttribute("aria-rowindex", place + 2);
    return element;
  }

  #fetch(first, last) {
    const { signal } = this.asking;
    for (let from = Math.floor(first / PAGE) * PAGE; from < last; from += PAGE) {
      if (this.pages.has(from)) continue;
      this.pages.set(from, []);
      this.load(from, PAGE, signal).then(
        (answer) => {
          if (signal.aborted || !answer) return; // nothing is answered to a page that is being left
          this.pages.set(from, answer.rows);
          this.show();
        },
        () => this.pages.delete(from),
      );
    }
  }
}
