"use strict";
const table = document.querySelector("#marks");
const body = table.tBodies[0];
const rows = [...body.rows];
const details = JSON.parse(document.querySelector("#details").textContent);

// Sort by a column: the button in its heading turns the order round.
const value = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
};
for (const button of table.tHead.querySelectorAll("button")) {
  button.disabled = false;
  button.addEventListener("click", () => {
    const heading = button.parentElement, column = heading.cellIndex;
    const up = heading.getAttribute("aria-sort") !== "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    const sign = up ? 1 : -1;
    const order = (one, two) => typeof one === "number" ? one - two : one.localeCompare(two);
    body.append(...rows
      .map((row) => [value(row, column), row])
      .sort((one, two) => sign * order(one[0], two[0]))
      .map(([, row]) => row));
  });
}

// Show the students that a name and a kind choose.
const search = document.querySelector("#search"), kind = document.querySelector("#kind");
const shown = document.querySelector("#shown");
const filter = () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const row of rows) {
    const name = row.cells[0].textContent.toLowerCase();
    const fits = words.every((word) => name.includes(word)) &&
      (!kind.value || row.dataset.kinds.split(" ").includes(kind.value));
    row.hidden = !fits;
    count += fits;
  }
  shown.textContent = `${count} of ${rows.length} students`;
};
search.addEventListener("input", filter);
kind.addEventListener("change", filter);
document.querySelector("#controls").hidden = false;
filter();

// One student's tasks, in a dialog; all of it is put in as text.
const dialog = document.querySelector("dialog");
const make = (tag, text, kind) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
};
const paragraph = (text, kind) => {
  const made = make("p", undefined, kind);
  text.split(/`([^`]+)`/).forEach((part, place) => made.append(place % 2 ? make("code", part) : part));
  return made;
};
const open = (row) => {
  const student = row.dataset.student;
  dialog.querySelector("h2").textContent = row.cells[0].innerText.replace(/\s+/g, " ").trim();
  const list = dialog.querySelector("div");
  list.replaceChildren();
  let assignment = null;
  for (const [task, points, words, said] of details.students[student] || []) {
    if (details.tasks[task][0] !== assignment) {
      assignment = details.tasks[task][0];
      list.append(make("h3", assignment));
      const link = [...row.querySelectorAll("a")].find((one) => one.dataset.assignment === assignment);
      if (link) {
        const line = list.appendChild(make("p")), copy = line.appendChild(make("a", "feedback page"));
        copy.href = link.getAttribute("href");
      }
    }
    list.append(make("p", `${details.tasks[task][1]}: ${points} points, ${details.texts[words]}`, "task"));
    for (const line of details.texts[said].split("\n")) if (line) list.append(paragraph(line, "quiet"));
  }
  if (!list.children.length) list.append(make("p", "Nothing was handed in."));
  dialog.showModal();
};
for (const row of rows) {
  const button = row.querySelector("button");
  button.disabled = false;
  button.addEventListener("click", () => open(row));
}
dialog.querySelector("button").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
