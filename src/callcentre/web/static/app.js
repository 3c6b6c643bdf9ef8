// What every page does beyond its HTML. Everything works without it; with it, parts keep themselves up to date, forms
// are sent without leaving the page, and nothing that was typed is lost.
//
// <… id data-live="TOPIC">             is replaced, when the stream tells of TOPIC, by the same part of this page
// <… data-live="TOPIC" data-src="URL"> is filled with what URL answers
// <form data-send>                     is sent in the background; a refusal is shown, the text stays
// <… data-draft>                       is kept in this tab until it was sent
// <… data-left="90"> <… data-gone="5"> counts seconds down, or up

const root = document.documentElement;
const said = document.getElementById("said");
const user = document.querySelector(".who")?.dataset.user ?? "";
root.classList.add("has-script");

// A form that was sent before this ran and was refused is answered at its own address, where there is nothing to read.
// What it gave back is as if it had just been typed.
const given = new Set();
const own = document.querySelector('link[rel="canonical"]')?.href;
if (own && new URL(own).pathname !== location.pathname) {
  const sent = (one) => [one.getAttribute("action"), one.getAttribute("formaction")].includes(location.pathname);
  const form = [...document.querySelectorAll("form, [formaction]")].find(sent)?.closest("form");
  for (const field of form?.elements ?? []) given.add(field);
  history.replaceState(null, "", own);
}

const announcer = Object.assign(document.createElement("p"), { className: "aside" });
announcer.setAttribute("aria-live", "assertive");
document.body.append(announcer);

/** Show a few words for a while; `more` is a link or a button beside them. */
export const say = (words, more) => {
  const line = document.createElement("p");
  line.append(words);
  if (more) line.append(more);
  said.replaceChildren(line);
  clearTimeout(say.timer);
  say.timer = setTimeout(() => line.remove(), more ? 60_000 : 6_000);
};

const link = (href, words) => Object.assign(document.createElement("a"), { href, textContent: words });
const button = (words, onclick) => Object.assign(document.createElement("button"), { textContent: words, onclick });

// --- parts that keep themselves up to date ---------------------------------------------------------------------------

const typing = (element) => /^(INPUT|TEXTAREA|SELECT)$/.test(element?.tagName ?? "");
const changed = (field) =>
  field.type === "hidden" ? false
  : given.has(field) && field.value ? true
  : field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked
  : field.tagName === "SELECT" ? [...field.options].some((one) => one.selected !== one.defaultSelected && one.value)
  : field.value !== field.defaultValue;

let down = 0;
for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => (down = performance.now()), true);
/** What is replaced between a pointer's down and up gets no click. After a minute it is no press any more. */
const pressed = (part) => part.matches(":active") && performance.now() - down < 60_000;

/** Somebody presses a button of it, types in it, has typed in it, or listens to it: left alone until they are done. */
const busy = (part) =>
  pressed(part) ||
  (part.contains(document.activeElement) && typing(document.activeElement)) ||
  [...part.querySelectorAll("input, textarea, select")].some(changed) ||
  [...part.querySelectorAll("audio")].some((audio) => !audio.paused && !audio.ended);

let title = document.title;
let announced = ""; // of the call at one's telephone

const plain = (html) => html.replace(/name="(?:key|csrf)" value="[^"]*"/g, "");
const shown = new WeakMap();

/** Replace what can be, around that in which somebody types: a call that rings must be seen all the same. */
const putAround = (part, html) => {
  const fresh = [...new DOMParser().parseFromString(html, "text/html").body.children];
  for (const one of [...part.children]) if (!busy(one)) one.remove();
  const kept = [...part.children].map((one) => one.id);
  part.prepend(...fresh.filter((one) => !kept.includes(one.id)));
  part.dispatchEvent(new CustomEvent("renewed", { bubbles: true }));
};

