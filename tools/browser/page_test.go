package browser

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/consbench/consbench/bench/page/pagetest"
)

// awaited makes an evaluation wait for the promise that it comes to.
func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// outside lists what reaches over the edge of the page, or would scroll it sideways.
const outside = `(() => {
	const wide = document.documentElement.clientWidth, out = [];
	if (document.documentElement.scrollWidth > wide) out.push("the page is " + document.documentElement.scrollWidth + " wide");
	for (const e of document.querySelectorAll("svg text, h1, h2, h3, p, figcaption, li, pre, button")) {
		if (e.closest("details:not([open])")) continue;
		const r = e.getBoundingClientRect();
		if (r.width && (r.right > wide + 1 || r.left < -1)) out.push(e.tagName + " from " + r.left + " to " + r.right + ": " + e.textContent.slice(0, 40));
	}
	return out;
})()`

// pale lists text of less contrast than 4.5 and marks of less than 3 (WCAG 2.2, 1.4.3
// and 1.4.11).
const pale = `(() => {
	const light = (c) => {
		const v = c.match(/[\d.]+/g).slice(0, 3).map((x) => x / 255).map((x) => x <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4);
		return .2126 * v[0] + .7152 * v[1] + .0722 * v[2];
	};
	const paper = light(getComputedStyle(document.body).backgroundColor), out = new Set();
	const contrast = (c) => { const a = light(c); return (Math.max(a, paper) + .05) / (Math.min(a, paper) + .05); };
	const look = (list, property, least) => {
		for (const e of document.querySelectorAll(list)) {
			const c = getComputedStyle(e)[property];
			if (c.startsWith("rgb(") && contrast(c) < least) out.add(e.tagName + "." + e.getAttribute("class") + " " + c + ": " + contrast(c).toFixed(2));
		}
	};
	look("svg text", "fill", 4.5);
	look("p, li, th, td, caption, figcaption, summary, button, a, h1, h2, h3, strong", "color", 4.5);
	look("svg .curve, svg .interval", "stroke", 3);
	look("svg .dot:not(.again), svg .bar", "fill", 3);
	return [...out];
})()`

// empty lists figures in whose visible drawing nothing is marked.
const empty = `[...document.querySelectorAll("figure")].filter((f) => {
	const svg = [...f.querySelectorAll("svg")].filter((e) => getComputedStyle(e).display !== "none");
	return svg.length !== 1 || !svg[0].querySelector("path[data-l], [data-m]") || !svg[0].querySelector("title").textContent || !svg[0].querySelector("desc").textContent;
}).map((f) => f.querySelector("h3").textContent)`

// TestLayout: from 400 to 1600 px in both schemes nothing reaches over the edge, all
// is legible, and every figure has marks.
func TestLayout(t *testing.T) {
	b := open(t)
	for name := range commands {
		path := page(t, name)
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int{400, 660, 800, 1280, 1600} {
				if scheme == "dark" && width != 1280 {
					continue // the scheme changes colours only
				}
				b.load(path, width, scheme)
				where := fmt.Sprintf("%s, %d px, %s", name, width, scheme)
				var figures int
				if b.ask(`document.querySelectorAll("figure").length`, &figures); figures == 0 {
					t.Errorf("%s: no figure", where)
				}
				for what, expression := range map[string]string{"over the edge": outside, "pale": pale, "without marks": empty} {
					var list []string
					b.ask(expression, &list)
					for _, s := range list[:min(len(list), 5)] {
						t.Errorf("%s: %s: %s", where, what, s)
					}
				}
			}
		}
		b.quiet(path)
	}
}

// hovered moves the pointer over a mark of every figure, then presses a key in it, and
// lists what showed no value.
const hovered = `(() => {
	const out = [];
	for (const f of document.querySelectorAll("figure")) {
		const name = f.querySelector("h3").textContent, tip = f.querySelector(".tip");
		const svg = [...f.querySelectorAll("svg")].find((e) => getComputedStyle(e).display !== "none");
		const e = svg.querySelector("[data-m]") || svg, r = e.getBoundingClientRect();
		const at = { clientX: r.left + r.width / 2, clientY: r.top + r.height / 2, bubbles: true };
		e.dispatchEvent(new PointerEvent("pointermove", at));
		if (tip.hidden || !/\d/.test(tip.textContent)) out.push(name + ": no value under the pointer");
		svg.dispatchEvent(new PointerEvent("pointerleave"));
		if (!tip.hidden) out.push(name + ": the value stays");
		if (svg.tabIndex !== 0) out.push(name + ": no keyboard reaches it");
		const seen = new Set();
		for (const key of ["Home", "ArrowRight", "ArrowRight", "End"]) {
			svg.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
			if (tip.hidden || !/\d/.test(tip.textContent)) out.push(name + ": no value after " + key);
			seen.add(tip.textContent);
		}
		if (seen.size < 2) out.push(name + ": keys do not move");
		const box = tip.getBoundingClientRect(), wide = document.documentElement.clientWidth;
		if (box.left < -1 || box.right > wide + 1) out.push(name + ": the value is over the edge");
		svg.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
		if (!tip.hidden) out.push(name + ": Escape does not hide the value");
	}
	return out;
})()`

