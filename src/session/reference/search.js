// Finds names and texts that hold all words; names come first. `/` begins, arrows choose, Enter opens, Escape ends.
(() => {
  const up = document.currentScript.dataset.up;
  const field = document.getElementById("search");
  const list = document.getElementById("found");
  const MOST = 12;
  let chosen = 0;

  const rank = (entry, words) => {
    const name = entry[0].toLowerCase();
    const text = (entry[0] + " " + entry[1] + " " + entry[2]).toLowerCase();
    if (!words.every((word) => text.includes(word))) return -1;
    const first = words[0];
    if (name === first) return 0;
    if (name.startsWith(first)) return 1;
    if (words.every((word) => name.includes(word))) return 2;
    return 3;
  };

  const choose = (index) => {
    const rows = [...list.children];
    chosen = Math.max(0, Math.min(index, rows.length - 1));
    rows.forEach((row, i) => row.classList.toggle("chosen", i === chosen));
  };

  const find = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    list.replaceChildren();
    list.hidden = words.length === 0;
    if (list.hidden) return;
    const found = entries
      .map((entry, order) => ({ entry, order, rank: rank(entry, words) }))
      .filter((one) => one.rank >= 0)
      .sort((a, b) => a.rank - b.rank || a.order - b.order)
      .slice(0, MOST);
    for (const { entry } of found) {
      const row = document.createElement("li");
      const link = document.createElement("a");
      const parts = [["strong", entry[0]], ["em", entry[2]], ["span", entry[1]]];
      for (const [tag, text] of parts) {
        const part = document.createElement(tag);
        part.textContent = text;
        link.append(part);
      }
      link.href = up + entry[3];
      row.append(link);
      list.append(row);
    }
    if (found.length === 0) {
      const row = document.createElement("li");
      row.textContent = "nothing of that name";
      list.append(row);
    }
    choose(0);
  };

  field.addEventListener("input", find);
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
      event.preventDefault();
    } else if (event.key === "Enter") {
      list.children[chosen]?.querySelector("a")?.click();
      field.blur();
      list.hidden = true;
    } else if (event.key === "Escape") {
      field.value = "";
      find();
      field.blur();
    }
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(input|textarea)$/i.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      field.focus();
      field.select();
      event.preventDefault();
    }
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".search")) list.hidden = true;
  });
  // One sound at a time: a second player would be heard over the first.
  document.addEventListener("play", (event) => {
    for (const other of document.querySelectorAll("audio")) {
      if (other !== event.target) other.pause();
    }
  }, true);
  // A page may be opened with a question.
  const asked = new URLSearchParams(location.search).get("q");
  if (asked) {
    field.value = asked;
    find();
  }
})();