const put = (part, html) => {
  if (plain(html) === shown.get(part)) return;
  if (busy(part)) {
    part.dataset.late = "yes";
    if (part.dataset.src) putAround(part, html);
    return;
  }
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const opened = [...part.querySelectorAll("details[open]")].map((one) => one.querySelector("summary").textContent);
  const place = focused && [...part.querySelectorAll("a[href], button")].indexOf(focused);
  const sounds = new Map([...part.querySelectorAll("audio")].map((one) => [one.getAttribute("src"), one]));
  part.innerHTML = html;
  shown.set(part, plain(html));
  for (const one of part.querySelectorAll("audio")) {
    const paused = sounds.get(one.getAttribute("src"));
    if (paused) one.replaceWith(paused); // it goes on where it was
  }
  for (const one of part.querySelectorAll("details")) {
    if (opened.includes(one.querySelector("summary").textContent)) one.open = true;
  }
  if (focused) {
    const again = (focused.id && document.getElementById(focused.id)) || part.querySelectorAll("a[href], button")[place];
    again?.focus({ preventScroll: true });
  }
  part.dispatchEvent(new CustomEvent("renewed", { bubbles: true }));
};

const fetched = async (url) => {
  const answer = await fetch(url, { headers: { "X-Part": "yes" } });
  if (answer.redirected && new URL(answer.url).pathname === "/login") loggedOut();
  return answer.ok && !answer.redirected ? answer.text() : null;
};

const refreshPage = async () => {
  const parts = [...document.querySelectorAll("[data-live][id]:not([data-src])")];
  if (!parts.length) return;
  const text = await fetched(location.pathname + location.search);
  if (text === null) return;
  const page = new DOMParser().parseFromString(text, "text/html");
  for (const part of parts) {
    const fresh = page.getElementById(part.id);
    if (!fresh) part.hidden = !busy(part);
    if (!fresh) continue;
    for (const { name, value } of fresh.attributes) part.setAttribute(name, value);
    for (const name of part.getAttributeNames()) {
      if (!fresh.hasAttribute(name) && name !== "data-late") part.removeAttribute(name);
    }
    put(part, fresh.innerHTML);
  }
  title = page.title;
  if (!announced) document.title = title;
  const token = document.querySelector('meta[name="csrf"]');
  token?.setAttribute("content", page.querySelector('meta[name="csrf"]')?.content ?? "");
};

const refreshPart = async (part) => {
  const text = await fetched(part.dataset.src).catch(() => null);
  if (text !== null) put(part, text);
};

/** At most one reading at a time, and no more than one a second; the last word is always read. */
const calmly = (read) => {
  let running = false, again = false;
  const run = async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    await read().catch(() => null);
    setTimeout(() => {
      running = false;
      if (again) {
        again = false;
        run();
      }
    }, 700);
  };
  return run;
};

const readPage = calmly(refreshPage);
const readers = new WeakMap();
const readPart = (part) => {
  if (!readers.has(part)) readers.set(part, calmly(() => refreshPart(part)));
  readers.get(part)();
};

/** Bring the parts of one topic, or all of them, up to date. */
export const refresh = (topic) => {
  const parts = [...document.querySelectorAll("[data-live]")].filter((part) => !topic || part.dataset.live === topic);
  parts.filter((part) => part.dataset.src).forEach(readPart);
  if (parts.some((part) => !part.dataset.src)) readPage();
};

const late = (event) => {
  const part = event.target.closest?.("[data-late]");
  if (!part) return;
  delete part.dataset.late;
  setTimeout(refresh, 300);
};
for (const kind of ["focusout", "pause", "ended"]) document.addEventListener(kind, late, true);
for (const kind of ["pointerup", "pointercancel", "dragend"]) {
  document.addEventListener(kind, () => document.querySelectorAll("[data-late]").forEach((part) => late({ target: part })));
}

// --- the stream ------------------------------------------------------------------------------------------------------

let source = null;