// saved saves every figure and lists what is no drawing of its own.
const saved = `(async () => {
	const blobs = [], out = [];
	const before = URL.createObjectURL;
	URL.createObjectURL = (b) => { blobs.push(b); return before.call(URL, b); };
	const click = HTMLAnchorElement.prototype.click;
	HTMLAnchorElement.prototype.click = function () { if (!/^[a-z0-9-]+\.svg$/.test(this.download)) out.push("named " + this.download); };
	const buttons = [...document.querySelectorAll("figure button")];
	for (const b of buttons) b.click();
	HTMLAnchorElement.prototype.click = click;
	URL.createObjectURL = before;
	if (blobs.length !== document.querySelectorAll("figure").length) out.push(blobs.length + " files");
	for (const b of blobs) {
		const doc = new DOMParser().parseFromString(await b.text(), "image/svg+xml");
		if (doc.querySelector("parsererror")) out.push("not XML");
		const root = doc.documentElement;
		if (root.tagName !== "svg" || !root.getAttribute("width") || !doc.querySelector("title")) out.push("no drawing");
		if (doc.querySelector("[class], script, style")) out.push("it leans on the page");
		for (const e of doc.querySelectorAll("path, line")) if (!e.getAttribute("fill") || !e.getAttribute("stroke")) out.push("no colours");
	}
	return [...new Set(out)];
})()`

// TestValues: values show under the pointer and the arrow keys, and figures can be
// saved.
func TestValues(t *testing.T) {
	b := open(t)
	for name := range commands {
		path := page(t, name)
		for _, width := range []int{400, 1280} {
			b.load(path, width, "light")
			var list []string
			b.ask(hovered, &list)
			for _, s := range list {
				t.Errorf("%s, %d px: %s", name, width, s)
			}
		}
		var list []string
		b.do(chromedp.Evaluate(saved, &list, awaited))
		for _, s := range list {
			t.Errorf("%s: saved: %s", name, s)
		}
		b.do(chromedp.Evaluate(folded, &list, awaited))
		for _, s := range list {
			t.Errorf("%s: %s", name, s)
		}
		b.quiet(path)
	}
}

// folded opens the tables under figures, and lists those that stay empty.
const folded = `(async () => {
	const all = [...document.querySelectorAll("figure details")];
	for (const d of all) d.open = true;
	for (let i = 0; i < 100 && document.querySelector("figure details noscript"); i++) await new Promise((r) => setTimeout(r, 20));
	return all.filter((d) => d.querySelectorAll("tbody td").length === 0).map((d) => d.closest("figure").querySelector("h3").textContent + ": an empty table");
})()`

// TestMarks: under the pointer in a band, and at an instant, a figure says what happened
// there, and nothing of it elsewhere.
func TestMarks(t *testing.T) {
	b := open(t)
	path := page(t, "closed")
	for _, width := range []int{400, 1280} {
		b.load(path, width, "light")
		var list []string
		b.ask(`(() => {
			const out = [];
			let bands = 0, events = 0;
			for (const svg of document.querySelectorAll("svg")) {
				if (getComputedStyle(svg).display === "none") continue;
				const tip = svg.closest("figure").querySelector(".tip");
				const at = (x, y) => {
					const p = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
					svg.dispatchEvent(new PointerEvent("pointermove", { clientX: p.x, clientY: p.y, bubbles: true }));
					return tip.textContent;
				};
				for (const path of svg.querySelectorAll("[data-e]")) {
					const box = path.getBBox(), band = path.classList.contains("band"), want = band ? /crash .*, 2.00s to 3.00s/ : /elected at 2/;
					if (band) bands++; else events++;
					if (!want.test(at(box.x + box.width / 2, box.y + box.height / 2))) out.push(path.dataset.e + ": not said: " + tip.textContent);
					if (want.test(at(box.x - 40, box.y + box.height / 2))) out.push(path.dataset.e + ": said beside it");
				}
			}
			if (bands < 4 || events < 4) out.push(bands + " bands, " + events + " events");
			return out;
		})()`, &list)
		for _, s := range list {
			t.Errorf("%d px: %s", width, s)
		}
	}
	b.quiet(path)
}

