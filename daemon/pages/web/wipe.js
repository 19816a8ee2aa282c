// Before and after, frame by frame. Frames are still pictures drawn on a canvas at their own size:
// a <video> does not stop on the frame that it is asked for.

const KEPT = 48;
const AHEAD = 6;
const dialog = document.getElementById("wipe");
const stage = document.getElementById("wipe-stage");
const picture = document.getElementById("wipe-picture");
const canvas = document.getElementById("wipe-canvas");
const line = document.getElementById("wipe-line");
const fault = document.getElementById("wipe-fault");
const split = document.getElementById("wipe-split");
const slider = document.getElementById("wipe-frames");
const play = document.getElementById("wipe-play");
const zoom = document.getElementById("wipe-zoom");
const pen = canvas.getContext("2d", { alpha: false });

let version = null;
let place = 0;
let mode = "wipe";
let playing = 0;
const pairs = new Map();

function load(id, frame, side) {
  const image = new Image();
  image.src = `/media/versions/${id}/frames/${side}/${frame}`;
  return image.decode().then(() => image);
}

function pair(index) {
  const key = version.frames[index].frame;
  if (!pairs.has(key)) {
    const both = Promise.all([load(version.id, key, "before"), load(version.id, key, "after")]);
    both.catch(() => pairs.delete(key));
    pairs.set(key, both);
    if (pairs.size > KEPT) pairs.delete(pairs.keys().next().value);
  }
  return pairs.get(key);
}

function say(text) {
  fault.textContent = text;
  fault.hidden = !text;
}

async function draw() {
  if (!version) return;
  const drawn = version;
  const { frame, timecode } = version.frames[place];
  let before, after;
  try {
    [before, after] = await pair(place);
  } catch {
    if (drawn === version && version.frames[place].frame === frame) say(`Frame ${frame} could not be loaded.`);
    return;
  }
  // A person may have moved on while the pictures came.
  if (drawn !== version || version.frames[place].frame !== frame) return;
  say("");
  paint(before, after);
  document.getElementById("wipe-frame").textContent = frame;
  document.getElementById("wipe-timecode").textContent = timecode;
  canvas.dataset.frame = frame;
  for (let next = 1; next <= AHEAD && next < version.frames.length; next += 1) {
    pair((place + next) % version.frames.length).catch(() => {});
  }
}

function paint(before, after) {
  const { naturalWidth: width, naturalHeight: height } = after;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
    fit();
  }
  pen.globalCompositeOperation = "source-over";
  pen.filter = "none";
  pen.drawImage(mode === "before" ? before : after, 0, 0, width, height);
  if (mode === "wipe") {
    const edge = Math.round((width * split.value) / 1000);
    if (edge > 0) pen.drawImage(before, 0, 0, edge, height, 0, 0, edge, height);
    line.style.left = `${split.value / 10}%`;
  } else if (mode === "difference") {
    pen.globalCompositeOperation = "difference";
    pen.drawImage(before, 0, 0, width, height);
    pen.globalCompositeOperation = "lighter";
    // Adding the picture to itself three times makes it eight times as bright.
    for (let twice = 0; twice < 3; twice += 1) pen.drawImage(canvas, 0, 0);
  }
  line.hidden = mode !== "wipe";
}

function fit() {
  const one = zoom.getAttribute("aria-pressed") === "true";
  stage.classList.toggle("one", one);
  const style = getComputedStyle(stage);
  const room = {
    width: stage.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight),
    height: stage.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom),
  };
  const ratio = one ? 1 / devicePixelRatio : Math.min(room.width / canvas.width, room.height / canvas.height);
  canvas.style.width = `${canvas.width * ratio}px`;
  canvas.style.height = `${canvas.height * ratio}px`;
}

function goTo(index) {
  const count = version.frames.length;
  place = ((index % count) + count) % count;
  slider.value = place;
  return draw();
}

function setMode(name) {
  mode = name;
  for (const button of dialog.querySelectorAll("[data-mode]")) {
    button.setAttribute("aria-pressed", String(button.dataset.mode === name));
  }
  split.disabled = name !== "wipe";
  picture.style.cursor = name === "wipe" ? "" : "default";
  draw();
}

