// The recording, unpacked: typed columns for what is long, plain lists for what is short.
//
// Everything that happened on a host is one event, and events are numbered in the order in which
// the world did them. So "before" is a comparison of two small numbers.

const SENT = 0, ARRIVED = 1, MARK = 2;

async function unpack(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

function readEvents(data) {
  const { op, ref, dt } = data.log;
  const count = op.length;
  const events = {
    count,
    op: Uint8Array.from(op),
    time: new Float64Array(count),
    host: new Int16Array(count),
    about: new Int32Array(count), // the message, or the mark
  };
  const mail = data.mail;
  const letters = mail.source.length;
  const sentAt = new Int32Array(letters).fill(-1);
  const arrivedAt = new Int32Array(letters).fill(-1);
  const markAt = new Int32Array(data.marks.length).fill(-1);
  let time = 0, sent = 0;
  for (let i = 0; i < count; i++) {
    time += dt[i];
    events.time[i] = time;
    if (op[i] === SENT) {
      events.about[i] = sent;
      events.host[i] = mail.source[sent];
      sentAt[sent++] = i;
    } else if (op[i] === ARRIVED) {
      const letter = sent - ref[i];
      events.about[i] = letter;
      events.host[i] = mail.target[letter];
      if (arrivedAt[letter] < 0) arrivedAt[letter] = i;
    } else {
      events.about[i] = ref[i];
      events.host[i] = data.marks[ref[i]][0];
      markAt[ref[i]] = i;
    }
  }
  return { ...events, letters, sentAt, arrivedAt, markAt, latest: latestEnds(data, events, sentAt, arrivedAt) };
}

// For each message the latest moment at which it or an earlier one was still under way: ascending,
// so that those that are in a window are found by halving.
function latestEnds(data, events, sentAt, arrivedAt) {
  const latest = new Float64Array(sentAt.length);
  let last = 0;
  for (let i = 0; i < latest.length; i++) {
    last = Math.max(last, endOf(data, events, sentAt, arrivedAt, i));
    latest[i] = last;
  }
  return latest;
}

function endOf(data, events, sentAt, arrivedAt, letter) {
  if (arrivedAt[letter] >= 0) return events.time[arrivedAt[letter]];
  return events.time[sentAt[letter]] + data.mail.lostAfter[letter];
}

// The first place in ascending `values` that is not below `wanted`.
function lowerBound(values, wanted) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < wanted) low = middle + 1; else high = middle;
  }
  return low;
}

function hostName(data, number) {
  return number < data.hosts.length ? data.hosts[number] : data.others[number - data.hosts.length];
}

// What an event is, in words.
function tell(data, events, i) {
  const host = hostName(data, events.host[i]);
  const about = events.about[i];
  if (events.op[i] === MARK) return `${host} ${data.texts[data.marks[about][2]]}`;
  const mail = data.mail;
  const kind = data.texts[mail.kind[about]];
  const words = data.texts[mail.words[about]];
  const detail = words ? `: ${words}` : "";
  const way = mail.stream[about] ? "connection" : "datagram";
  const size = `${mail.bytes[about].toLocaleString("en")} bytes, ${way}`;
  if (events.op[i] === ARRIVED) return `${host} hears ${kind} from ${hostName(data, mail.source[about])}${detail} (${size})`;
  const target = hostName(data, mail.target[about]);
  const fate = events.arrivedAt[about] >= 0
    ? `arrives after ${duration(events.time[events.arrivedAt[about]] - events.time[i])}`
    : mail.why[about] ? `lost: ${lossWords(data, data.texts[mail.why[about]])}` : "still under way at the end";
  return `${host} sends ${kind} to ${target}${detail} (${size}; ${fate})`;
}

// A fault that lost a message is named by its number and kind; people want its words.
function lossWords(data, why) {
  const fault = data.troubles.find((one) => one.name === why);
  return fault ? fault.words : why;
}

function seconds(us, digits = 6) {
  return `${(us / 1e6).toFixed(digits)} s`;
}

function duration(us) {
  if (us < 1e3) return `${Math.round(us)} µs`;
  if (us < 1e6) return `${(us / 1e3).toPrecision(3)} ms`;
  return `${(us / 1e6).toPrecision(3)} s`;
}
