// The space-time diagram: each host a line, each message an arrow, time from left to right.
//
// Only what is in the window is looked at, found by halving, and of too many arrows only some are
// drawn, so that a hundred thousand messages are no slower than a hundred.

const ARROWS_MAX = 5000;
const TOP = 8, BOTTOM = 26;

const GROUPS = [
  ["fact", "votes and other facts", /^(Facts|FactVector)$/],
  ["store", "running information", /^(Store|Compare)/],
  ["member", "membership", /^(Gossip|Table|TableHash|ProbeRequest|IndirectAck|Nack)$/],
  ["quiet", "probes and answers", /^(Probe|Ack)$/],
  ["soft", "connections and others", /./],
];

const SHAPES = {
  proposed: ["◆", "fact", "proposes a ChangeSet"],
  sealed: ["■", "fact", "seals: is bound"],
  refused: ["✖", "bad", "says No"],
  applied: ["●", "good", "applied: in its history"],
  shown: ["▲", "good", "readers see the change"],
  asked: ["○", "store", "a client asks"],
  member: ["◦", "member", "changes its mind about a member"],
  noticed: ["·", "soft", "a line in its log"],
  fact: ["·", "fact", "another fact"],
  started: ["▶", "good", "the controller starts"],
  stopped: ["◼", "bad", "the controller is gone"],
  violated: ["★", "bad", "the rule is broken here"],
};

class Diagram {
  constructor(data, events, state, place) {
    Object.assign(this, { data, events, state });
    this.groupOf = data.texts.map((text) => GROUPS.findIndex(([, , pattern]) => pattern.test(text)));
    this.hidden = new Set();
    this.drawn = [];
    this.canvas = element("canvas", { tabindex: 0, class: "diagram", role: "application",
      "aria-label": "space-time diagram; arrow keys move, plus and minus zoom, comma and full stop choose the event before or after" });
    this.note = element("p", { class: "note" });
    this.detail = element("p", { class: "detail", "aria-live": "polite" }, "Choose an event or an arrow to see what it is and what led to it.");
    place.append(this.toolbar(), this.canvas, this.note, this.detail, this.legend());
    this.listen();
  }

  toolbar() {
    const { state } = this;
    const button = (words, deed, title) => element("button", { type: "button", onclick: deed, title }, words);
    const bar = element("div", { class: "toolbar" },
      button("−", () => this.zoom(2), "zoom out"), button("+", () => this.zoom(0.5), "zoom in"),
      button("◀", () => this.pan(-0.4), "earlier"), button("▶", () => this.pan(0.4), "later"),
      button("whole run", () => state.show(0, this.data.endsUs)));
    if (state.bad.length) bar.append(button("to the violation", () => state.showEnd(), "where the rule is broken"));
    this.cone = element("select", { "aria-label": "what is highlighted", onchange: () => state.light(this.cone.value) },
      element("option", { value: "causes" }, "highlight its causes"), element("option", { value: "effects" }, "highlight what it influenced"),
      element("option", { value: "none" }, "highlight nothing"));
    bar.append(this.cone);
    return bar;
  }

  legend() {
    const groups = GROUPS.map(([colour, words], number) => element("label", { class: `key ${colour}` },
      element("input", { type: "checkbox", checked: true, onchange: (event) => {
        if (event.target.checked) this.hidden.delete(number); else this.hidden.add(number);
        this.state.changed();
      } }), element("i", { class: "line" }), words));
    const lost = element("span", { class: "key bad" }, element("i", { class: "line dashed" }), "lost on the way ✕");
    const cone = element("span", { class: "key cone" }, element("i", { class: "line thick" }), "causes of the chosen event");
    const shapes = Object.values(SHAPES).filter(([sign]) => sign !== "·")
      .map(([sign, colour, words]) => element("span", { class: `key ${colour}` }, element("b", {}, sign), words));
    return element("div", { class: "legend" }, ...groups, lost, cone, ...shapes);
  }

  // --- geometry -------------------------------------------------------------------------------

