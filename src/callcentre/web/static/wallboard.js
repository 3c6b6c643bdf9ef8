// The wallboard: takes each new board that is pushed, counts on between them, and says so when it hears nothing more.
// The board of all lines comes from the server whole; what this page does not show is taken out here.

const CUT_OFF_MS = 12_000;
const RING_EVERY_MS = 15_000;
const LONGEST_PRESS_MS = 60_000;
const REMEMBERED = "callcentre.wallboard.sound";

const board = document.getElementById("board");
const chosen = board.dataset.lines.split(",").filter(Boolean);
let ahead = 0; // how far this machine's clock is ahead of the office's
let heard = performance.now();
let held = null; // a board that came while somebody pressed a link: what is replaced between down and up gets no click
let down = 0;

// --- the board ---------------------------------------------------------------------------------------------------

const leaveOut = (fresh) => {
  if (chosen.length) {
    for (const each of fresh.querySelectorAll("[data-line]")) {
      if (!chosen.includes(each.dataset.line)) each.remove();
    }
    const seen = new Set([...fresh.querySelectorAll(".tile")].map((tile) => tile.dataset.pbx));
    for (const each of fresh.querySelectorAll(".banner [data-pbx]")) {
      if (!seen.has(each.dataset.pbx)) each.remove();
    }
    for (const banner of fresh.querySelectorAll(".banner.alarm, .banner.blind:has([data-pbx])")) {
      if (!banner.querySelector("b")) banner.remove();
    }
    for (const banner of fresh.querySelectorAll('.banner.blind[data-key^="blind"]:not(:has(b))')) banner.remove();
    const tiles = fresh.querySelector(".tiles");
    tiles.className = `tiles n${Math.min(tiles.querySelectorAll(".tile").length, 21)}`;
  }
  return fresh;
};

const focusOf = (element) => {
  const link = element?.closest?.("#board a");
  return link ? { line: link.closest("[data-line]")?.dataset.line, at: [...board.querySelectorAll("a")].indexOf(link) } : null;
};

document.addEventListener("pointerdown", () => (down = performance.now()), true);
board.addEventListener("dragstart", (event) => event.preventDefault()); // a link that is dragged would stay pressed
const pressed = () => board.matches(":active") && performance.now() - down < LONGEST_PRESS_MS;

const show = (html, came) => {
  held = pressed() ? [html, came] : null;
  if (held) return;
  const made = document.createElement("template");
  made.innerHTML = html;
  const fresh = leaveOut(made.content);
  // An alarm that is told already stays the same element: a screen reader says it once, not at each new board.
  for (const banner of fresh.querySelectorAll(".banner[data-key]")) {
    const old = board.querySelector(`.banner[data-key="${CSS.escape(banner.dataset.key)}"]`);
    if (old) {
      old.querySelectorAll("time").forEach((time, n) => {
        const now = banner.querySelectorAll("time")[n];
        if (now) time.dataset.up = now.dataset.up;
      });
      banner.replaceWith(old);
    }
  }
  const focus = focusOf(document.activeElement);
  board.replaceChildren(fresh);
  if (focus) board.querySelectorAll("a")[focus.at]?.focus({ preventScroll: true });
  synchronise(came);
  tick();
  ring();
};

const synchronise = (came) => {
  ahead = came - Number(board.querySelector(".totals").dataset.now);
};

// --- time --------------------------------------------------------------------------------------------------------

const length = (ms) => {
  const whole = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
};

const clock = document.getElementById("clock");
const civil = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: clock.dataset.zone });