function stop() {
  cancelAnimationFrame(playing);
  playing = 0;
  play.textContent = "Play";
}

function start() {
  const [top, bottom = 1] = (version.rate || "24").split("/").map(Number);
  const length = (1000 * bottom) / top;
  let last = performance.now();
  let busy = false;
  play.textContent = "Stop";
  const step = (now) => {
    playing = requestAnimationFrame(step);
    // Of a long shot only some frames are there: each stands for as long as those after it that are not.
    const gap = (version.frames[place + 1]?.frame ?? version.frames[place].frame + 1) - version.frames[place].frame;
    if (busy || now - last < length * gap) return;
    last = now;
    busy = true;
    goTo(place + 1).finally(() => { busy = false; });
  };
  playing = requestAnimationFrame(step);
}

async function open(id) {
  stop();
  const answer = await fetch(`/api/versions/${id}/compare`).catch(() => null);
  if (!answer?.ok) return;
  version = await answer.json();
  pairs.clear();
  canvas.width = canvas.height = 1;
  document.getElementById("wipe-code").textContent = version.code;
  slider.max = version.frames.length - 1;
  split.value = 500;
  zoom.setAttribute("aria-pressed", "false");
  const alone = version.frames.length === 1;
  for (const part of [play, slider, document.getElementById("wipe-back"), document.getElementById("wipe-on")]) part.disabled = alone;
  if (!dialog.open) dialog.showModal();
  history.replaceState(null, "", `#compare-${id}`);
  setMode("wipe");
  goTo(Math.floor(version.frames.length / 2));
}

function wipeTo(event) {
  const box = canvas.getBoundingClientRect();
  split.value = Math.round((1000 * (event.clientX - box.left)) / box.width);
  draw();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-compare]");
  if (button) open(button.dataset.compare);
});
picture.addEventListener("pointerdown", (event) => {
  // At 1:1 a finger moves the picture; the slider wipes.
  if (mode !== "wipe" || (event.pointerType === "touch" && stage.classList.contains("one"))) return;
  picture.setPointerCapture(event.pointerId);
  wipeTo(event);
});
picture.addEventListener("pointermove", (event) => {
  if (picture.hasPointerCapture(event.pointerId)) wipeTo(event);
});
split.addEventListener("input", draw);
slider.addEventListener("input", () => { stop(); goTo(Number(slider.value)); });
document.getElementById("wipe-back").addEventListener("click", () => { stop(); goTo(place - 1); });
document.getElementById("wipe-on").addEventListener("click", () => { stop(); goTo(place + 1); });
play.addEventListener("click", () => (playing ? stop() : start()));
zoom.addEventListener("click", () => {
  zoom.setAttribute("aria-pressed", String(zoom.getAttribute("aria-pressed") !== "true"));
  fit();
});
dialog.querySelector(".modes").addEventListener("click", (event) => {
  const button = event.target.closest("[data-mode]");
  if (button) setMode(button.dataset.mode);
});
document.getElementById("wipe-close").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => {
  stop();
  version = null;
  history.replaceState(null, "", location.pathname + location.search);
});
dialog.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const range = event.target.matches("input[type=range]");
  const keys = {
    ArrowLeft: () => { stop(); goTo(place - 1); },
    ArrowRight: () => { stop(); goTo(place + 1); },
    Home: () => goTo(0),
    End: () => goTo(version.frames.length - 1),
    w: () => setMode("wipe"),
    b: () => setMode("before"),
    a: () => setMode("after"),
    d: () => setMode("difference"),
    z: () => zoom.click(),
  };
  if (event.key === " " && !event.target.matches("button")) keys[" "] = () => play.click();
  const does = keys[event.key];
  if (!does || (range && event.key.length > 1)) return;
  event.preventDefault();
  does();
});
new ResizeObserver(() => { if (version) fit(); }).observe(stage);

const asked = /^#compare-(\d+)$/.exec(location.hash);
if (asked) open(asked[1]);