// TestNoScript: without its script a page shows the same figures, for wide and for narrow
// columns, and has the same tables.
func TestNoScript(t *testing.T) {
	b := open(t)
	path := page(t, "closed")
	b.do(emulation.SetScriptExecutionDisabled(true))
	for _, width := range []int{400, 1280} {
		b.load(path, width, "light")
		for what, expression := range map[string]string{"over the edge": outside, "pale": pale, "without marks": empty} {
			var list []string
			b.ask(expression, &list)
			for _, s := range list {
				t.Errorf("%d px: %s: %s", width, what, s)
			}
		}
		var left int
		if b.ask(`[...document.querySelectorAll("figure")].filter((f) => f.querySelectorAll("svg").length !== 2 || f.querySelector("details") && !f.querySelector("details td")).length`, &left); left != 0 {
			t.Errorf("%d px: %d figures lack a drawing or a table", width, left)
		}
	}
	b.quiet(path)
}

// TestKeyboard: the first stop is a link to the results.
func TestKeyboard(t *testing.T) {
	b := open(t)
	path := page(t, "closed")
	b.load(path, 1280, "light")
	var text string
	b.do(chromedp.KeyEvent("\t"))
	if b.ask("document.activeElement.textContent", &text); text != "Skip to the results" {
		t.Errorf("the first stop is %q", text)
	}
	b.do(chromedp.KeyEvent("\r"))
	if b.ask("document.activeElement.id + document.location.hash", &text); text != "main#main" {
		t.Errorf("the link leads to %q", text)
	}
	var levels []string
	b.ask(`(() => {
		const out = [];
		let last = 0;
		for (const h of document.querySelectorAll("h1, h2, h3")) {
			const level = +h.tagName[1];
			if (level > last + 1 || !h.textContent.trim()) out.push(h.tagName + " after H" + last + ": " + h.textContent);
			last = level;
		}
		const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
		for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) out.push("twice: " + id);
		for (const e of document.querySelectorAll("[aria-labelledby]")) for (const id of e.getAttribute("aria-labelledby").split(" ")) if (!document.getElementById(id)) out.push("nothing labels: " + id);
		return out;
	})()`, &levels)
	for _, s := range levels {
		t.Error(s)
	}
}

// TestWeight: a page of ten runs with series of 60 s weighs less than 1 MB. How fast
// it opens is told, not judged: it depends on what else the machine does.
func TestWeight(t *testing.T) {
	b := open(t)
	path := page(t, "ten")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 1_000_000 {
		t.Errorf("%d bytes", info.Size())
	}
	var times []float64
	var elements int
	for range 3 {
		b.load(path, 1280, "light")
		var ms float64
		b.ask(`(() => { document.body.getBoundingClientRect(); return performance.now(); })()`, &ms)
		times = append(times, ms)
	}
	if b.ask(`document.querySelectorAll("*").length`, &elements); elements > 3500 { // it had 8,300
		t.Errorf("%d elements", elements)
	}
	t.Logf("%d bytes, %d elements; loaded and laid out after %.0f ms", info.Size(), elements, times)
}

// TestHostile: fifty names meant to do harm, on one page, do none.
func TestHostile(t *testing.T) {
	b := open(t)
	path := page(t, "closed")
	data, err := os.ReadFile(strings.TrimSuffix(path, ".html") + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	first := file["runs"].([]any)[0].(map[string]any)
	var runs []any
	for i, name := range pagetest.Names {
		run := maps.Clone(first)
		name = strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", ""), "?") // the file would not be read
		run["protocol"], run["seed"], run["warnings"] = name, i, []string{name}
		faults := slices.Clone(run["faults"].([]any))
		for k := range faults {
			f := maps.Clone(faults[k].(map[string]any))
			f["action"], f["target"], f["role"] = name, name, name
			faults[k] = f
		}
		run["faults"] = faults
		runs = append(runs, run)
	}
	file["runs"] = runs
	if data, err = json.Marshal(file); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "r.json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	html := filepath.Join(dir, "r.html")
	consbench(t, 0, "report", filepath.Join(dir, "r.json"), "--html", html, "--quiet")
	for _, width := range []int{400, 1280} {
		b.load(html, width, "light")
		var list []string
		b.ask(hovered, &list) // names go through the script, too
		b.do(chromedp.Evaluate(folded, &list, awaited))
		b.ask(`(() => {
			const out = [];
			if (typeof hacked !== "undefined") out.push("a script ran");
			if (document.scripts.length !== 1) out.push(document.scripts.length + " scripts");
			for (const e of document.querySelectorAll("img, iframe, object, embed, form, base, a:not([href^='#'])")) out.push(e.outerHTML);
			for (const e of document.querySelectorAll("*")) for (const a of e.attributes) if (a.name.startsWith("on")) out.push(a.name);
			return out;
		})()`, &list)
		for _, s := range list {
			t.Error(s)
		}
		b.ask(outside, &list)
		for _, s := range list {
			t.Errorf("%d px: %s", width, s)
		}
	}
	b.quiet(html)
}
