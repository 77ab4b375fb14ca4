// Comfort for the pages: every one of them works without this script.
"use strict";
(() => {
    const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
    const form = document.getElementById("record");

    // Addresses of old name a record behind the "#", which no server sees.
    const behind = new URLSearchParams(location.hash.slice(1));
    if (document.querySelector("[data-from-hash]") && (behind.get("model") || behind.get("action"))) {
        const [model, id, action] = ["model", "id", "action"].map((name) => behind.get(name));
        const at = id && /^\d+$/.test(id) ? `/${id}` : "";
        if (model) location.replace(`/odoo/${encodeURIComponent(model)}${at}`);
        else location.replace(`/odoo/action-${encodeURIComponent(action)}${at}`);
        return;
    }
    // They survive the sign-in.
    all("input[data-hash]").forEach((input) => {
        if (location.hash) input.value = (input.value || "/odoo") + location.hash;
    });

    // Methods of models, as any client calls them.
    async function call(model, method, args, kwargs = {}) {
        const answer = await fetch("/web/dataset/call_kw", {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ jsonrpc: "2.0", params: { model, method, args, kwargs } }),
        });
        const told = await answer.json();
        if (told.error) throw new Error(told.error.data.message);
        return told.result;
    }

    // Copying to the clipboard; a secret is fetched in the moment in which it is copied.
    async function copy(button, text) {
        const before = button.textContent;
        try {
            await navigator.clipboard.writeText(await text());
            button.textContent = "✓";
        } catch {
            button.textContent = "✗";
        }
        setTimeout(() => { button.textContent = before; }, 1500);
    }
    if (navigator.clipboard) {
        all("[data-copy]").forEach((button) => {
            const source = document.getElementById(button.dataset.copy);
            if (!source) return;
            button.hidden = false;
            // The text of the element itself, without that of the button within it.
            const text = () => "value" in source ? source.value
                : Array.from(source.childNodes).filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data).join("").trim();
            button.addEventListener("click", () => copy(button, async () => text()));
        });
        all("[data-copy-secret]").forEach((button) => {
            const [, , model, id] = location.pathname.split("/");
            const name = button.dataset.copySecret;
            button.hidden = false;
            button.addEventListener("click", () => copy(button, async () =>
                (await call(decodeURIComponent(model), "read", [[Number(id)], [name]]))[0][name]));
        });
    }

    // Ticking all rows, and how many are ticked.
    all("[data-all]").forEach((box) => {
        const rows = all("input[name=ids]", box.closest("form"));
        const count = document.querySelector("[data-count]");
        const tell = () => {
            const ticked = rows.filter((row) => row.checked).length;
            count.hidden = ticked === 0;
            count.textContent = `${ticked} ✓`;
            box.checked = ticked === rows.length && ticked > 0;
            box.indeterminate = ticked > 0 && ticked < rows.length;
        };
        box.hidden = false;
        box.addEventListener("change", () => { rows.forEach((row) => { row.checked = box.checked; }); tell(); });
        rows.forEach((row) => row.addEventListener("change", tell));
        tell();
    });

    // What drops down closes again.
    document.addEventListener("click", (event) => {
        all("details.drop[open]").forEach((drop) => { if (!drop.contains(event.target)) drop.open = false; });
    });
    document.addEventListener("keydown", (event) => {
        if (event.key === "Escape") {
            const open = document.querySelector("details.drop[open]");
            if (open) { open.open = false; open.querySelector("summary").focus(); }
        }
    });
    // On a narrow page the menu begins closed.
    if (matchMedia("(max-width: 60rem)").matches) all(".menu .whole").forEach((menu) => { menu.open = false; });

    // A preview of the picture that was chosen.
    all("input[type=file][data-preview]").forEach((input) => {
        const image = document.getElementById(input.dataset.preview);
        if (image) input.addEventListener("change", () => {
            const [file] = input.files;
            if (file && file.type.startsWith("image/") && file.type !== "image/svg+xml") {
                image.src = URL.createObjectURL(file);
                image.hidden = false;
            }
        });
    });

    // Sections become tabs.
    all("[data-tabs]").forEach((tabs) => {
        const pages = all(":scope > section.tab, :scope > .when > section.tab", tabs);
        if (pages.length < 2) return;
        const list = document.createElement("div");
        list.className = "tablist";
        list.setAttribute("role", "tablist");
        const show = (chosen, focus) => {
            pages.forEach((page, place) => {
                const is = page === chosen;
                page.hidden = !is;
                buttons[place].setAttribute("aria-selected", is);
                buttons[place].tabIndex = is ? 0 : -1;
                if (is && focus) buttons[place].focus();
            });
        };
        const buttons = pages.map((page) => {
            const button = document.createElement("button");
            button.type = "button";
            button.id = `of-${page.id}`;
            button.textContent = page.dataset.title;
            button.setAttribute("role", "tab");
            button.setAttribute("aria-controls", page.id);
            page.setAttribute("role", "tabpanel");
            page.setAttribute("aria-labelledby", button.id);
            button.addEventListener("click", () => { show(page); history.replaceState(history.state, "", `#${page.id}`); });
            list.append(button);
            return button;
        });
        list.addEventListener("keydown", (event) => {
            const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
            if (!step) return;
            const place = buttons.indexOf(document.activeElement);
            show(pages[(place + step + pages.length) % pages.length], true);
            event.preventDefault();
        });
        tabs.prepend(list);
        tabs.classList.add("live");
        const wrong = pages.find((page) => page.querySelector(".wrong"));
        show(wrong || pages.find((page) => `#${page.id}` === location.hash) || pages[0]);
        // A field that is not filled in brings its tab to the front.
        tabs.addEventListener("invalid", (event) => {
            const page = event.target.closest("section.tab");
            if (page) show(page);
        }, true);
        // A tab that a condition hides has no button.
        all(":scope > .when", tabs).forEach((when) => {
            const place = pages.indexOf(when.querySelector("section.tab"));
            const follow = () => { if (place >= 0) buttons[place].hidden = when.hidden; };
            new MutationObserver(follow).observe(when, { attributes: true, attributeFilter: ["hidden"] });
            follow();
        });
    });

    // How hard a password is to guess, roughly: its length, and how many kinds of letters it has.
    all("[data-strength]").forEach((meter) => {
        const input = document.getElementById(meter.dataset.strength);
        input.addEventListener("input", () => {
            meter.hidden = input.value === "";
            const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z\d]/].filter((kind) => kind.test(input.value)).length;
            const distinct = new Set(input.value).size;
            meter.value = input.value.length < 12 ? Math.min(1, input.value.length) : Math.min(4, Math.floor(distinct / 4) + (kinds > 2 ? 1 : 0));
        });
    });

    if (!form) return;

    // Conditions of the view, over what is typed in.
    const base = JSON.parse(form.elements.base?.value || "{}");
    const valueOf = (name) => {
        const input = form.elements[`f.${name}`];
        if (!input) return base[name] ?? false;
        if (input.type === "checkbox") return input.checked;
        const value = input.value;
        return value === "" ? false : typeof base[name] === "number" ? Number(value) : value;
    };
    const truth = (value) => Array.isArray(value) ? value.length > 0 : Boolean(value);
    const operations = {
        value: (value) => value,
        name: (name) => name === "id" ? Number(location.pathname.split("/").pop()) || false : name === "true" ? true : name === "false" ? false : valueOf(name),
        list: (...items) => items.map(evaluate),
        and: (...items) => items.every((item) => truth(evaluate(item))),
        or: (...items) => items.some((item) => truth(evaluate(item))),
        not: (item) => !truth(evaluate(item)),
        "==": (left, right) => evaluate(left) === evaluate(right),
        "!=": (left, right) => evaluate(left) !== evaluate(right),
        "<": (left, right) => evaluate(left) < evaluate(right),
        "<=": (left, right) => evaluate(left) <= evaluate(right),
        ">": (left, right) => evaluate(left) > evaluate(right),
        ">=": (left, right) => evaluate(left) >= evaluate(right),
        in: (left, right) => evaluate(right).includes(evaluate(left)),
        "not in": (left, right) => !evaluate(right).includes(evaluate(left)),
    };
    function evaluate([word, ...operands]) {
        return word === "value" || word === "name" ? operations[word](operands[0]) : operations[word](...operands);
    }
    const conditions = all("[data-invisible]").map((element) => [element, JSON.parse(element.dataset.invisible)]);
    const follow = () => conditions.forEach(([element, condition]) => { element.hidden = truth(evaluate(condition)); });

    // Leaving with something unsaved.
    let changed = Boolean(document.querySelector(".wrong[role=alert]"));
    let leaving = false;
    form.addEventListener("input", () => { changed = true; follow(); });
    form.addEventListener("change", () => { changed = true; follow(); });
    form.addEventListener("submit", () => { leaving = true; });
    all("[data-discard]").forEach((link) => link.addEventListener("click", () => { leaving = true; }));
    addEventListener("beforeunload", (event) => { if (changed && !leaving) event.preventDefault(); });

    const press = (word) => {
        const hidden = document.createElement("input");
        Object.assign(hidden, { type: "hidden", name: "do", value: word });
        form.append(hidden);
        leaving = true;
        form.submit();
    };
    // What follows a field is asked of the server.
    all("[data-refresh]", form).forEach((input) => input.addEventListener("change", () => {
        if (input.getAttribute("role") !== "combobox") press("refresh");
    }));
    document.addEventListener("keydown", (event) => {
        if ((event.ctrlKey || event.metaKey) && event.key === "s") {
            event.preventDefault();
            document.querySelector("button.main[form=record]")?.click();
        }
    });

    // Lines are added in place, and an added one is removed in place.
    all("[data-add]", form).forEach((button) => button.addEventListener("click", (event) => {
        event.preventDefault();
        const name = button.dataset.add;
        const body = form.querySelector(`table[data-lines="${CSS.escape(name)}"] tbody`);
        const rows = all("tr[data-line^=n]", body);
        const last = rows[rows.length - 1];
        const key = last.dataset.line;
        const next = `n${Math.max(...rows.map((row) => Number(row.dataset.line.slice(1)))) + 1}`;
        const row = last.cloneNode(true);
        row.dataset.line = next;
        all(".wrong", row).forEach((wrong) => wrong.remove());
        all("[name], [id]", row).forEach((input) => {
            for (const attribute of ["name", "id"]) {
                const value = input.getAttribute(attribute);
                if (value) input.setAttribute(attribute, value.replace(`.${key}.`, `.${next}.`).replace(new RegExp(`\\.${key}$`), `.${next}`));
            }
            if (input.name === `l.${name}`) input.value = next;
            else if (input.type === "checkbox") input.checked = false;
            else if (input.type !== "hidden") input.value = "";
        });
        body.append(row);
        row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    }));

    // Names of records, as they are typed.
    all("input[data-model]", form).forEach((input) => {
        const list = document.createElement("ul");
        list.className = "suggest";
        list.hidden = true;
        list.setAttribute("role", "listbox");
        list.id = `${input.id || input.name}-list`;
        input.setAttribute("aria-controls", list.id);
        input.after(list);
        let timer = 0, chosen = -1, found = [];
        const close = () => {
            list.hidden = true;
            input.setAttribute("aria-expanded", "false");
            input.removeAttribute("aria-activedescendant");
            chosen = -1;
        };
        const take = ([id, name]) => {
            close();
            if (input.dataset.many) {
                const boxes = form.querySelector(`[data-boxes="${CSS.escape(input.dataset.many)}"]`);
                const known = all("input", boxes).find((box) => box.value === String(id));
                if (known) known.checked = true;
                else {
                    const label = document.createElement("label");
                    label.className = "box";
                    const box = document.createElement("input");
                    Object.assign(box, { type: "checkbox", name: `f.${input.dataset.many}`, value: id, checked: true });
                    label.append(box, ` ${name}`);
                    boxes.append(label);
                }
                input.value = "";
            } else {
                const path = input.name.slice(2);
                input.value = name;
                form.elements[`i.${path}`].value = id;
                form.elements[`t.${path}`].value = name;
            }
            changed = true;
            if (input.hasAttribute("data-refresh")) press("refresh");
        };
        const show = () => {
            list.replaceChildren(...found.map((pair, place) => {
                const item = document.createElement("li");
                item.textContent = pair[1];
                item.id = `${list.id}-${place}`;
                item.setAttribute("role", "option");
                item.setAttribute("aria-selected", place === chosen);
                item.addEventListener("mousedown", (event) => { event.preventDefault(); take(pair); });
                return item;
            }));
            if (chosen >= 0) input.setAttribute("aria-activedescendant", `${list.id}-${chosen}`);
            else input.removeAttribute("aria-activedescendant");
            list.hidden = found.length === 0;
            input.setAttribute("aria-expanded", String(!list.hidden));
        };
        const look = async () => {
            try {
                found = await call(input.dataset.model, "name_search", [], { name: input.value, limit: 8 });
                show();
            } catch { close(); }
        };
        input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 150); });
        input.addEventListener("focus", () => { if (!input.value) look(); });
        input.addEventListener("blur", close);
        input.addEventListener("keydown", (event) => {
            if (list.hidden) return;
            if (event.key === "ArrowDown" || event.key === "ArrowUp") {
                chosen = event.key === "ArrowDown" ? (chosen + 1) % found.length : (chosen > 0 ? chosen : found.length) - 1;
                show();
                event.preventDefault();
            } else if (event.key === "Enter" && chosen >= 0) {
                take(found[chosen]);
                event.preventDefault();
            } else if (event.key === "Escape") close();
        });
    });
    follow();
})();
