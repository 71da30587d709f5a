// Puts the page together: one state that all parts look at, and one redraw for each change.

class State {
  constructor(data, events) {
    this.data = data;
    this.events = events;
    this.bad = Array.from(events.markAt).filter((i) => i >= 0 && data.marks[events.about[i]][1] === "violated");
    this.chosen = this.bad.length ? this.bad[this.bad.length - 1] : -1;
    this.way = "causes";
    this.moment = this.bad.length ? events.time[this.chosen] : this.firstTrouble();
    this.from = 0;
    this.to = data.endsUs;
    this.listeners = [];
    this.relight();
  }

  firstTrouble() {
    const { troubles, beginsUs } = this.data;
    const first = troubles.find((one) => one.beginsUs !== null && one.bit);
    return first ? (first.beginsUs + first.endsUs) / 2 : beginsUs;
  }

  changed() {
    if (this.waits) return;
    this.waits = true;
    requestAnimationFrame(() => { this.waits = false; for (const listener of this.listeners) listener(); });
  }

  moveTo(us) {
    this.moment = us;
    if (us < this.from || us > this.to) this.show(us - (this.to - this.from) / 2, us + (this.to - this.from) / 2);
    this.changed();
  }

  // The window of the diagram, kept within the run and not shorter than a microsecond or so.
  show(from, to) {
    const length = Math.max(20, Math.min(to - from, this.data.endsUs * 1.03));
    this.from = Math.max(0, Math.min(from, this.data.endsUs + length * 0.2 - length));
    this.to = this.from + length;
    this.changed();
  }

  // Goes where something happened, and shows `length` of it.
  visit(us, length = 0) {
    const span = Math.max(length * 1.6, 8000);
    this.moment = us;
    this.show(us - span * 0.2, us + span * 0.8);
    document.getElementById("diagram").scrollIntoView({ behavior: "smooth", block: "start" });
  }

  // A window in which the last events before the violation can be told apart.
  showEnd() {
    if (!this.bad.length) { this.showFirst(); return; }
    const { events, cone } = this;
    const end = this.bad[this.bad.length - 1], to = events.time[end];
    let from = to, count = 0;
    for (let i = end; i >= 0 && count < 90; i--) {
      if (cone && !cone[i]) continue;
      // A silence that is long beside all that was seen so far ends the scene.
      if (count > 14 && from - events.time[i] > 0.7 * (to - from) + 200) break;
      from = events.time[i];
      count++;
    }
    const margin = Math.max(200, (to - from) * 0.1);
    this.show(from - margin, to + margin * 2.5);
  }

  // The ChangeSet that had most trouble, or the first one, or the first thing that happens.
  showFirst() {
    const own = this.data.stories.filter((one) => !one.early);
    const story = own.find((one) => one.kind === "merge") || own.find((one) => one.outcome !== "effective") || own[0];
    const at = story ? story.proposedUs : this.data.beginsUs;
    const length = story ? Math.min(storyEnd(story) - at, 60000) : 50000;
    this.show(at - length * 0.2, at + length * 1.3);
  }

  choose(event) {
    this.chosen = event;
    this.relight();
    this.changed();
  }

  light(way) {
    this.way = way;
    this.relight();
    this.changed();
  }

  relight() {
    const last = this.bad[this.bad.length - 1];
    const ends = this.chosen < 0 ? [] : this.chosen === last ? this.bad : [this.chosen];
    this.cone = !ends.length || this.way === "none" ? null : this.way === "effects" ? effectsOf(this.events, ends) : causesOf(this.events, ends);
  }
}

async function main() {
  const data = await unpack(document.getElementById("data").textContent);
  const events = readEvents(data);
  const state = new State(data, events);
  const place = (name) => document.getElementById(name);
  const overview = new Overview(data, state, place("overview"));
  const matrix = new Matrix(data, state, place("matrix"));
  const diagram = new Diagram(data, events, state, place("diagram"));
  drawMoments(data, state, place("moments"));
  drawStories(data, state, place("stories"));
  drawWrites(data, state, place("writes"));
  if (data.leftOut) place("left-out").textContent = `The first ${data.leftOut.toLocaleString("en")} messages are left out: this file is bounded.`;
  state.listeners.push(() => { overview.draw(); matrix.draw(); diagram.draw(); diagram.tellChosen(); });
  new ResizeObserver(() => state.changed()).observe(document.body);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => state.changed());
  place("copy").addEventListener("click", () => navigator.clipboard.writeText(place("replay").textContent));
  state.showEnd();
  const check = () => { place("drawn").textContent = JSON.stringify(drawn(data, events, state, overview, matrix, diagram)); };
  if (location.hash === "#check") state.listeners.push(check);
  for (const listener of state.listeners) listener();
}

// What was drawn, for whoever opens the page with #check to test it.
function drawn(data, events, state, overview, matrix, diagram) {
  return {
    hosts: data.hosts.length, messages: events.letters, marks: data.marks.length, events: events.count,
    troubles: overview.bars.length, charts: overview.rows.map((row) => row.title), cells: matrix.cells.length,
    wrong: data.hosts.filter((_, i) => matrix.cells[i * (data.hosts.length + 1)].classList.contains("wrong")),
    arrows: diagram.drawn.length - diagram.marksDrawn, marksDrawn: diagram.marksDrawn, arrowsInCone: diagram.inCone,
    cone: state.cone ? state.cone.reduce((sum, each) => sum + each, 0) : 0,
    stories: document.querySelectorAll("details.story").length, moments: data.moments.length,
    window: [state.from, state.to], chosen: state.chosen, moment: state.moment,
    colours: Array.from(document.querySelectorAll("canvas"), countColours), width: document.documentElement.clientWidth,
    overflows: document.documentElement.scrollWidth > document.documentElement.clientWidth,
  };
}

// How many different colours stand on a canvas: a blank one has at most one.
function countColours(canvas) {
  const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  return new Set(pixels).size;
}

main().catch((error) => {
  document.getElementById("failed").textContent = `The pictures could not be drawn: ${error}. A newer browser may help; the verdict above is complete.`;
  throw error;
});
