// The callbacks' pages by keyboard, and the messages' players. A key does what the button, link or field marked with it
// does (data-key): of the row that one is at, else of the page. Keys do nothing while somebody types.

import { passed, refresh, say, send } from "./app.js";

const OFF = "keys are off";
const help = document.getElementById("help");

// --- rows ------------------------------------------------------------------------------------------------------------

let here = null;
const rows = () => [...document.querySelectorAll("[data-row]")];
const row = () => document.activeElement?.closest("[data-row]") ?? (here && document.getElementById(here));

const settle = (one) => {
  for (const other of rows()) other.toggleAttribute("data-here", other === one);
  here = one?.id ?? null;
};

const move = (by) => {
  const all = rows(), at = all.indexOf(row());
  const next = all[Math.min(Math.max(at < 0 ? 0 : at + by, 0), all.length - 1)];
  next?.querySelector("[data-open]").focus();
};

document.addEventListener("focusin", (event) => {
  const one = event.target.closest?.("[data-row]");
  if (one) settle(one);
});

// The row that one was at went away (somebody else has it now): the one in its place is next.
let place = 0;
document.addEventListener("renewed", (event) => {
  if (event.target.id !== "queue" || !here) return;
  const one = document.getElementById(here) ?? rows()[Math.min(place, rows().length - 1)];
  const lost = document.activeElement === document.body && one?.id !== here;
  settle(one ?? null);
  if (lost) one?.querySelector("[data-open]").focus({ preventScroll: true });
});
setInterval(() => {
  const at = rows().findIndex((one) => one.id === here);
  if (at >= 0) place = at;
}, 500);

// --- keys ------------------------------------------------------------------------------------------------------------

const visible = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;
const found = (key) => {
  if (key === "p" && heard?.isConnected && heard.currentTime > 0 && !heard.ended) return playOf(heard);
  const all = [...document.querySelectorAll("[data-key]")].filter((one) => one.dataset.key === key);
  const call = all.find((one) => one.closest("#call"));
  return call ?? all.find((one) => row()?.contains(one)) ?? all.find((one) => !one.closest("[data-row]"));
};

const press = (target) => {
  if (target.disabled) {
    const why = document.getElementById(target.getAttribute("aria-describedby"));
    return say(why?.textContent ?? "That cannot be done now");
  }
  if (/^(TEXTAREA|SELECT)$/.test(target.tagName) || /^(text|search|tel)$/.test(target.type)) {
    target.closest("details")?.setAttribute("open", "");
    return target.focus();
  }
  if (target.tagName === "SUMMARY") {
    target.parentElement.open = true;
    return target.parentElement.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  }
  target.click();
};

const ARROWS = { ArrowDown: "j", ArrowUp: "k" };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.key === "Escape" && event.target.matches("input, textarea, select")) return event.target.blur();
  if (event.target.matches("input:not([type=checkbox], [type=radio]), textarea, select, audio, dialog *")) return;
  if (localStorage.getItem(OFF) && event.key !== "?") return;
  const key = rows().length ? (ARROWS[event.key] ?? event.key) : event.key;
  if (key === "o" && document.getElementById("outcome")) {
    event.preventDefault();
    return goTo("outcome");
  }
  const target = found(key);
  if (!target || (!visible(target) && !target.classList.contains("keys-only"))) return;
  event.preventDefault();
  press(target);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button");
  if (button?.dataset.move) move(Number(button.dataset.move));
  if (button && "help" in button.dataset) showHelp();
});

const wordsOf = (element) => {
  const copy = element.cloneNode(true);
  copy.querySelectorAll("kbd").forEach((one) => one.remove());
  return copy.textContent.trim();
};

