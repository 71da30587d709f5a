// What could have influenced what (Lamport 1978): along each host in time, and along each message.

// All events that happened before one of `ends`, and these.
function causesOf(events, ends) {
  const cone = new Uint8Array(events.count);
  const latest = new Int32Array(hostsOf(events)).fill(-1);
  const carried = new Uint8Array(events.letters);
  let last = -1;
  for (const end of ends) {
    latest[events.host[end]] = Math.max(latest[events.host[end]], end);
    last = Math.max(last, end);
  }
  for (let i = last; i >= 0; i--) {
    const host = events.host[i], about = events.about[i];
    if (events.op[i] === SENT && carried[about]) latest[host] = Math.max(latest[host], i);
    if (i > latest[host]) continue;
    cone[i] = 1;
    if (events.op[i] === ARRIVED) carried[about] = 1;
  }
  return cone;
}

// All events that one of `starts` could have influenced, and these.
function effectsOf(events, starts) {
  const cone = new Uint8Array(events.count);
  const earliest = new Int32Array(hostsOf(events)).fill(events.count);
  const carried = new Uint8Array(events.letters);
  for (const start of starts) earliest[events.host[start]] = Math.min(earliest[events.host[start]], start);
  for (let i = Math.min(...starts); i < events.count; i++) {
    const host = events.host[i], about = events.about[i];
    if (events.op[i] === ARRIVED && carried[about]) earliest[host] = Math.min(earliest[host], i);
    if (i < earliest[host]) continue;
    cone[i] = 1;
    if (events.op[i] === SENT) carried[about] = 1;
  }
  return cone;
}

function hostsOf(events) {
  return events.host.reduce((most, host) => Math.max(most, host), 0) + 1;
}
