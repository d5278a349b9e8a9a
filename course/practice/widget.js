// Shows a deck of questions. All that is known about an answer comes from Python in `view`; what the
// learner does goes back as a message. Nothing is fetched.

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const WAIT = 8000; // milliseconds without an answer until the learner is told to look at the kernel
const GONE = "The kernel was restarted. Run this cell again to go on: your answers are kept.";

function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "html") node.innerHTML = value; // ours, made and escaped by Python
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child != null));
  return node;
}

function list(tag, items) {
  return h(tag, { class: `bc-list` }, items.map((html) => h("li", { html })));
}

function markClass(mark) {
  return mark === true ? " bc-is-right" : mark === false ? " bc-is-wrong" : "";
}

// ---- one function for each kind: { node, picks() }, where picks() is null while incomplete ----

function radios(name, legend, options, state, { type = "radio", marks = {}, locked, key = "option", quiet = false, onpick }) {
  const chosen = () => (type === "radio" ? [state[name]] : state[name]);
  const rows = options.map((html, place) => {
    const mark = marks[place];
    const input = h("input", {
      type, name: `${state.uid}-${name}`, value: place, checked: chosen().includes(place),
      disabled: locked, "data-focus": `${key}-${place}`,
      onchange: () => {
        if (type === "radio") state[name] = place;
        else {
          const set = new Set(state[name]);
          input.checked ? set.add(place) : set.delete(place);
          state[name] = [...set].sort((a, b) => a - b);
        }
        onpick();
      },
    });
    const said = mark == null ? null : h("span", { class: "bc-hidden" }, mark ? " (right)" : " (wrong)");
    const letter = h("span", { class: "bc-letter", "aria-hidden": "true" }, key === "option" ? LETTERS[place] : String(place + 1));
    return h("label", { class: `bc-row${markClass(mark)}` }, input, letter, h("span", {}, h("span", { html }), said));
  });
  return h("fieldset", { class: "bc-group" }, h("legend", { class: quiet ? "bc-hidden" : null }, legend), rows);
}

function choice(q, state, tools) {
  const node = radios("one", "Choose one", q.options, state, { marks: q.marks, quiet: true, ...tools });
  return { node, picks: () => state.one ?? null };
}

function find(q, state, tools) {
  const node = radios("one", "Which line is broken?", q.options, state, { marks: q.marks, quiet: true, ...tools });
  node.classList.add("bc-code");
  return { node, picks: () => state.one ?? null };
}

function several(q, state, tools) {
  state.many ??= [];
  const node = radios("many", "Choose all that are right", q.options, state, { type: "checkbox", marks: q.marks, quiet: true, ...tools });
  return { node, picks: () => (state.many.length ? state.many : null) };
}

function predict(q, state, tools) {
  if (!q.typed) return choice(q, state, tools);
  const field = h("textarea", {
    class: "bc-typed bc-mono", rows: 1, spellcheck: "false", autocapitalize: "off", disabled: tools.locked,
    "aria-label": "What is printed", "data-focus": "typed", placeholder: "what is printed",
    oninput: () => { state.text = field.value; },
    onkeydown: (event) => {
      if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); tools.submit(); }
      event.stopPropagation(); // the notebook has shortcuts of its own
    },
  });
  field.value = state.text ?? "";
  return { node: h("div", { class: "bc-group" }, field), picks: () => (state.text?.trim() ? state.text : null) };
}

function fix(q, state, tools) {
  const { marks, ...rest } = { marks: q.marks, ...tools };
  const lineMarks = Object.fromEntries(
    Object.entries(marks).filter(([key]) => key.startsWith("line ")).map(([key, mark]) => [key.slice(5), mark]));
  const lines = q.codeLines.map((html) => `<pre>${html}</pre>`);
  const code = radios("line", "Which line is broken?", lines, state, { marks: lineMarks, ...rest, key: "line" });
  code.classList.add("bc-code");
  const repair = radios("one", "What should replace it?", q.options, state, { marks, ...rest });
  return {
    node: h("div", {}, code, repair),
    picks: () => (state.line == null || state.one == null ? null : [state.line, state.one]),
  };
}

