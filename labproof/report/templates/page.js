"use strict";
(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const claims = [...document.querySelectorAll("article")];
  const groups = [...document.querySelectorAll(".slide, .part")];

  function apply() {
    const { verdict, section, lab } = Object.fromEntries(new FormData(form));
    let shown = 0;
    for (const claim of claims) {
      const has = claim.dataset;
      const fits = (!verdict || has.verdict === verdict) && (!section || has.section === section) && has.lab.startsWith(lab);
      claim.hidden = !fits;
      shown += fits;
    }
    const filtered = Boolean(verdict || section || lab);
    for (const group of groups) group.hidden = filtered && !group.querySelector("article:not([hidden])");
    form.classList.toggle("filtered", filtered);
    form.querySelector("output").textContent = `${shown} of ${claims.length} claims`;
  }

  // A link to a claim shows it, whatever the filter says, and a link to a lab opens it.
  function follow() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]")) {
      form.reset();
      apply();
    }
    if (target.matches("details")) target.open = true;
    target.scrollIntoView();
  }

  form.hidden = false;
  form.addEventListener("change", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  for (const link of document.querySelectorAll("[data-filter]")) {
    link.addEventListener("click", () => {
      form.reset();
      form.elements.verdict.value = link.dataset.filter;
      form.dispatchEvent(new Event("change"));
    });
  }
  addEventListener("hashchange", follow);
  apply();
  follow();
})();
