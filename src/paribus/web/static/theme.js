// Runs before anything is painted: a page that was asked to be dark must not flash white.
(() => {
  const chosen = localStorage.getItem("paribus.theme");
  const night = document.getElementById("night");
  document.documentElement.dataset.theme = chosen ?? "auto";
  if (chosen) night.media = chosen === "dark" ? "screen" : "not all";
})();
