// Makes the simulator smoother. Without it every form works by loading the page again.
"use strict";

(() => {
  const LOOK_MS = 4000;
  const LOOK_FOR_MS = 15 * 60 * 1000;
  const phone = document.querySelector("[data-phone]");
  if (!phone || !window.fetch || !window.DOMParser) return;

  const thread = document.getElementById("thread");
  const words = document.getElementById("words");
  let tag = null;
  let under = 0; // acts that are on their way
  let line = Promise.resolve(); // each waits for the one before, so that nothing is lost or overtaken
  let lookUntil = Date.now() + LOOK_FOR_MS;

  const toEnd = () => {
    thread.scrollTop = thread.scrollHeight;
    const newest = document.querySelector("[data-newest]");
    if (newest && thread.scrollHeight <= thread.clientHeight) newest.scrollIntoView({ block: "nearest" });
  };

  // Brings the page up to date with another one, touching only what differs, so that focus and what a screen reader
  // has read stay as they are.
  const take = (fresh) => {
    const mine = document.getElementById("bubbles");
    const theirs = fresh.getElementById("bubbles");
    if (!theirs || fresh.querySelector("[data-phone]").className !== phone.className) return false;
    const known = new Map([...mine.children].map((item) => [item.id, item]));
    let added = false;
    for (const item of theirs.children) {
      const old = known.get(item.id);
      known.delete(item.id);
      const plain = (one) => one.innerHTML.replace(/name="once" value="[^"]*"/g, "");
      if (!old) {
        mine.append(document.adoptNode(item.cloneNode(true)));
        added = true;
      } else if (plain(old) !== plain(item)) {
        const held = old.contains(document.activeElement) ? document.activeElement.value : null;
        old.innerHTML = item.innerHTML;
        const again = held && [...old.querySelectorAll("button")].find((button) => button.value === held);
        if (again) again.focus();
      }
    }
    for (const gone of known.values()) gone.remove();
    for (const item of mine.children) item.removeAttribute("data-newest");
    if (mine.lastElementChild) mine.lastElementChild.setAttribute("data-newest", "");
    const begin = document.getElementById("fresh");
    if (begin && !fresh.getElementById("fresh")) begin.remove();
    for (const id of ["kept"]) {
      const [here, there] = [document.getElementById(id), fresh.getElementById(id)];
      if (here && there && here.innerHTML !== there.innerHTML) here.innerHTML = there.innerHTML;
    }
    const once = fresh.querySelector("#compose [name=once]").value;
    for (const field of document.querySelectorAll("[name=once]")) field.value = once;
    if (added) toEnd();
    return true;
  };

  const number = () =>
    [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  const send = async (form, button, body) => {
    try {
      const answer = await fetch(form.action, { method: "POST", body });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!answer.ok || !take(fresh)) throw new Error("not taken");
      tag = answer.headers.get("ETag");
      const newest = document.querySelector("[data-newest]");
      if (document.activeElement === document.body && newest) newest.focus({ preventScroll: true });
      lookUntil = Date.now() + LOOK_FOR_MS;
    } catch {
      form.dataset.plain = "yes"; // the plain way says what went wrong
      if (form.id === "compose") words.value = body.get("text");
      form.requestSubmit(button || undefined);
    }
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const act = new URL(form.action).pathname;
    if (form.dataset.plain || !/^\/try\/(say|press|send|wait)$/.test(act)) return;
    event.preventDefault();
    const button = event.submitter;
    const body = new URLSearchParams(new FormData(form));
    if (button && button.name) body.set(button.name, button.value);
    body.set("once", number());
    if (form.id === "compose") form.reset();
    under += 1;
    phone.setAttribute("aria-busy", "true");
    line = line.then(() => send(form, button, body)).finally(() => {
      under -= 1;
      if (!under) phone.removeAttribute("aria-busy");
    });
  });

  document.addEventListener("keydown", (event) => {
    const writing = event.target.id === "words" && event.key === "Enter";
    if (!writing || event.shiftKey || event.isComposing || !window.matchMedia("(pointer: fine)").matches) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  });

  setInterval(async () => {
    if (under || document.hidden || Date.now() > lookUntil) return;
    try {
      const answer = await fetch("/try", { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
      if (under || answer.status !== 200) return;
      tag = answer.headers.get("ETag");
      take(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      // the next look may work
    }
  }, LOOK_MS);

  toEnd();
})();