const listen = () => {
  const parts = [...document.querySelectorAll("[data-live]")];
  const topics = [...new Set(parts.map((part) => part.dataset.live))];
  if (!topics.length || !document.querySelector(".who") || source) return;
  source = new EventSource(`/events?topics=${encodeURIComponent(topics.join(","))}`);
  for (const topic of topics) {
    source.addEventListener(topic, (event) => {
      refresh(topic);
      document.dispatchEvent(new CustomEvent("told", { detail: { topic, data: event.data } }));
    });
  }
  source.addEventListener("open", () => {
    root.classList.remove("not-live");
    refresh(); // what happened since the page was made, or while there was no stream, was told to nobody
  });
  source.addEventListener("error", () => {
    root.classList.add("not-live");
    if (source?.readyState !== EventSource.CLOSED) return;
    source = null;
    refresh(); // it may be that one is logged out
    setTimeout(listen, 15_000);
  });
};

// Browsers open six connections to one host at most: pages in the background do without a stream, all but one of them.
const hush = () => {
  source?.close();
  source = null;
};
let release = null;
const seen = () => {
  if (document.hidden) {
    if (!navigator.locks) return hush();
    navigator.locks.request("callcentre-background", { ifAvailable: true }, (lock) => {
      if (!lock) return hush();
      return new Promise((done) => (release = done));
    });
    return;
  }
  release?.();
  if (source === null) {
    listen();
    refresh();
  }
};
document.addEventListener("visibilitychange", seen);

// --- forms -----------------------------------------------------------------------------------------------------------

const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");

const loggedOut = () => {
  const next = encodeURIComponent(location.pathname + location.search);
  say("You are logged out. What you typed is kept in this tab. ", link(`/login?next=${next}`, "Log in"));
};

const refused = (form, problem) => {
  const words = problem.detail ?? problem.title ?? "That did not work";
  const beside = problem.field && form.querySelector(`[data-wrong="${problem.field}"]`);
  if (beside) {
    beside.textContent = words;
    form.elements[problem.field]?.setAttribute?.("aria-invalid", "true");
    form.elements[problem.field]?.focus?.();
    return;
  }
  const top = document.getElementById("refusal");
  if (!top) return say(words);
  top.className = "alert";
  top.replaceChildren(Object.assign(document.createElement("p"), { textContent: words }));
  top.scrollIntoView({ block: "nearest" });
};

const forgive = (form) => {
  const top = document.getElementById("refusal");
  top?.replaceChildren();
  top?.classList.remove("alert");
  for (const one of form.querySelectorAll("[data-wrong]")) one.textContent = "";
  for (const one of form.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
};

const queues = new Map(); // of each form: what was pressed and is not done yet, as it was when it was pressed

/** Send a form as `submitter` would; nothing typed is lost, whatever comes of it. */
export const send = async (form, submitter) => {
  const data = new URLSearchParams(new FormData(form));
  if (submitter?.name) data.set(submitter.name, submitter.value);
  const to = submitter?.getAttribute("formaction") ?? form.getAttribute("action");
  const says = `${to} ${data}`;
  const before = queues.get(form);
  if (!before) return deliver(form, [{ to, data, says, submitter }]);
  if (before.at(-1).says !== says) before.push({ to, data, says, submitter }); // else it was pressed twice
};

const deliver = async (form, queue) => {
  queues.set(form, queue);
  form.setAttribute("aria-busy", "true");
  try {
    while (await post(form, queue)) {
      queue.shift();
      if (!queue.length) break;
      if (form.elements.key) queue[0].data.set("key", form.elements.key.value);
    }
  } finally {
    queues.delete(form);
    form.removeAttribute("aria-busy");
  }
};

/** Send the first of what was pressed; true if it is done and the page stays. */
const post = async (form, queue) => {
  const [{ to, data, submitter }] = queue;
  const headers = { Accept: "application/json", "X-CSRF": document.querySelector('meta[name="csrf"]')?.content ?? "" };
  const retry = () => (queue.length > 1 ? deliver(form, queue) : send(form, submitter));
  const again = (words) => say(`${words ?? "That did not work now"}. Your text is kept. `, button("Try again", retry));
  try {
    const answer = await fetch(to, { method: "POST", body: data, headers });
    const told = await answer.json().catch(() => ({}));
    if (answer.status === 401) return loggedOut();
    if (!answer.ok) {
      if (answer.status >= 500) return again(told.detail);
      refused(form, told);
      return refresh(); // somebody else may have been faster
    }
    forgive(form);
    done(form, data);
    const go = told.go || (inUseBeside(form) ? "" : form.dataset.go);
    if (go) return location.assign(go);
    if (told.said && !("quiet" in form.dataset)) say(told.said);
    refresh();
    return true;
  } catch {
    again("callcentre cannot be reached");
  }
};

/** Somebody has gone on to another form of the page, which would be lost if the page were left. */
const inUseBeside = (form) =>
  [...document.querySelectorAll("main form")].some((one) => one !== form && (one.closest("details[open]") || busy(one))) ||
  [...form.elements].some((field) => field.matches("input, textarea, select") && changed(field));

/** What was sent is no draft any more, and the next thing sent from this form is another; what was typed since stays. */
const done = (form, data) => {
  for (const field of form.elements) given.delete(field);
  for (const field of form.querySelectorAll("textarea, input:not([type=hidden], [type=checkbox], [type=radio])")) {
    if (field.value !== data.get(field.name)?.replaceAll("\r\n", "\n")) continue;
    if ("draft" in field.dataset) {
      sessionStorage.removeItem(draftName(field));
      field.value = "";
    }
    field.defaultValue = field.value;
  }
  for (const field of form.querySelectorAll("select")) {
    for (const one of field.options) one.defaultSelected = one.selected;
  }
  for (const field of form.querySelectorAll("input:not([type=hidden])")) field.defaultChecked = field.checked;
  if (form.elements.key) form.elements.key.value = newKey();
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-send]")) return;
  event.preventDefault();
  send(form, event.submitter);
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

// --- drafts ----------------------------------------------------------------------------------------------------------

const draftName = (field) => `draft ${user} ${location.pathname} ${field.name}`;

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-draft]")) sessionStorage.setItem(draftName(event.target), event.target.value);
});
const restore = () => {
  for (const field of document.querySelectorAll("[data-draft]")) {
    const kept = sessionStorage.getItem(draftName(field));
    if (kept && !field.value) field.value = kept;
  }
};

