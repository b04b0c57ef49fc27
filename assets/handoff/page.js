"use strict";
(() => {
  const all = (selector) => document.querySelectorAll(selector);
  const wanted = (navigator.languages || [navigator.language || "en"]).map((tag) => tag.slice(0, 2).toLowerCase());
  const known = wanted.find((tag) => tag === "en" || WORDS[tag]);
  const words = known && known !== "en" ? WORDS[known] : null;
  const say = (key, english) => (words && words[key]) || english;
  if (words) {
    document.documentElement.lang = known;
    for (const element of all("[data-t]")) element.textContent = say(element.dataset.t, element.textContent);
    document.title = say("title", document.title);
    for (const element of all("[data-time]")) {
      const { time, zone, day } = element.dataset;
      const shape = { dateStyle: "long", timeStyle: day === undefined ? "short" : undefined };
      try {
        const said = new Intl.DateTimeFormat(known, { ...shape, timeZone: zone }).format(new Date(time));
        element.textContent = day === undefined ? `${said}, ${zone}` : said;
      } catch {
        // a zone that this browser does not know: the English stays
      }
    }
  }
  for (const button of all("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = document.getElementById(button.dataset.copy).textContent;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        const area = document.createElement("textarea");
        area.value = text;
        area.setAttribute("readonly", "");
        document.body.append(area);
        area.select();
        document.execCommand("copy");
        area.remove();
      }
      const before = button.textContent;
      button.textContent = say("copied", "Copied");
      setTimeout(() => { button.textContent = before; }, 1500);
    });
  }
  const media = document.getElementById("media");
  const share = document.getElementById("share");
  const save = document.getElementById("save");
  // the file has to be there before the tap: a share that waits for it is refused
  const ready = async () => {
    const answer = await fetch(media.src || media.currentSrc);
    const file = new File([await answer.blob()], media.dataset.name, { type: media.dataset.type });
    if (!navigator.canShare || !navigator.canShare({ files: [file] })) return;
    share.hidden = false;
    document.getElementById("by-share").hidden = false;
    document.getElementById("by-save").hidden = true;
    save.classList.add("quiet");
    share.addEventListener("click", () => {
      navigator.share({ files: [file] }).catch(() => {});
    });
  };
  ready().catch(() => {});
})();
