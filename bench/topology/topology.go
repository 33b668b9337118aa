package topology

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/smr"
)

// Names of the built-in topologies.
const (
	WAN5 = "wan5"
	WAN9 = "wan9"
)

// Limits of a file.
const (
	MaxRegions = 128              // as many as there may be nodes
	maxFile    = 1 << 20          // bytes
	maxRTT     = 60 * time.Second // of one entry
)

//go:embed aws_rtt_ms.csv
var aws []byte

// wan5 are the regions of that topology, in the order of its nodes.
var wan5 = []string{"us-east-1", "us-west-1", "us-west-2", "ap-northeast-1", "eu-west-1"}

// Matrix is the round-trip times between regions.
type Matrix struct {
	Regions []string          `json:"regions"`
	RTT     [][]time.Duration `json:"rtt_ns"` // [from][to]
}

// Builtin returns the built-in topology of that name, nil if there is none.
func Builtin(name string) *Matrix {
	all, err := Parse(bytes.NewReader(aws))
	if err != nil {
		panic(err) // a test reads it
	}
	switch name {
	case WAN9:
		return all
	case WAN5:
		return all.sub(wan5)
	}
	return nil
}

// Load returns the built-in topology of that name, or that of the file.
func Load(name string) (*Matrix, error) {
	if m := Builtin(name); m != nil {
		return m, nil
	}
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%q is neither %s nor %s nor a file%s", name, WAN5, WAN9, nearest.Hint(name, []string{WAN5, WAN9}))
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := Parse(f)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", name, err)
	}
	return m, nil
}

// Parse reads a matrix. Its errors begin with the line and the column that they are
// about, counted from 1.
func Parse(r io.Reader) (*Matrix, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("1:1: a matrix of regions has at most 1MiB")
	}
	m := &Matrix{}
	n, last := 0, 1
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		last = n
		cells := strings.Split(line, ",")
		wrong := func(column int, format string, args ...any) error {
			return fmt.Errorf("%d:%d: %s", n, 1+len(strings.Join(cells[:column], ","))+min(column, 1), fmt.Sprintf(format, args...))
		}
		if m.Regions == nil {
			if err := m.header(cells, wrong); err != nil {
				return nil, err
			}
			continue
		}
		if err := m.row(cells, wrong); err != nil {
			return nil, err
		}
	}
	switch {
	case m.Regions == nil:
		return nil, fmt.Errorf("1:1: empty: the first line names the regions, as in region,paris,tokyo")
	case len(m.RTT) < len(m.Regions):
		return nil, fmt.Errorf("%d:1: the row of %s is missing", last, m.Regions[len(m.RTT)])
	}
	return m, nil
}

func (m *Matrix) header(cells []string, wrong func(int, string, ...any) error) error {
	if len(cells) < 2 || len(cells) > MaxRegions+1 {
		return wrong(0, "the first line names 1 to %d regions, as in region,paris,tokyo", MaxRegions)
	}
	for i, c := range cells[1:] {
		c = strings.TrimSpace(c)
		switch {
		case !validName(c):
			return wrong(i+1, "%q is not the name of a region: letters, digits, - and _", c)
		case slices.Contains(m.Regions, c):
			return wrong(i+1, "%s is named twice", c)
		}
		m.Regions = append(m.Regions, c)
	}
	return nil
}

func (m *Matrix) row(cells []string, wrong func(int, string, ...any) error) error {
	i := len(m.RTT)
	switch {
	case i == len(m.Regions):
		return wrong(0, "a row too many: there are %d regions", len(m.Regions))
	case strings.TrimSpace(cells[0]) != m.Regions[i]:
		return wrong(0, "%q where the row of %s belongs: rows come in the order of the first line", strings.TrimSpace(cells[0]), m.Regions[i])
	case len(cells) != len(m.Regions)+1:
		return wrong(len(cells)-1, "%d times where %d regions need %d", len(cells)-1, len(m.Regions), len(m.Regions))
	}
	row := make([]time.Duration, len(m.Regions))
	for j, c := range cells[1:] {
		c = strings.TrimSpace(c)
		ms, err := strconv.ParseFloat(c, 64)
		if err != nil || !(ms >= 0 && ms <= float64(maxRTT/time.Millisecond)) {
			return wrong(j+1, "%q is not a round trip: milliseconds from 0 to %d", c, maxRTT/time.Millisecond)
		}
		row[j] = time.Duration(ms*1e6 + .5)
	}
	m.RTT = append(m.RTT, row)
	return nil
}

func validName(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == ""
}

// Validate reports what in a matrix that did not come from Parse cannot be.
func (m *Matrix) Validate() error {
	if len(m.Regions) == 0 || len(m.Regions) > MaxRegions || len(m.RTT) != len(m.Regions) {
		return fmt.Errorf("a matrix of %d regions with %d rows", len(m.Regions), len(m.RTT))
	}
	for i, row := range m.RTT {
		if len(row) != len(m.Regions) || !validName(m.Regions[i]) || slices.Contains(m.Regions[:i], m.Regions[i]) {
			return fmt.Errorf("the row of region %q is not one of %d regions", m.Regions[i], len(m.Regions))
		}
		for _, rtt := range row {
			if rtt < 0 || rtt > maxRTT {
				return fmt.Errorf("%v is not a round trip from 0s to %v", rtt, maxRTT)
			}
		}
	}
	return nil
}

// sub is the matrix of some of the regions.
func (m *Matrix) sub(names []string) *Matrix {
	s := &Matrix{Regions: names}
	for _, from := range names {
		var row []time.Duration
		for _, to := range names {
			row = append(row, m.RTT[m.Index(from)][m.Index(to)])
		}
		s.RTT = append(s.RTT, row)
	}
	return s
}

// Index is where a region stands in Regions, -1 if there is none of that name.
func (m *Matrix) Index(region string) int { return slices.Index(m.Regions, region) }

// Of is the index of the region of a node: nodes go round the regions in order.
func (m *Matrix) Of(id smr.NodeID) int { return int(id-1) % len(m.Regions) }

// OneWay is how long a message travels between two regions, by index.
func (m *Matrix) OneWay(from, to int) smr.Time { return smr.Time(m.RTT[from][to] / 2) }

// Longest is the longest round trip there and back among the first n regions that
// have a node.
func (m *Matrix) Longest(n int) time.Duration {
	longest := time.Duration(0)
	for i := range min(n, len(m.Regions)) {
		for j := range min(n, len(m.Regions)) {
			longest = max(longest, (m.RTT[i][j]+m.RTT[j][i])/2)
		}
	}
	return longest
}
