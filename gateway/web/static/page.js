// The little a page does by itself: theme, language, and the digest of a dropped file (the file never leaves the browser).

const root = document.documentElement;

function remember(name, value) {
  document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=lax`;
}

document.querySelector("[data-switch=theme]")?.addEventListener("click", () => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = root.dataset.theme || (dark ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
  remember("theme", root.dataset.theme);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) {
    event.preventDefault();
    document.querySelector("#q")?.focus();
  }
});

// A link to a record opens it: a closed one would only show its first line.
function openTarget() {
  const target = location.hash.startsWith("#r-") && document.getElementById(location.hash.slice(1));
  for (let at = target; at; at = at.parentElement) {
    if (at.tagName === "DETAILS") at.open = true;
  }
  if (target) {
    target.querySelector("details").open = true;
    target.scrollIntoView();
  }
}
addEventListener("hashchange", openTarget);
openTarget();

async function digestOf(file) {
  const hash = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const drop = document.querySelector("[data-drop]");
if (drop) {
  const input = drop.querySelector("input");
  const look = async (file) => {
    if (!file) return;
    if (!window.isSecureContext) {
      drop.querySelector("[data-note]").textContent = drop.dataset.insecure;
      return;
    }
    location.href = `/search?q=${await digestOf(file)}&file=1`;
  };
  input.addEventListener("change", () => look(input.files[0]));
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    look(event.dataTransfer.files[0]);
  });
}