  get left() { return Math.min(90, Math.max(30, ...this.data.hosts.map((host) => host.length * 7.5 + 12))); }
  get gap() { return Math.max(16, Math.min(64, 560 / this.data.hosts.length)); }
  x(us) { return this.left + ((us - this.state.from) / (this.state.to - this.state.from)) * this.wide; }
  y(host) { return TOP + this.gap * (Math.min(host, this.data.hosts.length) + 0.5); }
  timeAt(x) { return this.state.from + ((x - this.left) / this.wide) * (this.state.to - this.state.from); }

  // --- drawing --------------------------------------------------------------------------------

  draw() {
    const palette = (this.palette = colours());
    const high = TOP + this.gap * this.data.hosts.length + BOTTOM;
    const { context, width, height } = fresh(this.canvas, high);
    this.wide = width - this.left - 6;
    this.drawn = [];
    drawAxis(context, palette, this.state, this.left, this.wide, TOP, height - BOTTOM);
    context.save();
    context.beginPath();
    context.rect(this.left, 0, this.wide + 6, height - BOTTOM + 1);
    context.clip();
    this.drawTroubles(context);
    this.drawHosts(context);
    this.drawArrows(context);
    this.drawMarks(context);
    this.drawMoment(context, height - BOTTOM);
    context.restore();
    this.drawNames(context);
  }

  drawTroubles(context) {
    context.fillStyle = this.palette.fault;
    context.globalAlpha = 0.16;
    for (const fault of this.data.troubles) {
      if (fault.beginsUs === null || fault.endsUs < this.state.from || fault.beginsUs > this.state.to) continue;
      for (const host of fault.hosts) {
        const left = this.x(fault.beginsUs);
        context.fillRect(left, this.y(host) - this.gap * 0.32, Math.max(2, this.x(fault.endsUs) - left), this.gap * 0.64);
      }
    }
    context.globalAlpha = 1;
  }