// --- seconds ---------------------------------------------------------------------------------------------------------

const since = new WeakMap();
const two = (number) => String(number).padStart(2, "0");
const length = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds)), hours = Math.floor(whole / 3600), rest = whole % 3600;
  return hours ? `${hours}:${two(Math.floor(rest / 60))}:${two(rest % 60)}` : `${Math.floor(rest / 60)}:${two(rest % 60)}`;
};

/** How many seconds passed since this element came to be. */
export const passed = (element) => {
  if (!since.has(element)) since.set(element, performance.now());
  return (performance.now() - since.get(element)) / 1000;
};
const tick = () => {
  for (const one of document.querySelectorAll("[data-left]")) one.textContent = length(one.dataset.left - passed(one));
  for (const one of document.querySelectorAll("[data-gone]")) one.textContent = length(+one.dataset.gone + passed(one));
  for (const one of document.querySelectorAll("[data-hide-after]")) {
    if (passed(one) > +one.dataset.hideAfter && !busy(one)) one.remove();
  }
};

// --- a call ----------------------------------------------------------------------------------------------------------

const call = document.getElementById("call");
call?.addEventListener("renewed", () => {
  const words = call.querySelector("[data-announce]")?.dataset.announce ?? "";
  if (words !== announced) announcer.textContent = words;
  announced = words;
  document.title = words ? `☎ ${words}` : title;
  restore();
});

// --- the menu --------------------------------------------------------------------------------------------------------

const menus = () => document.querySelectorAll(".bar details[open]");
document.addEventListener("click", (event) => {
  for (const one of menus()) if (!one.contains(event.target)) one.open = false;
});
document.addEventListener("focusin", (event) => {
  for (const one of menus()) if (!one.contains(event.target)) one.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const one of menus()) {
    one.open = false;
    one.querySelector("summary").focus();
  }
});

// --- begin -----------------------------------------------------------------------------------------------------------

for (const part of document.querySelectorAll("[data-live][id]:not([data-src])")) shown.set(part, plain(part.innerHTML));
restore();
tick();
setInterval(tick, 1000);
if (call && user) readPart(call);
if (!document.hidden) listen();
