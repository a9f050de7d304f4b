// Two pens with the same strokes: one draws on a canvas, one writes an SVG file. A chart is drawn with either.

import { s } from "./dom.js";

const FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, 'Liberation Sans', sans-serif";

/** Draws on a canvas, sharp on screens of any resolution. */
export class CanvasPen {
  constructor(canvas, width, height, ratio = devicePixelRatio || 1) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    this.context = canvas.getContext("2d");
    this.context.scale(ratio, ratio);
    this.context.lineJoin = "round";
  }

  /** Connected points; null interrupts. */
  line(points, { colour, width = 1.75, opacity = 1, dash = [] }) {
    this.#begin(colour, opacity);
    this.context.lineWidth = width;
    this.context.setLineDash(dash);
    let down = false;
    for (const point of points) {
      if (!point) down = false;
      else if (down) this.context.lineTo(...point);
      else {
        this.context.moveTo(...point);
        down = true;
      }
    }
    this.context.stroke();
    this.context.globalAlpha = 1;
  }

  area(points, { colour, opacity = 0.15 }) {
    this.#begin(colour, opacity);
    points.forEach((point, place) => (place ? this.context.lineTo(...point) : this.context.moveTo(...point)));
    this.context.fill();
    this.context.globalAlpha = 1;
  }

  dot([x, y], { colour, radius = 3 }) {
    this.#begin(colour, 1);
    this.context.arc(x, y, radius, 0, 2 * Math.PI);
    this.context.fill();
  }

  text(content, [x, y], { colour, align = "start", size = 12, bold = false }) {
    this.context.font = `${bold ? "600 " : ""}${size}px ${FONT}`;
    this.context.textAlign = align;
    this.context.textBaseline = "middle";
    this.context.fillStyle = colour;
    this.context.fillText(content, x, y);
  }

  /** Draw only within a rectangle. */
  within({ left, top, right, bottom }, draw) {
    this.context.save();
    this.context.beginPath();
    this.context.rect(left, top, right - left, bottom - top);
    this.context.clip();
    draw();
    this.context.restore();
  }

  #begin(colour, opacity) {
    this.context.beginPath();
    this.context.strokeStyle = colour;
    this.context.fillStyle = colour;
    this.context.globalAlpha = opacity;
  }
}

/** Writes an SVG drawing. */
export class SvgPen {
  constructor(width, height, paper) {
    this.root = s("svg", {
      xmlns: "http://www.w3.org/2000/svg",
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      "font-family": FONT,
    });
    this.root.append(s("rect", { width, height, fill: paper }));
    this.into = this.root;
  }

  line(points, { colour, width = 1.75, opacity = 1, dash = [] }) {
    const path = points.map((point, place) =>
      point ? `${place && points[place - 1] ? "L" : "M"}${point.map(short).join(" ")}` : "",
    );
    const dashes = dash.length ? dash.join(" ") : null;
    const look = {
      fill: "none",
      stroke: colour,
      "stroke-width": width,
      opacity,
      "stroke-dasharray": dashes,
      "stroke-linejoin": "round",
    };
    this.into.append(s("path", { d: path.join(""), ...look }));
  }

  area(points, { colour, opacity = 0.15 }) {
    this.into.append(
      s("polygon", { points: points.map((point) => point.map(short).join(",")).join(" "), fill: colour, opacity }),
    );
  }

  dot([x, y], { colour, radius = 3 }) {
    this.into.append(s("circle", { cx: short(x), cy: short(y), r: radius, fill: colour }));
  }

  text(content, [x, y], { colour, align = "start", size = 12, bold = false }) {
    const anchor = { start: "start", center: "middle", end: "end" }[align];
    const look = { fill: colour, "font-size": size, "text-anchor": anchor, "font-weight": bold ? 600 : null };
    this.into.append(s("text", { x: short(x), y: short(y), "dominant-baseline": "central", ...look }, content));
  }

  within({ left, top, right, bottom }, draw) {
    const id = `clip${this.root.querySelectorAll("clipPath").length}`;
    const frame = s("rect", { x: left, y: top, width: right - left, height: bottom - top });
    this.root.append(s("clipPath", { id }, frame));
    this.into = s("g", { "clip-path": `url(#${id})` });
    draw();
    this.root.append(this.into);
    this.into = this.root;
  }
}

const short = (value) => Number(value.toFixed(2));