  // A solid line while the controller runs, a dotted one while it does not.
  drawHosts(context) {
    this.data.hosts.forEach((_, host) => {
      const y = Math.round(this.y(host)) + 0.5;
      const lives = this.data.lives.filter((life) => life[1] === host);
      let from = 0, runs = 0;
      for (const [time, , is] of [...lives, [this.data.endsUs, host, 0]]) {
        context.strokeStyle = this.palette[runs ? "ink" : "soft"];
        context.globalAlpha = runs ? 0.7 : 0.5;
        context.setLineDash(runs ? [] : [2, 5]);
        context.lineWidth = 1;
        context.beginPath();
        context.moveTo(this.x(from), y);
        context.lineTo(this.x(time), y);
        context.stroke();
        [from, runs] = [time, is];
      }
    });
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  drawNames(context) {
    context.fillStyle = this.palette.ink;
    context.textAlign = "right";
    context.textBaseline = "middle";
    this.data.hosts.forEach((host, number) => context.fillText(fitted(context, host, this.left - 8), this.left - 6, this.y(number)));
  }

  visible() {
    const { events, state } = this;
    const first = lowerBound(events.latest, state.from);
    const found = [];
    for (let letter = first; letter < events.letters; letter++) {
      if (events.time[events.sentAt[letter]] > state.to) break;
      if (endOf(this.data, events, events.sentAt, events.arrivedAt, letter) < state.from) continue;
      if (!this.hidden.has(this.groupOf[this.data.mail.kind[letter]])) found.push(letter);
    }
    return found;
  }

  drawArrows(context) {
    const letters = this.visible();
    const stride = Math.ceil(letters.length / ARROWS_MAX) || 1;
    const some = stride === 1 ? letters : letters.filter((letter, i) => i % stride === 0);
    const { cone } = this.state;
    const inside = (letter) => cone && cone[this.events.sentAt[letter]] && this.events.arrivedAt[letter] >= 0 && cone[this.events.arrivedAt[letter]];
    this.inCone = 0;
    for (const letter of some) if (!inside(letter)) this.drawArrow(context, letter, false, cone ? 0.22 : 0.75);
    for (const letter of some) if (inside(letter)) { this.inCone++; this.drawArrow(context, letter, true, 0.95); }
    context.globalAlpha = 1;
    const total = letters.length.toLocaleString("en");
    this.note.textContent = stride > 1 ? `${total} messages in this window; one in ${stride} is drawn. Zoom in to see all.` : `${total} messages in this window, ${duration(this.state.to - this.state.from)} long.`;
  }

  drawArrow(context, letter, isLit, alpha) {
    const { data, events, palette } = this;
    const sent = events.sentAt[letter], arrived = events.arrivedAt[letter];
    const x1 = this.x(events.time[sent]), y1 = this.y(data.mail.source[letter]), y3 = this.y(data.mail.target[letter]);
    const isLost = arrived < 0 && data.mail.why[letter] > 0;
    const share = arrived < 0 ? 0.4 : 1; // lost, or under way when the run ended
    const x2 = arrived < 0 ? this.x(events.time[sent] + data.mail.lostAfter[letter]) + 7 : this.x(events.time[arrived]);
    const y2 = y1 + (y3 - y1) * share;
    const colour = isLit ? "cone" : isLost ? "bad" : GROUPS[this.groupOf[data.mail.kind[letter]]][0];
    context.globalAlpha = isLost && !this.state.cone ? 0.9 : alpha;
    context.strokeStyle = context.fillStyle = palette[colour];
    context.lineWidth = isLit ? 2 : 1;
    context.setLineDash(arrived < 0 ? [3, 3] : []);
    context.beginPath();
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
    context.stroke();
    context.setLineDash([]);
    if (isLost) this.drawCross(context, x2, y2);
    else if (arrived >= 0) this.drawHead(context, x1, y1, x2, y2);
    this.drawn.push([x1, y1, x2, y2, sent]);
  }

  drawHead(context, x1, y1, x2, y2) {
    const angle = Math.atan2(y2 - y1, x2 - x1);
    context.beginPath();
    context.moveTo(x2, y2);
    context.lineTo(x2 - 7 * Math.cos(angle - 0.35), y2 - 7 * Math.sin(angle - 0.35));
    context.lineTo(x2 - 7 * Math.cos(angle + 0.35), y2 - 7 * Math.sin(angle + 0.35));
    context.fill();
  }

  drawCross(context, x, y) {
    context.beginPath();
    context.moveTo(x - 3, y - 3); context.lineTo(x + 3, y + 3);
    context.moveTo(x - 3, y + 3); context.lineTo(x + 3, y - 3);
    context.stroke();
  }

  drawMarks(context) {
    const { data, events, state, palette } = this;
    const from = lowerBound(events.time, state.from), to = lowerBound(events.time, state.to + 1);
    const free = new Map(), last = new Map();
    context.textBaseline = "middle";
    this.marksDrawn = 0;
    for (let i = from; i < to; i++) {
      if (events.op[i] !== MARK) continue;
      const [host, kind, words] = data.marks[events.about[i]];
      const [sign, colour] = SHAPES[kind];
      const x = this.x(events.time[i]) + this.beside(last, host, events.time[i]), y = this.y(host);
      context.globalAlpha = state.cone && !state.cone[i] && kind !== "violated" ? 0.35 : 1;
      context.fillStyle = palette[state.cone && state.cone[i] && kind !== "violated" ? "cone" : colour];
      context.font = kind === "violated" ? "20px system-ui, sans-serif" : FONT;
      context.textAlign = "center";
      context.fillText(sign, x, y);
      context.font = FONT;
      this.drawn.push([x, y, x, y, i]);
      this.marksDrawn++;
      if (i === state.chosen) this.ring(context, x, y);
      if (sign !== "·" && kind !== "member") this.label(context, free, host, x, y, data.texts[words]);
    }
    context.globalAlpha = 1;
    if (state.chosen >= 0 && events.op[state.chosen] !== MARK) this.ring(context, this.x(events.time[state.chosen]), this.y(events.host[state.chosen]));
  }

  // What happens at one moment on one host stands side by side, not on top of each other.
  beside(last, host, time) {
    const before = last.get(host);
    const shift = before && before.time === time && before.shift < 60 && this.state.to - this.state.from < 2e6 ? before.shift + 10 : 0;
    last.set(host, { time, shift });
    return shift;
  }

  // Words above a mark, where the mark before leaves room.
  label(context, free, host, x, y, words) {
    if (this.gap < 30 || x < (free.get(host) || 0)) return;
    const text = fitted(context, words, 170);
    context.textAlign = "left";
    context.strokeStyle = this.palette.panel;
    context.lineWidth = 4;
    context.lineJoin = "round";
    context.strokeText(text, x + 5, y - 12);
    context.fillText(text, x + 5, y - 12);
    free.set(host, x + 16 + context.measureText(text).width);
  }

  ring(context, x, y) {
    context.strokeStyle = this.palette.cone;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, 9, 0, 2 * Math.PI);
    context.stroke();
  }

