// Who reaches whom at one moment, and what the controllers believe about it.

const DENSE = 10; // from here on a cell has room for one sign, and is empty where all is well

const BELIEVED = { 1: "holds it alive", 0: "suspects it", "-1": "holds it failed or gone" };

class Matrix {
  constructor(data, state, place) {
    this.data = data;
    this.state = state;
    this.title = element("b", { "aria-live": "polite" });
    this.slider = element("input", { type: "range", min: 0, max: 1000, value: 0, "aria-label": "the moment that is shown",
      oninput: () => state.moveTo((this.slider.value / 1000) * data.endsUs) });
    this.cells = [];
    place.append(element("p", {}, this.title), this.slider, element("div", { class: "scroll" }, this.table()));
  }

  table() {
    const { hosts } = this.data;
    const head = element("tr", {}, element("th", { class: "corner" }, "from ↓ to →"), ...hosts.map((host) => element("th", { scope: "col" }, host)));
    const rows = hosts.map((host, i) => {
      const cells = hosts.map((_, j) => {
        const cell = element("td");
        this.cells[i * hosts.length + j] = cell;
        return cell;
      });
      return element("tr", {}, element("th", { scope: "row" }, host), ...cells);
    });
    return element("table", { class: hosts.length > DENSE ? "matrix dense" : "matrix" }, element("thead", {}, head), element("tbody", {}, ...rows));
  }

  // What of a list of changes counts at the moment, by pair; a controller that starts believes nothing.
  standing(changes, restarts) {
    const found = new Map();
    const { hosts } = this.data;
    const forget = restarts ? this.data.lives.slice() : [];
    for (const [time, i, j, value] of changes) {
      if (time > this.state.moment) break;
      while (forget.length && forget[0][0] <= time) this.clear(found, forget.shift()[1]);
      found.set(i * hosts.length + j, value);
    }
    while (forget.length && forget[0][0] <= this.state.moment) this.clear(found, forget.shift()[1]);
    return found;
  }

  clear(found, host) {
    const count = this.data.hosts.length;
    for (let j = 0; j < count; j++) found.delete(host * count + j);
  }

  draw() {
    const { data, state } = this;
    const count = data.hosts.length;
    const runs = new Map();
    for (const [time, host, is] of data.lives) if (time <= state.moment) runs.set(host, is);
    const reach = this.standing(data.reach, false);
    const beliefs = this.standing(data.beliefs, true);
    const wrong = data.troubles.filter((one) => one.beginsUs !== null && one.beginsUs <= state.moment && state.moment < one.endsUs);
    this.title.textContent = `At ${seconds(state.moment, 3)}`;
    if (document.activeElement !== this.slider) this.slider.value = (state.moment / data.endsUs) * 1000;
    for (let i = 0; i < count; i++) {
      this.drawSelf(this.cells[i * count + i], i, runs.get(i), wrong.filter((one) => one.hosts.includes(i)));
      for (let j = 0; j < count; j++) {
        if (i !== j) this.drawCell(this.cells[i * count + j], i, j, runs, reach.get(i * count + j), beliefs.get(i * count + j));
      }
    }
  }

  // A slow disk or a clock that jumps cuts nothing: it stands where a host meets itself.
  drawSelf(cell, i, runs, wrong) {
    const host = this.data.hosts[i];
    const sign = wrong.length ? "!" : "";
    cell.className = `self ${runs ? "" : "down"} ${sign && "wrong"}`;
    cell.textContent = this.data.hosts.length > DENSE ? sign : `${runs ? "runs" : "down"}${sign}`;
    cell.title = [`${host} ${runs ? "runs" : "does not run"}`, ...wrong.map((one) => one.words)].join("; ");
  }

  drawCell(cell, i, j, runs, passes, belief) {
    const [from, to] = [this.data.hosts[i], this.data.hosts[j]];
    const sign = belief === undefined ? "" : belief === 1 ? "♥" : belief === 0 ? "?" : "†";
    cell.className = `${passes ? "open" : "cut"} ${belief === undefined ? "" : belief === 1 ? "alive" : "doubt"}`;
    const isWell = passes && belief === 1;
    cell.textContent = this.data.hosts.length <= DENSE ? `${passes ? "→" : "✕"}${sign}` : isWell ? "" : belief === 1 ? "✕" : sign;
    const told = belief === undefined || !runs.get(i) ? `${from} does not know ${to}` : `${from} ${BELIEVED[belief]}`;
    cell.title = `${from} ${passes ? "reaches" : "does not reach"} ${to}; ${told}`;
  }
}
