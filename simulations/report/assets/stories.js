// What happened as a list, each ChangeSet as a story, and how writes spread.

const BADGES = { effective: "good", "set aside": "fault", cancelled: "soft", "cancelled here": "soft", pending: "soft", "in doubt": "bad" };

function drawMoments(data, state, place) {
  const items = data.moments.map(([time, sort, words]) => element("li", { class: sort },
    element("button", { type: "button", onclick: () => state.visit(time) },
      element("time", {}, (time / 1e6).toFixed(3)), element("span", {}, words))));
  const list = element("ol", { class: "moments", tabindex: 0, "aria-label": "what happened, in the order of time" }, ...items);
  place.append(list);
  const bad = items.find((item) => item.className === "bad");
  if (bad) list.scrollTop = bad.offsetTop - list.offsetTop - list.clientHeight / 2;
}

function drawStories(data, state, place) {
  const early = data.stories.filter((story) => story.early);
  const own = data.stories.filter((story) => !story.early);
  if (!own.length) place.append(element("p", { class: "note" }, "Nobody asked for a change after the assembly."));
  // Open: what the broken rule names, or else what had trouble, or else the first.
  const opened = [own.filter((one) => one.accused), own.filter((one) => one.outcome !== "effective"), own].find((some) => some.length) || [];
  for (const story of own) place.append(drawStory(data, state, story, opened.slice(0, 3).includes(story)));
  if (early.length) {
    place.append(element("details", { class: "early" },
      element("summary", {}, `How the mesh assembled: ${early.length} ChangeSets that admit its controllers`),
      ...early.map((story) => drawStory(data, state, story, false))));
  }
}

function drawStory(data, state, story, isOpen) {
  const badge = element("span", { class: `badge ${BADGES[story.outcome] || "soft"}` }, story.outcome);
  const kind = (story.kind === "normal" ? "" : ` (${story.kind})`) + (story.number > 1 ? `, attempt ${story.number}` : "");
  const accused = story.accused ? element("span", { class: "badge bad" }, "named by the broken rule") : "";
  const head = element("summary", {}, element("b", {}, `“${story.name}”${kind} `), badge, " ", accused, element("span", { class: "soft" }, ` ${seconds(story.proposedUs, 3)}`));
  const commands = element("pre", {}, story.commands.join("\n"));
  const visit = element("button", { type: "button", onclick: () => state.visit(story.proposedUs, storyEnd(story) - story.proposedUs) }, "see it in the diagram");
  return element("details", { class: "story", open: isOpen }, head, commands,
    element("p", {}, story.sentences.join(" ")), element("div", { class: "scroll" }, storyTable(story)), visit);
}

function storyEnd(story) {
  const shown = story.shown.filter(([, , isOnTime]) => isOnTime).map(([time]) => time);
  const votes = story.marks.map(([time]) => time);
  return Math.max(story.proposedUs + 1000, ...(shown.length ? shown : votes));
}

// One line for each host: when it did what, counted from the proposal.
function storyTable(story) {
  const hosts = [...new Set([...story.participants, ...story.marks.map((mark) => mark[1]), ...story.shown.map((each) => each[1])])];
  const after = (time) => (time === undefined ? "–" : time === story.proposedUs ? "at once" : `+${duration(time - story.proposedUs)}`);
  const first = (host, sort) => story.marks.find((mark) => mark[1] === host && mark[2] === sort);
  const rows = hosts.map((host) => {
    const seal = first(host, "seal"), no = first(host, "no"), applied = first(host, "applied");
    const shown = story.shown.find((each) => each[1] === host);
    const refusal = no ? element("span", { class: "bad" }, `${seal ? ", then " : ""}✖ No ${after(no[0])}: ${no[3]}`) : "";
    const vote = element("td", {}, seal ? `■ ${after(seal[0])}` : no ? "" : "–", refusal);
    const with_ = element("td", { class: "soft" }, seal ? seal[3] : "");
    const see = element("td", {}, shown ? `▲ ${after(shown[0])}${shown[2] ? "" : shown[3] ? " (did not wait)" : " (later)"}` : "–");
    return element("tr", {}, element("th", { scope: "row" }, host), vote, with_, element("td", {}, applied ? `● ${after(applied[0])}` : "–"), see, element("td", { class: "soft" }, story.ends[host] || ""));
  });
  const titles = ["host", "sealed", "together with", "applied", "shown", "in the end"];
  return element("table", { class: "votes" }, element("thead", {}, element("tr", {}, ...titles.map((title) => element("th", { scope: "col" }, title)))), element("tbody", {}, ...rows));
}

function drawWrites(data, state, place) {
  const total = data.hosts.length;
  const rows = data.writes.map((write) => {
    const last = write.knows.length ? Math.max(...write.knows.map(([, time]) => time)) : write.atUs;
    const isAll = write.knows.length >= total;
    return { write, took: isAll ? last - write.atUs : Infinity, share: `${write.knows.length} of ${total}` };
  }).sort((a, b) => b.took - a.took).slice(0, 12);
  if (!rows.length) { place.append(element("p", { class: "note" }, "Nothing was written.")); return; }
  const body = rows.map(({ write, took, share }) => element("tr", {},
    element("td", {}, element("button", { type: "button", onclick: () => state.visit(write.atUs) }, seconds(write.atUs, 3))),
    element("td", {}, hostName(data, Math.max(0, write.host))), element("td", {}, `${write.removes ? "removes " : ""}${write.path}`),
    element("td", {}, share), element("td", { class: took === Infinity ? "bad" : "" }, took === Infinity ? "never all" : duration(took))));
  const titles = ["when", "written on", "entry", "hosts that know it", "until all knew"];
  place.append(element("div", { class: "scroll" }, element("table", {}, element("thead", {}, element("tr", {}, ...titles.map((title) => element("th", { scope: "col" }, title)))), element("tbody", {}, ...body))));
}
