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

// a slot that is dragged to another day keeps its time of day
let dragged = null;
for (const slot of document.querySelectorAll("[data-slot]")) {
  slot.draggable = true;
  slot.addEventListener("dragstart", (event) => {
    dragged = slot;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", slot.dataset.slot);
  });
  slot.addEventListener("dragend", () => { dragged = null; });
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
    const { slot, time, zone } = dragged.dataset;
    const answer = await fetch(`/api/v1/slots/${encodeURIComponent(slot)}/move`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() },
      body: JSON.stringify({ to: `${day.dataset.date}T${time}[${zone}]` }),
    });
    if (answer.ok) location.reload();
    else alert((await answer.json()).detail);
  });
}

// what is copied is selected by a click
for (const field of document.querySelectorAll("[data-select]")) field.addEventListener("focus", () => field.select());

// keys: what a button or link says it listens to
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  const one = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (one) {
    event.preventDefault();
    one.click();
  }
});
