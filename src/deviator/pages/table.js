"use strict";
// Sorts and filters tables of the class "sortable". Each record is a tbody, so that what belongs to
// it moves with it. Without this script the tables stand in their order, and rows open all the same.

const EMPTY = new Set(["", "-", "none", "itself"]);

/** What a cell is sorted by: a number, a text, or null, which comes last. */
function valueOf(cell) {
  const text = cell.textContent.trim();
  if (EMPTY.has(text)) return null;
  const number = text.replace(/^(>=|<=|[≥≤±~])\s*/, "");
  return /^[-+]?(\d|\.\d)/.test(number) ? Number.parseFloat(number) : text;
}

function compared(left, right) {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (typeof left !== typeof right) return typeof left === "number" ? -1 : 1;
  return left.localeCompare(right, "en", { numeric: true });
}

/** Put the records in the order of a column: up, down, and as they came. */
function sort(table, records, column, head) {
  const next = { none: "ascending", ascending: "descending", descending: "none" };
  const direction = next[head.getAttribute("aria-sort") ?? "none"];
  for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
  if (direction !== "none") head.setAttribute("aria-sort", direction);
  const sign = direction === "descending" ? -1 : 1;
  const keyed = records.map((record) => [record, valueOf(record.rows[0].cells[column])]);
  if (direction !== "none") {
    keyed.sort(([, left], [, right]) => {
      if (left === null || right === null) return (left === null) - (right === null);
      return sign * compared(left, right);
    });
  }
  table.append(...keyed.map(([record]) => record));
}

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function labelled(text, control) {
  return element("label", {}, text, control);
}

/** A choice among the texts of a column. */
function choice(records, column, name) {
  const texts = records.map((record) => record.rows[0].cells[column].textContent.trim());
  const distinct = [...new Set(texts)].sort((left, right) => compared(left, right));
  const options = distinct.map((text) => element("option", { value: text }, text));
  const select = element("select", {}, element("option", { value: "" }, "all"), ...options);
  return { column, select, label: labelled(name, select) };
}

function addControls(table, records) {
  const heads = [...table.tHead.rows[0].cells];
  const search = element("input", { type: "search" });
  const choices = heads
    .map((head, column) => [head, column])
    .filter(([head]) => head.classList.contains("choice"))
    .map(([head, column]) => choice(records, column, head.textContent.trim()))
    .filter(({ select }) => select.options.length > 2);
  const count = element("output", {});
  const texts = records.map((record) => record.rows[0].textContent.toLowerCase());

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    records.forEach((record, place) => {
      const cells = record.rows[0].cells;
      const fits =
        words.every((word) => texts[place].includes(word)) &&
        choices.every(({ column, select }) => !select.value || cells[column].textContent.trim() === select.value);
      record.hidden = !fits;
      shown += fits;
    });
    count.value = `${shown} of ${records.length} rows`;
  }

  const controls = element("div", { className: "controls" }, labelled("search", search));
  controls.setAttribute("role", "search");
  controls.append(...choices.map(({ label }) => label), ...openers(records), count);
  search.addEventListener("input", filter);
  for (const { select } of choices) select.addEventListener("change", filter);
  table.parentElement.before(controls);
  filter();
}

/** A button that opens and closes all records that are shown, where any opens. */
function openers(records) {
  const all = records.map((record) => record.querySelector("details.opens")).filter(Boolean);
  if (!all.length) return [];
  const button = element("button", { type: "button" }, "open all");
  button.addEventListener("click", () => {
    const open = button.textContent === "open all";
    for (const details of all) details.open = open && !details.closest("tbody").hidden;
    button.textContent = open ? "close all" : "open all";
  });
  return [button];
}

/** Show the record that the address names, though it was closed or filtered away. */
function showNamed() {
  const name = location.hash.slice(1);
  // An address that somebody mistyped, as "#%", decodes to nothing.
  const wellFormed = !/%(?![0-9a-f]{2})/i.test(name);
  const record = wellFormed && document.getElementById(decodeURIComponent(name));
  const details = record && record.querySelector("details.opens");
  if (!details) return;
  record.hidden = false;
  details.open = true;
  record.scrollIntoView();
}

for (const table of document.querySelectorAll("table.sortable")) {
  const records = [...table.tBodies];
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = element("button", { type: "button" }, ...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, records, column, head));
  });
  addControls(table, records);
}
addEventListener("hashchange", showNamed);
showNamed();
