// The whole run, side by side in time: faults as a ribbon, and below it what they did.
//
// A press sets the moment that the matrix shows; a drag chooses the window of the diagram.

const LANE = 20;

class Overview {
  constructor(data, state, place) {
    this.data = data;
    this.state = state;
    this.rows = this.makeRows();
    this.bars = [];
    for (const row of this.rows) {
      row.canvas = element("canvas", { role: "img", "aria-label": row.title });
      row.now = element("span", { class: "now" });
      place.append(element("div", { class: "chart" },
        element("div", { class: "label" }, element("b", {}, row.title), element("span", { class: "hint" }, row.hint), row.now),
        row.canvas));
      this.listen(row.canvas);
    }
    this.lanes = packLanes(data.troubles);
  }

  makeRows() {
    const { data } = this;
    const whole = data.hosts.map((_, host) => data.bytes[host]);
    const perSecond = (whole[0] || []).map((_, second) => whole.reduce((sum, each) => sum + each[second], 0));
    const times = perSecond.map((_, second) => second * 1e6);
    const rows = [{ title: "Faults", hint: "what was broken on purpose; hatched: it made no difference", draw: (row) => this.drawRibbon(row) }];
    const charts = data.charts;
    if (charts.informed) rows.push(stepRow("Share informed", "of all entries and hosts: knows the last write", charts.informed, { top: 1, colour: "store", show: (v) => `${Math.round(v * 100)} %` }));
    rows.push(stepRow("Distinct views", "different opinions about who is alive; 1: all agree", charts.views, { colour: "member", show: String }));
    rows.push(stepRow("False suspicions", "running controllers that another one suspects", charts.suspicions, { colour: "bad", show: String }));
    rows.push(stepRow("Bytes sent", "by all controllers, in each second", [times, perSecond], { colour: "fact", show: bytes }));
    for (const row of rows) row.draw ||= (one) => this.drawSteps(one);
    return rows;
  }

  x(us, width) { return (us / this.data.endsUs) * width; }

  listen(canvas) {
    let from = null;
    const at = (event) => Math.max(0, Math.min(this.data.endsUs,
      ((event.clientX - canvas.getBoundingClientRect().left) / canvas.clientWidth) * this.data.endsUs));
    canvas.addEventListener("pointerdown", (event) => { from = at(event); canvas.setPointerCapture(event.pointerId); });
    canvas.addEventListener("pointermove", (event) => {
      if (from === null) return;
      const to = at(event);
      if (Math.abs(to - from) > this.data.endsUs / 200) this.state.show(Math.min(from, to), Math.max(from, to));
    });
    canvas.addEventListener("pointerup", (event) => {
      if (from !== null && Math.abs(at(event) - from) <= this.data.endsUs / 200) this.state.moveTo(at(event));
      from = null;
    });
  }

  draw() {
    this.palette = colours();
    for (const row of this.rows) row.draw(row);
  }

  // The window of the diagram, and the moment.
  drawState(context, width, height) {
    const { state, palette } = this;
    context.fillStyle = palette.cone;
    context.globalAlpha = 0.14;
    const left = this.x(state.from, width), right = this.x(state.to, width);
    context.fillRect(left, 0, Math.max(2, right - left), height);
    context.globalAlpha = 1;
    context.fillStyle = palette.ink;
    context.fillRect(this.x(state.moment, width) - 0.75, 0, 1.5, height);
  }

  drawPhases(context, width, height) {
    context.fillStyle = this.palette.line;
    context.globalAlpha = 0.35;
    context.fillRect(0, 0, this.x(this.data.beginsUs, width), height);
    context.globalAlpha = 1;
  }

  drawRibbon(row) {
    const lanes = Math.max(1, this.lanes.count);
    const { context, width, height } = fresh(row.canvas, lanes * LANE + 22);
    const { palette, data } = this;
    const bottom = height - 20;
    this.drawPhases(context, width, bottom);
    drawAxis(context, palette, { from: 0, to: data.endsUs }, 0, width, 0, bottom);
    this.bars = this.lanes.all.map(({ fault, lane, room }) => this.drawBar(context, width, fault, lane, room));
    if (!data.troubles.length) {
      context.fillStyle = palette.soft;
      context.textAlign = "left";
      context.textBaseline = "middle";
      context.fillText("none", 6, bottom / 2);
    }
    this.drawState(context, width, bottom);
    row.now.textContent = this.faultsNow();
  }

