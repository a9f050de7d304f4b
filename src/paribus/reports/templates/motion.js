
// Pause, and a slider; the page allows this script alone, by its hash. Without it the picture still moves.
const svg = document.querySelector("svg.motion"), play = document.getElementById("play");
const time = document.getElementById("time"), told = document.getElementById("told");
const controls = document.getElementById("controls");
controls.hidden = false;
function say(t) {
  told.textContent = "step " + Math.round({{ steps }} * Math.min(1, t / {{ walk }}) ** 2);
}
function pause(still) {
  still ? svg.pauseAnimations() : svg.unpauseAnimations();
  play.textContent = still ? "Play" : "Pause";
}
play.onclick = () => pause(!svg.animationsPaused());
time.oninput = () => { pause(true); svg.setCurrentTime(time.value * {{ all }}); say(time.value * {{ all }}); };
setInterval(() => {
  if (svg.animationsPaused()) return;
  const t = svg.getCurrentTime() % {{ all }};
  time.value = t / {{ all }};
  say(t);
}, 100);
if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
  pause(true); svg.setCurrentTime({{ walk }}); time.value = {{ walk }} / {{ all }}; say({{ walk }});
}