function fill(q, state, { locked, onpick, code }) {
  state.blanks ??= Array(q.blanks).fill(null);
  state.active ??= 1;
  const spots = [...code.querySelectorAll("blank")].map((spot) => {
    const n = Number(spot.getAttribute("n"));
    const button = h("button", {
      type: "button", class: "bc-blank", disabled: locked, "data-blank": n,
      onclick: () => {
        if (state.active === n && state.blanks[n - 1] != null) put(n, null);
        else { state.active = n; show(); }
      },
      onkeydown: (event) => { if (event.key === "Delete" || event.key === "Backspace") { put(n, null); event.stopPropagation(); } },
      ondragover: (event) => { if (!locked) { event.preventDefault(); button.classList.add("bc-over"); } },
      ondragleave: () => button.classList.remove("bc-over"),
      ondrop: (event) => {
        event.preventDefault();
        event.stopPropagation();
        const place = Number(event.dataTransfer.getData("text/plain"));
        if (!locked && q.options[place] != null) put(n, place);
      },
    });
    spot.replaceWith(button);
    return button;
  });
  spots.forEach((spot, place) => spot.setAttribute("data-focus", `blank-${place}`));
  const tiles = q.options.map((html, place) => h("button", {
    type: "button", class: "bc-tile", draggable: locked ? "false" : "true", disabled: locked, "data-focus": `option-${place}`,
    ondragstart: (event) => { event.dataTransfer.setData("text/plain", String(place)); event.stopPropagation(); },
    onclick: () => put(state.active, place),
  }, h("span", { class: "bc-letter", "aria-hidden": "true" }, LETTERS[place]), h("span", { html })));
  function put(n, place) {
    state.blanks[n - 1] = place;
    state.changed = true;
    const empty = state.blanks.findIndex((one) => one == null);
    state.active = place == null ? n : empty >= 0 ? empty + 1 : n;
    show();
    onpick();
  }
  function show() {
    for (const spot of spots) {
      const n = Number(spot.dataset.blank), place = state.blanks[n - 1];
      const mark = state.changed ? undefined : q.marks[n - 1];
      spot.className = `bc-blank${markClass(mark)}${!locked && state.active === n ? " bc-active" : ""}`;
      spot.replaceChildren(place == null ? h("i", { class: "bc-empty" }, `blank ${n}`) : q.optionTexts[place]);
      const said = mark == null ? "" : mark ? ", right" : ", wrong";
      spot.setAttribute("aria-label", place == null ? `Blank ${n}, empty` : `Blank ${n}: ${q.optionTexts[place]}${said}`);
      spot.setAttribute("aria-pressed", String(!locked && state.active === n));
    }
  }
  show();
  const node = h("div", { class: "bc-group", role: "group", "aria-label": "Options" },
    h("p", { class: "bc-how" }, "Drag an option to a blank, or choose a blank, then an option."),
    h("div", { class: "bc-tiles" }, tiles));
  return { node, picks: () => (state.blanks.every((one) => one != null) ? state.blanks : null) };
}

function order(q, state, { locked, onpick }) {
  state.order ??= q.lines.map((_, place) => place);
  const node = h("ol", { class: "bc-lines", "aria-label": "Lines of code, in your order" });
  let dragged = null;
  function move(from, to) {
    if (to < 0 || to >= state.order.length || from === to) return;
    state.order.splice(to, 0, ...state.order.splice(from, 1));
    state.moved = true;
    show();
    onpick();
  }
  function arrow(at, step, sign, word) {
    const line = state.order[at], text = q.lineTexts[line].trim();
    return h("button", {
      type: "button", disabled: locked || at + step < 0 || at + step >= state.order.length,
      "aria-label": `Move line ${at + 1}, ${text}, ${word}`, "data-focus": `${word}-${line}`,
      onclick: () => {
        move(at, at + step);
        const same = node.querySelector(`[data-focus="${word}-${line}"]`);
        (same.disabled ? same.parentNode.querySelector("button:not(:disabled)") : same)?.focus();
      },
    }, sign);
  }
  function show() {
    node.replaceChildren(...state.order.map((line, at) => h("li", {
      draggable: locked ? "false" : "true", "data-line": line,
      ondragstart: (event) => { dragged = at; event.dataTransfer.setData("text/plain", q.lineTexts[line]); event.stopPropagation(); },
      ondragover: (event) => { if (dragged != null) { event.preventDefault(); event.currentTarget.classList.add("bc-over"); } },
      ondragleave: (event) => event.currentTarget.classList.remove("bc-over"),
      ondrop: (event) => { event.preventDefault(); event.stopPropagation(); if (dragged != null) move(dragged, at); dragged = null; },
    }, h("span", { class: "bc-letter", "aria-hidden": "true" }, String(at + 1)), h("pre", { html: q.lines[line] }),
    arrow(at, -1, "↑", "up"), arrow(at, 1, "↓", "down"))));
  }
  show();
  // Any order is an answer, the first one too.
  return { node, picks: () => state.order };
}