const tick = () => {
  if (held && !pressed()) return show(...held);
  const now = Date.now() - ahead;
  clock.textContent = civil.format(now);
  for (const each of board.querySelectorAll("[data-up]")) each.textContent = length(now - Number(each.dataset.up));
  for (const each of board.querySelectorAll("[data-target]")) {
    const first = each.querySelector("[data-up]");
    each.classList.toggle("late", Boolean(first) && now - Number(first.dataset.up) > Number(each.dataset.target) * 1000);
  }
  const lost = performance.now() - heard > CUT_OFF_MS;
  if (lost !== "lost" in document.body.dataset) {
    if (lost) document.body.dataset.lost = "yes";
    else delete document.body.dataset.lost;
    document.getElementById("lost-since").textContent = civil.format(now - (performance.now() - heard));
    document.getElementById("lost").hidden = !lost;
    ring();
  }
};

// --- the alarm's sound: made here, by choice; browsers want a click before the first one ---------------------------

const sound = document.getElementById("sound");
let audio = null;
let rang = -Infinity;

const wanted = () => {
  try {
    return localStorage.getItem(REMEMBERED) === "on";
  } catch {
    return sound.getAttribute("aria-pressed") === "true";
  }
};

const remember = (on) => {
  try {
    localStorage.setItem(REMEMBERED, on ? "on" : "off");
  } catch {
    // Storage is not allowed: the choice lasts as long as the page.
  }
};

const tone = (pitch, from, lasts) => {
  const [swings, loud] = [audio.createOscillator(), audio.createGain()];
  swings.type = "triangle";
  swings.frequency.value = pitch;
  loud.gain.setValueAtTime(0, from);
  loud.gain.linearRampToValueAtTime(0.5, from + 0.02);
  loud.gain.setValueAtTime(0.5, from + lasts - 0.05);
  loud.gain.linearRampToValueAtTime(0, from + lasts);
  swings.connect(loud).connect(audio.destination);
  swings.start(from);
  swings.stop(from + lasts);
};

const ring = () => {
  if (!wanted() || audio?.state !== "running") return;
  const alarm = board.querySelector(".tile.breach") || "lost" in document.body.dataset;
  if (!alarm) {
    rang = -Infinity;
  } else if (performance.now() - rang > RING_EVERY_MS) {
    rang = performance.now();
    [880, 660, 880, 660].forEach((pitch, n) => tone(pitch, audio.currentTime + n * 0.28, 0.25));
    board.dispatchEvent(new CustomEvent("rang"));
  }
};

const said = () => {
  const on = wanted();
  const silent = on && audio?.state !== "running";
  sound.setAttribute("aria-pressed", String(on));
  sound.textContent = silent ? "Sound: click to allow" : on ? "Sound on" : "Sound off";
};

sound.addEventListener("click", async () => {
  const on = !wanted() || audio?.state !== "running";
  remember(on);
  sound.setAttribute("aria-pressed", String(on));
  if (on) {
    audio ??= new AudioContext();
    await audio.resume();
    tone(660, audio.currentTime, 0.15);
  }
  said();
  ring();
});
sound.hidden = !("AudioContext" in window);
said();

// --- the screen ----------------------------------------------------------------------------------------------------

const full = document.getElementById("full");
full.hidden = !document.fullscreenEnabled;
full.addEventListener("click", () =>
  document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen(),
);
document.addEventListener("fullscreenchange", () => {
  full.textContent = document.fullscreenElement ? "Leave full screen" : "Full screen";
});
const awake = () => navigator.wakeLock?.request("screen").catch(() => {});
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && awake());
awake();

synchronise(Date.now());
tick();
setInterval(tick, 250);
setInterval(ring, 1000);

// A stream that breaks off is opened again by the browser; one that is refused (a restart, a session that ended) here.
const follow = () => {
  const stream = new EventSource("/wallboard/events");
  stream.addEventListener("wallboard", (event) => {
    heard = performance.now();
    show(event.data, Date.now());
  });
  stream.addEventListener("error", async () => {
    if (stream.readyState !== EventSource.CLOSED) return;
    setTimeout(follow, 5000);
    const page = await fetch(location.href).catch(() => null);
    if (page?.redirected) location.reload();
  });
};
follow();
