// Takes the start token out of the address, and asks for a session with it.
"use strict";

const said = document.getElementById("said");
const token = new URLSearchParams(location.hash.slice(1)).get("token");

// the address without the token, before anything else can read or keep it
history.replaceState(null, "", location.pathname + location.search);

async function open() {
  if (token) {
    said.textContent = "Opening …";
    const answer = await fetch("/api/v1/session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token }),
    });
    if (!answer.ok) {
      said.textContent =
        "This address opens nothing any more: it was used, has expired or was taken back. Ask for another one, or type a code.";
      return;
    }
    location.replace(location.pathname + location.search);
    return;
  }
  // a link from elsewhere comes without the cookie, a request of our own with it
  const answer = await fetch(location.pathname + location.search, { method: "HEAD" });
  if (answer.ok && !answer.headers.has("storypress-shell")) location.replace(location.pathname + location.search);
}

open().catch(() => {
  said.textContent = "The studio does not answer. Is it still running?";
});
