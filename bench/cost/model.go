package cost

import (
	"fmt"
	"math"
	"reflect"
	"strings"
)

// Schema names the format of [File].
const Schema = "consbench.cost/v1"

// Model is what work costs: times in nanoseconds of one processor. The order of its
// times is that of [Work].
type Model struct {
	Turn        float64 `json:"turn_ns"`
	Receive     float64 `json:"receive_ns"`
	ReceiveByte float64 `json:"receive_ns_per_byte"`
	Send        float64 `json:"send_ns"`
	SendByte    float64 `json:"send_ns_per_byte"`
	Propose     float64 `json:"propose_ns"`
	ProposeByte float64 `json:"propose_ns_per_byte"`
	Entry       float64 `json:"entry_ns"`
	Apply       float64 `json:"apply_ns"`
	ApplyByte   float64 `json:"apply_ns_per_byte"`
	Client      float64 `json:"client_ns"`
	Bandwidth   int64   `json:"bandwidth_bytes_per_s"` // of a network interface, outward; 0 = unlimited
}

// Terms is how many times a Model has.
const Terms = 11

// Limits of a coefficient and of the bandwidth.
const (
	maxTime      = 1e9 // ns: a second for one message
	minBandwidth = 1e3
	maxBandwidth = 1e15
)

// names of the terms, as they stand in a file.
var names = func() (out [Terms]string) {
	t := reflect.TypeFor[Model]()
	for i := range out {
		out[i] = t.Field(i).Tag.Get("json")
	}
	return out
}()

// TermName is the name of term i, such as receive_ns.
func TermName(i int) string { return names[i] }

// Times are the model's times in the order of its fields.
func (m *Model) Times() (t [Terms]float64) {
	for i, p := range m.times() {
		t[i] = *p
	}
	return t
}

// SetTimes is the reverse of Times.
func (m *Model) SetTimes(t [Terms]float64) {
	for i, p := range m.times() {
		*p = t[i]
	}
}

func (m *Model) times() [Terms]*float64 {
	return [Terms]*float64{
		&m.Turn, &m.Receive, &m.ReceiveByte, &m.Send, &m.SendByte, &m.Propose, &m.ProposeByte,
		&m.Entry, &m.Apply, &m.ApplyByte, &m.Client,
	}
}

// Validate reports what in the model cannot be, by the names of a file.
func (m *Model) Validate() error {
	var wrong []string
	free := true
	for i, t := range m.Times() {
		if !(t >= 0 && t <= maxTime) { // NaN too
			wrong = append(wrong, fmt.Sprintf("model.%s: %g is not in 0 to %g", names[i], t, float64(maxTime)))
		}
		free = free && (ps(t) == 0 || i == Terms-1)
	}
	if m.Bandwidth != 0 && (m.Bandwidth < minBandwidth || m.Bandwidth > maxBandwidth) {
		wrong = append(wrong, fmt.Sprintf("model.bandwidth_bytes_per_s: %d is not 0 (unlimited) or in %g to %g", m.Bandwidth, float64(minBandwidth), float64(maxBandwidth)))
	}
	if free && m.Bandwidth == 0 && len(wrong) == 0 {
		wrong = append(wrong, "model: nothing that a replica does costs anything, which is --cost none")
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s", strings.Join(wrong, "; "))
	}
	return nil
}

// ps is a time in whole picoseconds.
func ps(ns float64) int64 { return int64(math.Round(ns * 1000)) }

// Work is what a replica, or with Commands alone a client, has done: what a Model
// prices, term by term.
type Work struct {
	Turns         uint64 `json:"turns"`
	Received      uint64 `json:"received"` // frames
	ReceivedBytes uint64 `json:"received_bytes"`
	Sent          uint64 `json:"sent"`
	SentBytes     uint64 `json:"sent_bytes"`
	Proposed      uint64 `json:"proposed"` // commands
	ProposedBytes uint64 `json:"proposed_bytes"`
	Entries       uint64 `json:"entries"`
	Applied       uint64 `json:"applied"` // commands
	AppliedBytes  uint64 `json:"applied_bytes"`
	Answered      uint64 `json:"answered"` // commands, at a client
}

// Counts are the counts of w in the order of the model's times.
func (w *Work) Counts() [Terms]uint64 {
	return [Terms]uint64{
		w.Turns, w.Received, w.ReceivedBytes, w.Sent, w.SentBytes, w.Proposed, w.ProposedBytes,
		w.Entries, w.Applied, w.AppliedBytes, w.Answered,
	}
}

// Add adds v to w.
func (w *Work) Add(v *Work) {
	w.Turns += v.Turns
	w.Received += v.Received
	w.ReceivedBytes += v.ReceivedBytes
	w.Sent += v.Sent
	w.SentBytes += v.SentBytes
	w.Proposed += v.Proposed
	w.ProposedBytes += v.ProposedBytes
	w.Entries += v.Entries
	w.Applied += v.Applied
	w.AppliedBytes += v.AppliedBytes
	w.Answered += v.Answered
}

// Cost is what the model charges for w, in nanoseconds.
func (m *Model) Cost(w *Work) (ns float64) {
	counts := w.Counts()
	for i, t := range m.Times() {
		ns += t * float64(counts[i])
	}
	return ns
}