const showHelp = () => {
  const list = help.querySelector("[data-keys]");
  const words = new Map();
  for (const one of document.querySelectorAll("[data-key]")) {
    words.set(one.dataset.key, one.getAttribute("aria-label") ?? wordsOf(one.labels?.[0] ?? one));
  }
  if (rows().length) words.set("Enter", "Open");
  if (document.getElementById("outcome")) words.set("o", "Outcome");
  list.replaceChildren(
    ...[...words].flatMap(([key, label]) => {
      const term = document.createElement("dt");
      term.append(Object.assign(document.createElement("kbd"), { textContent: key }));
      return [term, Object.assign(document.createElement("dd"), { textContent: label })];
    }),
  );
  help.querySelector("[data-keys-off]").checked = Boolean(localStorage.getItem(OFF));
  help.showModal();
};
help?.addEventListener("change", (event) => {
  if (event.target.checked) localStorage.setItem(OFF, "yes");
  else localStorage.removeItem(OFF);
});

// --- players ---------------------------------------------------------------------------------------------------------

const SPEEDS = [1, 1.25, 1.5, 2];
const audioOf = (element) => element.closest("[data-player]").querySelector("audio");
const playOf = (audio) => audio.closest("[data-player]").querySelector("[data-play]");
let heard = null; // the one that was played last

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-player] button");
  if (!button) return;
  const audio = audioOf(button);
  if ("play" in button.dataset) {
    if (audio.paused) audio.play().catch(() => null);
    else audio.pause();
  }
  if (button.dataset.jump) audio.currentTime = Math.max(0, audio.currentTime + Number(button.dataset.jump));
  if ("speed" in button.dataset) {
    audio.playbackRate = SPEEDS[(SPEEDS.indexOf(audio.playbackRate) + 1) % SPEEDS.length];
    button.lastChild.textContent = `${audio.playbackRate}×`;
  }
});

for (const kind of ["play", "pause", "ended"]) {
  document.addEventListener(kind, (event) => {
    const player = event.target.closest?.("[data-player]");
    if (!player) return;
    const playing = !event.target.paused && !event.target.ended;
    playOf(event.target).firstChild.textContent = playing ? "Pause " : "Play ";
    const form = player.parentElement.querySelector("form.heard");
    if (playing) heard = event.target;
    if (playing && form && !form.dataset.sent) {
      form.dataset.sent = "yes";
      send(form);
    }
  }, true);
}
// A browser's own controls keep all keys to themselves: whoever clicks on them goes on with the page's.
let tabbed = 0;
document.addEventListener("keydown", (event) => {
  if (event.key === "Tab") tabbed = performance.now();
});
document.addEventListener("focusin", (event) => {
  if (event.target.tagName !== "AUDIO" || performance.now() - tabbed < 200) return;
  setTimeout(() => event.target.blur());
});
document.addEventListener("renewed", (event) => {
  for (const button of event.target.querySelectorAll("[data-speed]")) {
    button.lastChild.textContent = `${audioOf(button).playbackRate}×`;
  }
});
document.addEventListener("error", async (event) => {
  if (event.target.tagName !== "AUDIO" || !event.target.src) return;
  const headers = { Accept: "application/json", Range: "bytes=0-0" };
  const answer = await fetch(event.target.src, { headers }).catch(() => null);
  if (answer?.ok === false) say((await answer.json().catch(() => ({}))).detail ?? "The message cannot be played.");
}, true);

// --- a claim lasts while its page is in use --------------------------------------------------------------------------

let used = performance.now();
for (const kind of ["keydown", "pointerdown", "timeupdate"]) {
  document.addEventListener(kind, () => (used = performance.now()), { capture: true, passive: true });
}
setInterval(async () => {
  const lease = document.querySelector("[data-renew]");
  if (!lease || performance.now() - used > 60_000) return;
  const left = lease.dataset.lease - passed(lease);
  if (left <= 0 || left > (lease.dataset.whole * 2) / 3) return;
  const form = document.getElementById("renew");
  await send(form);
}, 5_000);

// --- begin -----------------------------------------------------------------------------------------------------------

const goTo = (name) => {
  const target = document.getElementById(name);
  target?.scrollIntoView({ block: "nearest" });
  target?.focus({ preventScroll: true });
};

if (location.hash === "#play") (document.querySelector('[data-play][data-key="p"]') ?? document.querySelector("[data-play]"))?.click();
else if (location.hash === "#note" || location.hash === "#outcome") goTo(location.hash.slice(1));
if (location.search.includes("done=")) setTimeout(refresh, 61_000);
