package browser

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/consbench/consbench/bench/page/pagetest"
)

var pictures = flag.String("pictures", "", "directory to write the pictures of the documentation to")

// TestPictures takes the pictures that are not of today's page: make pictures. Without the
// flag it only tests that all can be taken, and are of some size.
func TestPictures(t *testing.T) {
	b := open(t)
	path := page(t, "pictures")
	html, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]pagetest.Taken{}
	if *pictures != "" {
		if err := os.MkdirAll(*pictures, 0o755); err != nil {
			t.Fatal(err)
		}
		if all, err := pagetest.ReadTaken(*pictures); err == nil {
			known = all
		}
	}
	for _, p := range pagetest.Pictures {
		now, err := p.Of(string(html))
		if err != nil {
			t.Fatal(err)
		}
		if *pictures != "" && p.Stale(*pictures, known, now) == "" {
			continue
		}
		data := b.take(path, &p)
		if *pictures == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(*pictures, p.Name+".png"), data, 0o644); err != nil {
			t.Fatal(err)
		}
		now.Picture = pagetest.Hash(data)
		known[p.Name] = now
		t.Logf("%s.png: %d bytes", p.Name, len(data))
	}
	if *pictures != "" {
		if err := pagetest.WriteTaken(*pictures, known); err != nil {
			t.Fatal(err)
		}
	}
}

// take takes a picture of a page.
func (b *tab) take(path string, p *pagetest.Picture) []byte {
	t := b.t
	b.load(path, 960, p.Scheme)
	var box []float64
	b.ask(fmt.Sprintf(`(() => {
		for (const s of document.querySelectorAll("section")) s.style.contentVisibility = "visible"; // places are final
		const heading = [...document.querySelectorAll("h2")].find((h) => h.textContent === %q);
		const part = heading ? heading.parentElement : document.querySelector("main");
		const top = part.getBoundingClientRect().top + scrollY, tools = part.querySelector("figure .tools").getBoundingClientRect();
		return [top, tools.top + scrollY];
	})()`, p.Section), &box)
	var data []byte
	b.do(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		data, err = cdppage.CaptureScreenshot().WithCaptureBeyondViewport(true).
			WithClip(&cdppage.Viewport{X: 32, Y: box[0], Width: 896, Height: box[1] - box[0], Scale: 1}).Do(ctx)
		return err
	}))
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if size := picture.Bounds().Size(); size.X < 800 || size.Y < 300 {
		t.Errorf("%s: %v", p.Name, size)
	}
	var small bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&small, paletted(picture)); err != nil {
		t.Fatal(err)
	}
	if small.Len() > 100_000 {
		t.Errorf("%s: %d bytes: too large for a repository", p.Name, small.Len())
	}
	return small.Bytes()
}

// paletted is a picture in the 256 colours of which it has most; others become the nearest of
// those.
func paletted(p image.Image) *image.Paletted {
	bounds := p.Bounds()
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(p.At(x, y)).(color.RGBA) }
	count := map[color.RGBA]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	all := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var palette color.Palette
	for _, c := range all[:min(len(all), 256)] {
		palette = append(palette, c)
	}
	index := map[color.RGBA]uint8{}
	for c := range count {
		index[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			out.SetColorIndex(x, y, index[at(x, y)])
		}
	}
	return out
}