const KINDS = { choice, several, predict, fix, find, fill, order };

// What was picked last, as the state that the controls begin with.
function stateOf(q, uid) {
  const state = { uid };
  const picks = q.picks;
  if (picks == null) return state;
  if (q.kind === "fill") state.blanks = [...picks];
  else if (q.kind === "several") state.many = [...picks];
  else if (q.kind === "order") state.order = [...picks];
  else if (q.kind === "fix") [state.line, state.one] = picks;
  else if (q.typed) state.text = picks;
  else state.one = picks;
  return state;
}

function render({ model, el }) {
  // Radio buttons of one name are one group, in the whole page.
  const uid = `bc-${Math.random().toString(36).slice(2)}`;
  const live = h("div", { class: "bc-hidden", role: "status", "aria-live": "polite" });
  const body = h("div");
  const root = h("section", { class: "bc-deck" }, body, live);
  const drafts = new Map();
  let timer = null, clock = null, shown = null, gone = false;

  function tell(problem) {
    live.textContent = problem;
    body.querySelector(".bc-problem")?.replaceChildren(problem);
  }

  function send(message) {
    clearTimeout(timer);
    if (gone) return tell(GONE);
    timer = setTimeout(() => {
      tell("No answer from Python yet. Is the kernel running, and not busy with another cell? After a restart, run this cell again.");
    }, WAIT);
    try {
      model.send(message);
    } catch {
      leave();
    }
  }

  // Called when the connection to the kernel ends.
  function leave() {
    clearTimeout(timer);
    gone = true;
    root.classList.add("bc-gone");
    tell(GONE);
  }

  // Another notebook may have gone on with these questions while this page was out of sight.
  function look() {
    if (!gone && !document.hidden) model.send({ do: "look" });
  }

  function draw() {
    clearTimeout(timer);
    const view = model.get("view"), q = view.question;
    const focused = body.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    root.setAttribute("aria-label", view.title);
    const key = `${q.id} ${q.round} ${q.tries}`;
    if (!drafts.has(key)) drafts.set(key, stateOf(q, uid));
    const state = drafts.get(key);
    if (view.mode === "test" && shown === key) {
      // Saved: the controls stay as they are while the learner is using them.
      body.children[0].replaceWith(top(view));
      body.children[1].replaceWith(facts(view, q));
      body.querySelector(".bc-status").textContent = view.status;
      body.querySelector(".bc-problem").textContent = view.problem;
      if (focused) body.querySelector(`[data-focus="${focused}"]`)?.focus({ preventScroll: true });
      live.textContent = view.problem || view.said;
      return;
    }
    shown = key;
    body.replaceChildren(top(view), facts(view, q), ...(q.kind === "flashcard" ? card(q) : task(view, q, state)));
    if (focused) {
      const wanted = body.querySelector(`[data-focus="${focused}"]:not(:disabled)`) 
        ?? body.querySelector('[data-focus="main"]') ?? body.querySelector('[aria-current="true"]') ?? body.querySelector("button:enabled");
      wanted?.focus({ preventScroll: true });
    }
    live.textContent = view.problem || [view.said, ...(view.said && q.feedback.length ? [body.querySelector(".bc-verdict dl")?.textContent ?? ""] : [])].join(" ");
  }

  function top(view) {
    const words = { right: "right", out: "not solved", open: "open", saved: "answered" };
    const items = view.outcomes.map((outcome, place) => h("li", {}, h("button", {
      type: "button", class: outcome === "open" ? "" : `bc-is-${outcome}`, "data-focus": `go-${place}`,
      "aria-current": place === view.place ? "true" : null, "aria-label": `Question ${place + 1}, ${words[outcome]}`,
      onclick: () => send({ do: "go", place }),
    }, outcome === "right" ? "✓" : outcome === "out" ? "✗" : String(place + 1))));
    return h("div", { class: "bc-top" },
      h("span", { class: "bc-title" }, view.title),
      view.outcomes.length > 1 ? h("ol", { class: "bc-nav", "aria-label": "Questions" }, items) : null);
  }

  function facts(view, q) {
    const left = q.triesLeft, tries = view.mode === "test" || q.kind === "flashcard" ? null
      : q.outcome === "open" ? `${left} attempt${left === 1 ? "" : "s"} left` : q.outcome === "right" ? "solved" : "no attempt left";
    const place = view.outcomes.length > 1 ? `Question ${view.place + 1} of ${view.outcomes.length}` : null;
    return h("div", { class: "bc-facts" },
      place ? h("span", {}, place) : null, h("span", {}, q.kindWords),
      h("span", { class: "bc-badge", "data-level": q.difficulty }, q.difficulty),
      h("span", {}, `about ${q.minutes} min`),
      tries ? h("span", { class: "bc-tries" }, tries) : null,
      view.mode === "test" ? clockOf(view) : null);
  }

  function clockOf(view) {
    const node = h("span", { class: "bc-tries" });
    clearInterval(clock);
    const tick = () => {
      const minutes = Math.max(0, Math.floor((Date.now() / 1000 - view.started) / 60));
      node.textContent = `${minutes} min of about ${view.minutes}, no limit`;
    };
    tick();
    clock = setInterval(tick, 10000);
    return node;
  }

  function task(view, q, state) {
    const test = view.mode === "test", locked = !test && q.outcome !== "open";
    const code = h("pre", { html: q.code });
    const check = () => {
      const picks = control.picks();
      if (picks == null) problem.replaceChildren(live.textContent = incomplete(q));
      else send({ do: "check", picks });
    };
    const tools = { locked, code, submit: test ? () => {} : check, onpick: () => { if (test) send({ do: "choose", id: q.id, picks: control.picks() }); } };
    const control = KINDS[q.kind](q, state, tools);
    const problem = h("span", { class: "bc-problem" }, view.problem);
    const parts = [h("div", { class: "bc-prompt", html: q.prompt })];
    if (q.code) parts.push(h("div", { class: "bc-code", tabindex: "0", role: "group", "aria-label": "Code" }, code));
    parts.push(control.node);
    if (test) {
      const last = view.place === view.outcomes.length - 1;
      parts.push(h("div", { class: "bc-actions" },
        h("button", { type: "button", class: "bc-button", disabled: view.place === 0, "data-focus": "back", onclick: () => send({ do: "go", place: view.place - 1 }) }, "Back"),
        h("button", { type: "button", class: "bc-button bc-main", disabled: last, "data-focus": "main", onclick: () => send({ do: "go", place: view.place + 1 }) }, "Next"),
        h("span", { class: "bc-status" }, view.status), problem));
      return parts;
    }
    parts.push(h("div", { class: "bc-actions" },
      locked ? h("button", { type: "button", class: "bc-button", "data-focus": "again", onclick: () => send({ do: "again" }) }, q.hasNumbers ? "Again with other numbers" : "Again")
        : h("button", { type: "button", class: "bc-button bc-main", "data-focus": "main", onclick: check }, "Check"),
      !locked && q.hintsLeft ? h("button", { type: "button", class: "bc-button", "data-focus": "hint", onclick: () => send({ do: "hint" }) }, `Hint (${q.hints.length + 1} of ${q.hints.length + q.hintsLeft})`) : null,
      locked && view.place + 1 < view.outcomes.length ? h("button", { type: "button", class: "bc-button bc-main", "data-focus": "main", onclick: () => send({ do: "go", place: view.place + 1 }) }, "Next question") : null,
      problem));
    parts.push(h("div", { class: "bc-answered" }, verdict(q), help(q)));
    return parts;
  }

  function incomplete(q) {
    return { fill: "Fill all blanks first.", fix: "Choose a line and a repair first.", several: "Choose at least one first." }[q.kind]
      ?? (q.typed ? "Type an answer first." : "Choose one first.");
  }

  function verdict(q) {
    if (!q.tries) return null;
    const right = q.outcome === "right";
    const entries = q.feedback.map(({ part, text }) => [part ? h("dt", { html: part }) : null, h("dd", { html: text })]);
    return h("div", { class: `bc-verdict ${right ? "bc-is-right" : "bc-is-wrong"}` },
      h("b", {}, right ? "✓ Right" : q.outcome === "out" ? "✗ Not right, and that was the last attempt" : "✗ Not yet"),
      entries.length ? h("dl", {}, entries) : null);
  }

  function help(q) {
    const parts = [];
    if (q.hints.length) parts.push(h("h5", {}, q.hints.length === 1 ? "Hint" : "Hints"), list("ol", q.hints));
    if (q.mistakes) parts.push(h("h5", {}, "Common mistakes"), list("ul", q.mistakes), q.learn ? h("p", { html: `To learn it: ${q.learn}` }) : h("p", {}, "Taught in: ", taught(q.taught)));
    if (q.solution) parts.push(h("h5", {}, "Solution"), h("div", { class: "bc-code", tabindex: "0", role: "group", "aria-label": "Right answer", html: q.answer }), list("ol", q.solution));
    return parts.length ? h("div", { class: "bc-help" }, parts) : null;
  }

  // A link to the section if it is in this notebook, else its name.
  function taught(title) {
    const found = [...document.querySelectorAll(".jp-Notebook :is(h2, h3), .cell :is(h2, h3)")]
      .find((heading) => heading.textContent.replace("¶", "").trim() === title);
    return found ? h("button", { type: "button", class: "bc-link", "data-focus": "taught", onclick: () => found.scrollIntoView({ behavior: "smooth" }) }, title) : title;
  }

  function card(q) {
    const parts = [h("div", { class: "bc-face", html: q.prompt })];
    if (!q.revealed) {
      parts.push(h("div", { class: "bc-actions" },
        h("button", { type: "button", class: `bc-button${q.outcome === "open" ? " bc-main" : ""}`, "data-focus": "main", onclick: () => send({ do: "reveal" }) }, "Show the answer"),
        h("span", {}, q.due === "new" ? "Say it to yourself first." : q.due === "now" ? "Due now. Say it to yourself first." : `Recalled. It comes back ${q.due}.`),
        h("span", { class: "bc-problem" })));
      return parts;
    }
    const ratings = q.ratings.map((rating, place) => h("button", {
      type: "button", class: "bc-button", "data-focus": place === 2 ? "main" : rating, onclick: () => send({ do: "check", picks: rating }),
    }, ["I did not know it", "Hard", "Good", "Easy"][place], h("span", { class: "bc-interval" }, `again in ${q.intervals[rating]}`)));
    parts.push(h("div", { class: "bc-face bc-back", html: q.back }),
      h("div", { class: "bc-actions", role: "group", "aria-label": "How well did you know it?" }, ratings, h("span", { class: "bc-problem" })));
    return parts;
  }

  // The notebook's own shortcuts must not fire while somebody works in the widget.
  root.addEventListener("keydown", (event) => {
    // Enter on an option checks, as in a form.
    if (event.key === "Enter" && event.target.matches("input")) body.querySelector('[data-focus="main"]')?.click();
    if (!event.ctrlKey && !event.metaKey && event.key !== "Escape") event.stopPropagation();
  });
  // While the widget lives, the text that the notebook keeps of it is out of sight.
  const hiding = h("style", {}, `.jp-OutputArea-child:has([data-bc-kept="${model.get("key")}"]) { display: none; }`,
    `[data-bc-kept="${model.get("key")}"] { display: none; }`);
  document.head.append(hiding);
  el.replaceChildren(root);
  model.on("change:view", draw);
  model.on("comm_live_update", leave);
  document.addEventListener("visibilitychange", look);
  draw();
  return () => {
    model.off("change:view", draw);
    model.off("comm_live_update", leave);
    document.removeEventListener("visibilitychange", look);
    hiding.remove();
    clearTimeout(timer);
    clearInterval(clock);
  };
}

export default { render };
