"use strict";
// What is pointed at is marked in all three columns; a click, or a link (#i1-400580: block and address), keeps it marked.
let kept = null;
function mark(pc) {
  for (const cell of document.querySelectorAll(".cell.on")) cell.classList.remove("on");
  if (pc === null) return;
  for (const cell of document.querySelectorAll(`.cell[data-pc="${CSS.escape(pc)}"]`)) cell.classList.add("on");
}
function at(event) {
  const cell = event.target instanceof Element ? event.target.closest(".cell") : null;
  return cell === null ? null : cell.dataset.pc;
}
document.addEventListener("mouseover", event => mark(at(event) ?? kept));
document.addEventListener("focusin", event => { const pc = at(event); if (pc !== null) mark(pc); });
document.addEventListener("click", event => {
  const pc = at(event);
  if (pc === null) return;
  kept = pc === kept ? null : pc;
  mark(kept);
  history.replaceState(null, "", kept === null ? location.pathname : "#i" + kept);
});
document.addEventListener("keydown", event => {
  if (event.key === "Escape") { kept = null; mark(null); }
});
function follow() {
  const code = document.getElementById(location.hash.slice(1));
  if (code === null || !code.matches(".cell code")) return;
  kept = code.dataset.pc;
  mark(kept);
  code.scrollIntoView({ block: "center" });
}
addEventListener("hashchange", follow);
follow();
document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.classList.contains("dark") || (!root.classList.contains("light") && matchMedia("(prefers-color-scheme: dark)").matches);
  root.classList.toggle("dark", !dark);
  root.classList.toggle("light", dark);
});
