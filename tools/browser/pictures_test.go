package browser

import (
	"bytes"
	"context"
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

var pictures = flag.String("pictures", "", "directory to write the pictures of the documentation to")

// shots are the pictures that the documentation shows.
var shots = []struct {
	name, page, scheme string
	from, until        string // the top of the first, the top of the second
}{
	{"report-latency", "runs", "light", "main", "figure:nth-of-type(2)"},
	{"report-time", "runs", "dark", "section:nth-of-type(3)", "section:nth-of-type(3) figure:nth-of-type(2)"},
}

// TestPictures takes them: make pictures. Without the flag it only tests that they can be
// taken, and are of some size.
func TestPictures(t *testing.T) {
	b := open(t)
	for _, s := range shots {
		b.load(page(t, s.page), 960, s.scheme)
		var box []float64
		b.ask(`(() => { const top = (q) => document.querySelector(q).getBoundingClientRect().top + scrollY; return [top("`+s.from+`"), top("`+s.until+`")]; })()`, &box)
		var data []byte
		b.do(chromedp.ActionFunc(func(ctx context.Context) (err error) {
			data, err = cdppage.CaptureScreenshot().WithCaptureBeyondViewport(true).
				WithClip(&cdppage.Viewport{X: 32, Y: box[0], Width: 896, Height: box[1] - box[0] - 12, Scale: 1}).Do(ctx)
			return err
		}))
		picture, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if size := picture.Bounds().Size(); size.X < 800 || size.Y < 300 {
			t.Errorf("%s: %v", s.name, size)
		}
		var small bytes.Buffer
		encoder := png.Encoder{CompressionLevel: png.BestCompression}
		if err := encoder.Encode(&small, paletted(picture)); err != nil {
			t.Fatal(err)
		}
		if small.Len() > 100_000 {
			t.Errorf("%s: %d bytes: too large for a repository", s.name, small.Len())
		}
		if *pictures == "" {
			continue
		}
		if err := os.MkdirAll(*pictures, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(*pictures, s.name+".png"), small.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// paletted is a picture in 256 colours: low bits are dropped until it has no more.
func paletted(p image.Image) *image.Paletted {
	bounds := p.Bounds()
	for drop := 0; ; drop++ {
		index := map[color.RGBA]uint8{}
		out := image.NewPaletted(bounds, nil)
		fits := true
		for y := bounds.Min.Y; y < bounds.Max.Y && fits; y++ {
			for x := bounds.Min.X; x < bounds.Max.X; x++ {
				r, g, b, _ := p.At(x, y).RGBA()
				low := func(v uint32) uint8 { return uint8(min((v>>8>>drop<<drop)|(1<<drop>>1), 255)) }
				c := color.RGBA{low(r), low(g), low(b), 255}
				i, known := index[c]
				if !known {
					if len(out.Palette) == 256 {
						fits = false
						break
					}
					i = uint8(len(out.Palette))
					index[c] = i
					out.Palette = append(out.Palette, c)
				}
				out.SetColorIndex(x, y, i)
			}
		}
		if fits {
			return out
		}
	}
}