  drawBar(context, width, fault, lane, room) {
    const { palette } = this;
    const left = this.x(fault.beginsUs, width);
    const wide = Math.max(3, this.x(fault.endsUs, width) - left);
    const top = lane * LANE + 2;
    context.fillStyle = palette.fault;
    context.globalAlpha = fault.bit ? 0.85 : 0.3;
    context.fillRect(left, top, wide, LANE - 4);
    context.globalAlpha = 1;
    if (!fault.bit) { context.strokeStyle = palette.fault; context.setLineDash([3, 2]); context.strokeRect(left + 0.5, top + 0.5, wide - 1, LANE - 5); context.setLineDash([]); }
    context.textBaseline = "middle";
    context.textAlign = "left";
    const inside = fitted(context, fault.words, wide - 8);
    const until = room === null ? width : this.x(room, width);
    const outside = until - left - wide > 24 ? fitted(context, fault.words, until - left - wide - 8) : "";
    const isInside = inside.length >= outside.length;
    context.fillStyle = isInside && fault.bit ? palette.paper : palette.ink;
    context.fillText(isInside ? inside : outside, isInside ? left + 4 : left + wide + 4, top + LANE / 2 - 2);
    return fault;
  }

  faultsNow() {
    const now = this.state.moment;
    const at = this.data.troubles.filter((one) => one.beginsUs !== null && one.beginsUs <= now && now <= one.endsUs);
    return at.length ? `now: ${at.length === 1 ? at[0].words : `${at.length} at once`}` : "now: none";
  }

  drawSteps(row) {
    const { context, width, height } = fresh(row.canvas, 56);
    const { palette } = this;
    const [times, values] = row.steps;
    const top = row.top || Math.max(1, ...values);
    const y = (value) => height - 3 - (value / top) * (height - 18);
    this.drawPhases(context, width, height);
    context.beginPath();
    context.moveTo(0, y(0));
    let last = 0;
    times.forEach((time, i) => {
      const x = this.x(time, width);
      context.lineTo(x, y(last));
      context.lineTo(x, y(values[i]));
      last = values[i];
    });
    context.lineTo(width, y(last));
    context.strokeStyle = palette[row.colour];
    context.lineWidth = 1.5;
    context.stroke();
    context.lineTo(width, y(0));
    context.closePath();
    context.fillStyle = palette[row.colour];
    context.globalAlpha = 0.18;
    context.fill();
    context.globalAlpha = 1;
    context.fillStyle = palette.soft;
    context.textBaseline = "top";
    context.textAlign = "left";
    context.fillText(`up to ${row.show(Math.max(0, ...values))}`, 4, 1);
    this.drawState(context, width, height);
    row.now.textContent = `now: ${row.show(stepAt(times, values, this.state.moment))}`;
  }
}

function stepRow(title, hint, steps, more) {
  return { title, hint, steps, ...more };
}

function stepAt(times, values, moment) {
  const at = lowerBound(times, moment + 1) - 1;
  return at < 0 ? 0 : values[at];
}

function bytes(count) {
  if (count >= 1e6) return `${(count / 1e6).toPrecision(3)} MB`;
  return count >= 1e3 ? `${(count / 1e3).toPrecision(3)} kB` : `${count} B`;
}

// Faults that overlap lie in different lanes; `room` is where the next one in the lane begins.
function packLanes(troubles) {
  const ends = [], last = [], all = [];
  const happened = troubles.filter((one) => one.beginsUs !== null).sort((a, b) => a.beginsUs - b.beginsUs);
  for (const fault of happened) {
    let lane = ends.findIndex((end) => end < fault.beginsUs);
    if (lane < 0) lane = ends.length;
    const entry = { fault, lane, room: null };
    if (last[lane]) last[lane].room = fault.beginsUs;
    ends[lane] = fault.endsUs;
    last[lane] = entry;
    all.push(entry);
  }
  return { all, count: ends.length };
}
