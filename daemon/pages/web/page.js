// Keeps the page live: sections come as finished, escaped HTML over one stream of events.

const show = document.body.dataset.show;
const link = document.getElementById("link");
const words = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
let stream = null;
let silence = 0;

function ago(seconds) {
  if (Math.abs(seconds) < 5) return "now";
  if (Math.abs(seconds) < 60) return words.format(-Math.round(seconds / 5) * 5, "second");
  if (Math.abs(seconds) < 3600) return words.format(-Math.round(seconds / 60), "minute");
  if (Math.abs(seconds) < 86400) return words.format(-Math.round(seconds / 3600), "hour");
  return words.format(-Math.round(seconds / 86400), "day");
}

function tellTimes() {
  const now = Date.now() / 1000;
  for (const time of document.querySelectorAll("time[data-at]")) {
    const at = Number(time.dataset.at);
    time.title = new Date(at * 1000).toLocaleString();
    const text = ago(now - at);
    if (time.textContent !== text) time.textContent = text;
  }
}

// What a person has opened, scrolled or focused stays so when a section is replaced.
function replace(name, html) {
  const section = document.querySelector(`[data-section="${name}"]`);
  if (!section) return;
  const open = new Map([...section.querySelectorAll("details[id]")].map((d) => [d.id, d.open]));
  const strips = new Map([...section.querySelectorAll(".card[id] .strip")].map((s) => [s.closest(".card").id, s.scrollLeft]));
  const held = section.contains(document.activeElement) ? document.activeElement : null;
  const heldAt = held ? [...section.querySelectorAll("a, button, summary")].indexOf(held) : -1;
  section.innerHTML = html;
  for (const [id, was] of open) {
    const details = document.getElementById(id);
    if (details) details.open = was;
  }
  for (const [id, left] of strips) {
    const strip = document.querySelector(`#${id} .strip`);
    if (strip) strip.scrollLeft = left;
  }
  if (heldAt >= 0) section.querySelectorAll("a, button, summary")[heldAt]?.focus({ preventScroll: true });
}

function tell(text) {
  link.textContent = text;
  link.hidden = !text;
}

function heard() {
  silence = 0;
  tell("");
}

function listen() {
  stream?.close();
  stream = new EventSource(`/events${show ? `?show=${encodeURIComponent(show)}` : ""}`);
  stream.addEventListener("open", heard);
  stream.addEventListener("beat", heard);
  stream.addEventListener("sections", (event) => {
    heard();
    for (const [name, html] of Object.entries(JSON.parse(event.data))) replace(name, html);
    tellTimes();
    document.body.dataset.live = "yes";
  });
  stream.addEventListener("trouble", (event) => {
    silence = 0;
    tell(JSON.parse(event.data).words);
  });
  stream.addEventListener("error", () => {
    if (!document.hidden) tell("Wetgate does not answer. This page shows what was last known and tries again.");
  });
}

// A hidden page gives its connection back: browsers allow only a few to one host.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    stream?.close();
    stream = null;
  } else {
    listen();
  }
});

setInterval(() => {
  tellTimes();
  silence += 1;
  if (stream && (stream.readyState === EventSource.CLOSED || silence > 30)) {
    silence = 0;
    tell("Wetgate does not answer. This page shows what was last known and tries again.");
    listen();
  }
}, 1000);

tellTimes();
if (!document.hidden) listen();
