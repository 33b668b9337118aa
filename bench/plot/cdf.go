package plot

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Distribution is one curve of a [CDF].
type Distribution struct {
	Name      string
	Quantiles []Quantile // in the order of Share; values that do not fall
}

// Quantile is the value below or at which a share of a sample lies.
type Quantile struct {
	Share float64 // 0 to 1
	Value float64 // ns
}

// shares get a row each, in steps of a tenth up to where the tail begins, which has
// a logarithmic scale. The rows beyond what the samples know are left out.
var shares = []float64{0, .1, .2, .3, .4, .5, .6, .7, .8, .9, .95, .98, .99, .995, .998, .999, .9995, .9998, .9999, .99999}

const tailFrom = .9

// level is the row of a share, a fraction between two rows: 0 at the bottom.
func level(share float64) float64 {
	i, exact := slices.BinarySearch(shares, share)
	switch {
	case exact || i == 0:
		return float64(i)
	case i == len(shares):
		return float64(i - 1)
	}
	lo, hi := shares[i-1], shares[i]
	part := (share - lo) / (hi - lo)
	if lo >= tailFrom { // by the logarithm of what lies beyond
		part = math.Log((1-lo)/(1-share)) / math.Log((1-lo)/(1-hi))
	}
	return float64(i-1) + part
}

// CDF draws distribution functions of times over each other. The title follows the
// word SHARE; it says of what, and until when. Curves without a value are left out,
// as are those beyond the twenty-sixth; nothing is drawn of nothing.
func CDF(title string, curves []Distribution, o Options) []string {
	o = o.complete(0)
	kept := make([]Distribution, 0, len(curves))
	least, most, top := math.Inf(1), 0.0, 0.0
	for _, c := range curves {
		c.Quantiles = slices.DeleteFunc(slices.Clone(c.Quantiles), func(q Quantile) bool {
			return !drawable(q.Value) || !(q.Share >= 0 && q.Share <= 1)
		})
		if len(c.Quantiles) == 0 || len(kept) == maxCurves {
			continue
		}
		for _, q := range c.Quantiles {
			least, most = min(least, q.Value), max(most, q.Value)
			if q.Share < 1 {
				top = max(top, q.Share)
			}
		}
		kept = append(kept, c)
	}
	if len(kept) == 0 {
		return nil
	}
	rows := 1
	for rows < len(shares) && shares[rows] <= top+1e-12 {
		rows++
	}
	const left = 8
	f := o.frame()
	c := newCanvas(&o, o.Width-left-1, max(rows, 2))
	x := newAxis(least, most, duration)
	// The lowest share lies in the middle of the lowest row.
	y := func(share float64) float64 { return level(min(share, shares[rows-1])) / float64(c.rows-1) }
	for i, d := range kept {
		for j, q := range d.Quantiles {
			if q.Share > shares[rows-1] {
				break
			}
			from := d.Quantiles[max(j-1, 0)]
			c.line(x.at(from.Value), y(from.Share), x.at(q.Value), y(q.Share), i)
		}
		if !o.ASCII && len(kept) > 1 {
			c.letters(i, len(kept), func(row int) (float64, bool) { return d.at(shares[row]) }, x.at)
		}
	}
	lines := []string{}
	if title != "" {
		lines = append(lines, clip(title, o.Width))
	}
	for row := range c.rows {
		share := shares[c.rows-1-row]
		side := f.side
		if share > tailFrom {
			side = f.tail
		}
		lines = append(lines, trim(fmt.Sprintf("%6s%% %c%s", percent(share), side, c.row(row))))
	}
	lines = append(lines, x.below(c.cols, left, f)...)
	return append(lines, curveNames(names(kept), left+1, &o)...)
}

// at is the value at a share, between two quantiles if it is none; false beyond the
// last.
func (d *Distribution) at(share float64) (float64, bool) {
	for j, q := range d.Quantiles {
		switch {
		case q.Share < share-1e-12:
			continue
		case j == 0 || q.Share-share < 1e-12:
			return q.Value, true
		}
		p := d.Quantiles[j-1]
		return p.Value + (q.Value-p.Value)*(level(share)-level(p.Share))/(level(q.Share)-level(p.Share)), true
	}
	return 0, false
}

// letters writes a curve's letter on some rows, other rows for each curve.
func (c *canvas) letters(curve, curves int, value func(row int) (float64, bool), at func(float64) float64) {
	every := max(3, curves)
	for up := range c.rows {
		if (up+1)%every != curve%every {
			continue
		}
		if v, ok := value(up); ok {
			gx, _ := c.grain()
			col := int(math.Round(at(v)*float64(c.cols*gx-1))) / gx
			cell := &c.cells[(c.rows-1-up)*c.cols+col]
			cell.char, cell.whose = letter(curve), curve
		}
	}
}

func names(curves []Distribution) []string {
	out := make([]string, len(curves))
	for i := range curves {
		out[i] = curves[i].Name
	}
	return out
}

// curveNames is the legend of lettered curves.
func curveNames(names []string, indent int, o *Options) []string {
	if len(names) == 1 && names[0] == "" {
		return nil
	}
	var entries []entry
	for i, n := range names {
		text := string(letter(i)) + " " + n
		if len(names) == 1 && !o.ASCII {
			text = n
		}
		entries = append(entries, entry{i, text})
	}
	if len(names) > 1 && o.ASCII {
		entries = append(entries, entry{nobody, "* several"})
	}
	return legend(entries, indent, o)
}

func percent(share float64) string {
	return strconv.FormatFloat(round6(100*share), 'f', -1, 64)
}

func round6(v float64) float64 { return math.Round(v*1e6) / 1e6 }
