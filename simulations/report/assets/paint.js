// Painting: a canvas that is as sharp as the screen, the page's colours, and an axis of time.

const FONT = "12px system-ui, sans-serif";

function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  const names = ["paper", "panel", "ink", "soft", "line", "fact", "store", "quiet", "member", "fault", "bad", "good", "cone"];
  return Object.fromEntries(names.map((name) => [name, read(name)]));
}

// The canvas's context in CSS pixels, cleared.
function fresh(canvas, height) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  if (height) canvas.style.height = `${height}px`;
  const high = height || canvas.clientHeight;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(high * ratio));
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, high);
  context.font = FONT;
  return { context, width, height: high };
}

// Round distances between ticks, in microseconds.
function tickStep(spanUs, width) {
  const wanted = spanUs / Math.max(2, width / 110);
  const power = 10 ** Math.floor(Math.log10(Math.max(1, wanted)));
  return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= wanted);
}

function drawAxis(context, palette, range, left, width, top, bottom) {
  const step = tickStep(range.to - range.from, width);
  const digits = Math.max(0, Math.min(6, 6 - Math.floor(Math.log10(step) + 1e-9)));
  context.strokeStyle = palette.line;
  context.fillStyle = palette.soft;
  context.lineWidth = 1;
  context.textAlign = "center";
  context.textBaseline = "top";
  for (let at = Math.ceil(range.from / step) * step; at <= range.to; at += step) {
    const x = Math.round(left + ((at - range.from) / (range.to - range.from)) * width) + 0.5;
    context.beginPath();
    context.moveTo(x, top);
    context.lineTo(x, bottom);
    context.stroke();
    if (x > left + 18 && x < left + width - 18) context.fillText(`${(at / 1e6).toFixed(digits)} s`, x, bottom + 4);
  }
}

// `text`, shortened until it fits.
function fitted(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let cut = text.length;
  while (cut > 5 && context.measureText(`${text.slice(0, cut)}…`).width > width) cut--;
  return cut > 5 ? `${text.slice(0, cut)}…` : "";
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}