  drawMoment(context, height) {
    context.fillStyle = this.palette.ink;
    context.globalAlpha = 0.5;
    context.fillRect(this.x(this.state.moment) - 0.5, TOP, 1, height - TOP);
    context.globalAlpha = 1;
  }

  // --- the hand -------------------------------------------------------------------------------

  zoom(factor, around) {
    const { from, to } = this.state;
    const at = around === undefined ? (from + to) / 2 : around;
    this.state.show(at - (at - from) * factor, at + (to - at) * factor);
  }

  pan(share) {
    const { from, to } = this.state;
    const by = (to - from) * share;
    this.state.show(from + by, to + by);
  }

  listen() {
    const { canvas } = this;
    let held = null;
    canvas.addEventListener("pointerdown", (event) => { held = { x: event.offsetX, moved: false }; canvas.setPointerCapture(event.pointerId); });
    canvas.addEventListener("pointermove", (event) => {
      if (!held) { canvas.style.cursor = this.nearest(event.offsetX, event.offsetY) < 0 ? "grab" : "pointer"; return; }
      const by = event.offsetX - held.x;
      if (!held.moved && Math.abs(by) < 4) return;
      held.moved = true;
      this.pan(-by / this.wide);
      held.x = event.offsetX;
    });
    canvas.addEventListener("pointerup", (event) => {
      if (held && !held.moved) this.state.choose(this.nearest(event.offsetX, event.offsetY));
      held = null;
    });
    // The wheel scrolls the page unless the diagram was chosen, or Ctrl is held.
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && document.activeElement !== canvas) return;
      event.preventDefault();
      this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.timeAt(event.offsetX));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    const deeds = {
      ArrowLeft: () => this.pan(-0.15), ArrowRight: () => this.pan(0.15),
      "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2),
      Home: () => this.state.show(0, this.data.endsUs), End: () => this.state.showEnd(),
      ".": () => this.next(1), ",": () => this.next(-1), Escape: () => this.state.choose(-1),
    };
    const deed = deeds[event.key];
    if (!deed || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    deed();
  }

  // The mark after or before the chosen event.
  next(way) {
    const { events, state } = this;
    let i = state.chosen >= 0 ? state.chosen : lowerBound(events.time, state.from) - (way > 0 ? 1 : 0);
    do i += way; while (i >= 0 && i < events.count && events.op[i] !== MARK);
    if (i < 0 || i >= events.count) return;
    state.choose(i);
    const { from, to } = state, at = events.time[i];
    if (at < from || at > to) state.show(at - (to - from) / 2, at + (to - from) / 2);
  }

  // The event that is nearest to a place, -1 where none is near.
  nearest(x, y) {
    let best = -1, least = 8;
    for (const [x1, y1, x2, y2, i] of this.drawn) {
      const isMark = x1 === x2 && y1 === y2;
      const away = toSegment(x, y, x1, y1, x2, y2) - (isMark ? 2 : 0);
      if (away < least) { least = away; best = i; }
    }
    return best;
  }

  tellChosen() {
    const { state, events } = this;
    if (state.chosen < 0) {
      this.detail.textContent = "Choose an event or an arrow to see what it is and what led to it.";
      return;
    }
    const lit = state.cone ? state.cone.reduce((sum, each) => sum + each, 0) - 1 : 0;
    const way = this.cone.value === "effects" ? "It could have influenced" : "It could have been influenced by";
    const rest = state.cone ? ` ${way} ${lit.toLocaleString("en")} of ${events.count.toLocaleString("en")} events.` : "";
    this.detail.textContent = `${seconds(events.time[state.chosen])}: ${tell(this.data, events, state.chosen)}.${rest}`;
  }
}

function toSegment(x, y, x1, y1, x2, y2) {
  const dx = x2 - x1, dy = y2 - y1;
  const length = dx * dx + dy * dy;
  const share = length ? Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / length)) : 0;
  return Math.hypot(x - x1 - share * dx, y - y1 - share * dy);
}
