// Comfort for pages that work without it: the viewer's own time, slots that are dragged to another day, keys.
"use strict";

// the viewer's time, where it is another than the slot's
for (const time of document.querySelectorAll("time[data-local]")) {
  const at = new Date(time.dateTime);
  if (!Number.isNaN(at.valueOf())) {
    const here = at.toLocaleString(undefined, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    time.after(` · ${here} where you are (${zone})`);
  }
}

// on a tile, too, where the clock there shows another time
for (const time of document.querySelectorAll("time[data-tile]")) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.valueOf())) continue;
  const own = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
  if (own === time.textContent.trim()) continue;
  const words = document.createElement("span");
  words.className = "soft viewer-time";
  words.textContent = `${own} your time`;
  time.after(" ", words);
}

// many are approved at once: all of them can be ticked at once
const many = document.getElementById("many");
if (many) {
  const ticks = [...document.querySelectorAll('input[form="many"]')];
  const all = document.createElement("button");
  all.type = "button";
  all.className = "quiet";
  const show = () => { all.textContent = ticks.every((tick) => tick.checked) ? "Tick none" : "Tick all"; };
  all.addEventListener("click", () => {
    const on = !ticks.every((tick) => tick.checked);
    for (const tick of ticks) tick.checked = on;
    show();
  });
  for (const tick of ticks) tick.addEventListener("change", show);
  show();
  many.append(all);
}

// what is dragged to a day: a slot or a story keeps its time of day, a draft takes the one of its form
let dragged = null;
for (const one of document.querySelectorAll("[data-slot], [data-story-move], [data-draft]")) {
  one.draggable = true;
  one.addEventListener("dragstart", (event) => {
    dragged = one;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", one.dataset.slot ?? one.dataset.storyMove ?? one.dataset.draft);
  });
  one.addEventListener("dragend", () => { dragged = null; });
}
/** Whether a call of the API was done, once; why it was not is said. */
async function act(path, body) {
  const answer = await fetch(`/api/v1/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": crypto.getRandomValues(new Uint32Array(4)).join("-") },
    body: JSON.stringify(body),
  });
  if (!answer.ok) alert((await answer.json()).detail);
  return answer.ok;
}
/** The call that takes what is dragged to a day. */
function placing(one, date) {
  const { slot, storyMove, draft, time, zone } = one.dataset;
  if (slot) return [`slots/${encodeURIComponent(slot)}/move`, { to: `${date}T${time}[${zone}]` }];
  if (storyMove) return [`stories/${encodeURIComponent(storyMove)}/move`, { to: `${date}T${time}` }];
  const field = (name) => one.querySelector(`[name="${name}"]`)?.value;
  return [`drafts/${encodeURIComponent(draft)}/place`, { at: `${date}T${field("time") ?? "12:00"}`, account: field("account") }];
}
for (const day of document.querySelectorAll("[data-date]")) {
  day.addEventListener("dragover", (event) => {
    if (!dragged || day.contains(dragged)) return;
    event.preventDefault();
    day.classList.add("is-drop");
  });
  day.addEventListener("dragleave", () => day.classList.remove("is-drop"));
  day.addEventListener("drop", async (event) => {
    event.preventDefault();
    day.classList.remove("is-drop");
    if (!dragged) return;
    const [path, body] = placing(dragged, day.dataset.date);
    if (await act(path, body)) location.reload();
  });
}

// what is copied is selected by a click
for (const field of document.querySelectorAll("[data-select]")) field.addEventListener("focus", () => field.select());

// today's quota as the platform counts it, once the page stands: an account that does not answer changes nothing
const bars = document.querySelectorAll("[data-quota]");
if (bars.length) {
  fetch("/api/v1/accounts").then(async (answer) => {
    if (!answer.ok) return;
    for (const { name, quota } of (await answer.json()).items) {
      if (!quota?.total) continue;
      for (const bar of bars) {
        if (bar.dataset.quota !== name) continue;
        const meter = bar.querySelector("meter");
        const planned = meter.value;
        meter.max = quota.total;
        meter.high = quota.total;
        meter.value = quota.used;
        const words = `${quota.used} of ${quota.total} stories of ${name} used in the last 24 hours, ${planned} on this day`;
        meter.setAttribute("aria-label", words);
        bar.title = words;
        bar.querySelector(".num").textContent = `${quota.used}/${quota.total} used, ${planned} today`;
      }
    }
  }, () => undefined);
}

// keys: what a button or link says it listens to; who does not want single keys turns them off
const OFF = "storypress-keys-off";
const areOff = () => { try { return localStorage.getItem(OFF) === "1"; } catch { return false; } };
for (const help of document.querySelectorAll(".keys")) {
  const label = document.createElement("label");
  label.className = "tick";
  const tick = document.createElement("input");
  tick.type = "checkbox";
  tick.checked = !areOff();
  tick.addEventListener("change", () => { try { localStorage.setItem(OFF, tick.checked ? "0" : "1"); } catch { /* kept for this page only */ } });
  label.append(tick, "Single keys do this");
  help.append(label);
}

// the grid of a batch: keys walk from story to story and decide about the one that has the focus
const grid = document.querySelector("[data-batch]");
const covers = grid ? [...grid.querySelectorAll(".tile .cover")] : [];
const VIEWS = { 1: "side", 2: "onion", 3: "swipe", 4: "flicker" };
function focusOn(place) {
  const cover = covers[Math.max(0, Math.min(covers.length - 1, place))];
  cover?.focus();
  cover?.scrollIntoView({ block: "nearest" });
}
async function decide(place, verdict) {
  const tile = covers[place].closest(".tile");
  const path = `batches/${encodeURIComponent(grid.dataset.batch)}/decisions`;
  if (!(await act(path, { decisions: [{ story: tile.dataset.story, verdict }] }))) return;
  const chip = document.createElement("span");
  chip.className = `chip state-${verdict === "approve" ? "live" : "failed"}`;
  chip.textContent = verdict === "approve" ? "approved" : "rejected";
  tile.querySelector(".tile-verdict").replaceChildren(chip);
  focusOn(place + 1);
}
/** Whether the key meant something in the grid. */
function gridKey(key) {
  if (!covers.length) return false;
  const at = covers.indexOf(document.activeElement);
  if (key === "j" || key === "k") focusOn(at < 0 ? 0 : at + (key === "j" ? 1 : -1));
  else if (at >= 0 && key === "a") decide(at, "approve");
  else if (at >= 0 && key === "r") decide(at, "reject");
  else if (at >= 0 && VIEWS[key]) location.href = `${covers[at].getAttribute("href")}?view=${VIEWS[key]}`;
  else return false;
  return true;
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  if (areOff() && event.key !== "?") return;
  const one = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (gridKey(event.key)) event.preventDefault();
  else if (one) {
    event.preventDefault();
    one.click();
    if (one.tagName === "SUMMARY") one.scrollIntoView({ block: "nearest" });
  }
});
