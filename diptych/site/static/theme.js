/* Before anything is drawn: the theme that the reader chose, and that scripts run. */
document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("diptych-theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch { /* no storage: as the system */ }
