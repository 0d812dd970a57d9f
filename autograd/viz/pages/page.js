"use strict";
const $ = id => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const themes = matchMedia("(prefers-color-scheme: dark)");
function theme(name) { document.documentElement.dataset.theme = name; }
theme(themes.matches ? "dark" : "light");
themes.addEventListener("change", event => theme(event.matches ? "dark" : "light"));
$("theme").onclick = () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}
