package cluster

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/command"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/smr"
)

func fullReport() *report {
	r := new(report)
	r.View.Term, r.View.Role, r.View.Applied, r.Halted = 7, smr.Leader, 12, true
	r.Totals.Frames[1], r.Totals.LogBytes, r.Totals.Commits = 3, 1<<40, 99
	r.Usage = measure.Usage{Allocs: 5, CPU: 6}
	r.events = []smr.Event{{Type: smr.Elected, Time: 5, Term: 7, Node: 2}, {Type: smr.Serving, Time: 6, Term: 7}}
	r.marks = []digestMark{{1, 2}, {3, 4}}
	r.problems = []string{"", "it broke"}
	h := measure.NewHistogram()
	h.RecordN(1234, 5)
	r.samples = [histograms][]byte{h.AppendSparse(nil), nil, []byte("?"), nil}
	return r
}

func TestReport(t *testing.T) {
	want := fullReport()
	got := report{problems: []string{"old"}, marks: make([]digestMark, 9)}
	got.samples[1] = []byte("old")
	data := want.append(nil)
	if err := got.read(data); err != nil {
		t.Fatal(err)
	}
	for i, h := range got.samples {
		if len(h) == 0 {
			got.samples[i] = nil
		}
	}
	if !reflect.DeepEqual(&got, want) {
		t.Errorf("got  %+v\nwant %+v", &got, want)
	}
	for n := range data {
		if err := got.read(data[:n]); !errors.Is(err, errMessage) {
			t.Fatalf("%d of %d bytes: %v", n, len(data), err)
		}
	}
}

// FuzzReport: bytes that are no report are an error; what is one is written back as
// the same bytes, but for flags and lengths that have several spellings.
func FuzzReport(f *testing.F) {
	f.Add(fullReport().append(nil))
	f.Add(new(report).append(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		var r, again report
		if r.read(data) != nil {
			return
		}
		once := r.append(nil)
		if err := again.read(once); err != nil || !bytes.Equal(again.append(nil), once) {
			t.Errorf("it does not come back: %v", err)
		}
		if len(once) > len(data) {
			t.Errorf("%d bytes became %d", len(data), len(once))
		}
	})
}

func TestMessages(t *testing.T) {
	var b bytes.Buffer
	large := bytes.Repeat([]byte("0123456789abcdef"), 3<<16) // several times firstRead
	for _, body := range [][]byte{nil, []byte("x"), large} {
		if err := writeMessage(&b, msgDone, body); err != nil {
			t.Fatal(err)
		}
	}
	whole := b.Bytes()
	r := bytes.NewReader(whole)
	for _, want := range [][]byte{nil, []byte("x"), large} {
		kind, body, err := readMessage(r, nil)
		if err != nil || kind != msgDone || !bytes.Equal(body, want) {
			t.Fatalf("kind %d, %d B, %v; want %d B", kind, len(body), err, len(want))
		}
	}
	if _, _, err := readMessage(r, nil); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	if _, _, err := readMessage(bytes.NewReader(whole[:len(whole)-1][11:]), nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut off: %v", err)
	}
}

// FuzzMessage: damaged bytes are an error, and take no more memory than there are
// bytes.
func FuzzMessage(f *testing.F) {
	var b bytes.Buffer
	if err := writeMessage(&b, msgReported, []byte("body")); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte{255, 255, 255, 63, 1, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		kind, body, err := readMessage(r, nil)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := writeMessage(&b, kind, body); err != nil || !bytes.Equal(b.Bytes(), data[:len(data)-r.Len()]) {
			t.Errorf("it does not come back: %v", err)
		}
	})
}

func someCommands(n, payload int) []byte {
	var all []byte
	for seq := range n {
		b := make([]byte, command.Size(payload))
		command.Put(b, command.Command{Session: 3, Seq: uint64(seq)}, payload)
		all = append(all, b...)
	}
	return all
}

// FuzzClientFrames: what a replica takes for commands and a client for answers can be
// read to the end, and frames are cut between commands.
func FuzzClientFrames(f *testing.F) {
	f.Add(someCommands(3, 16), 64)
	f.Add(command.Answer{From: 2, Session: 1, Seq: 9}.Append(nil), 1)
	f.Add(command.Answer{Status: command.NotLeader, From: 1, Node: 3}.Append(nil), 0)
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		if areCommands(data) {
			for rest := data; len(rest) > 0; {
				n := wholeCommands(rest, size)
				if n <= 0 || !areCommands(rest[:n]) {
					t.Fatalf("cut at %d of %d", n, len(rest))
				}
				_, first, _ := command.Next(rest)
				if n > size && n != first {
					t.Fatalf("%d bytes of several commands where %d were asked for", n, size)
				}
				rest = rest[n:]
			}
		}
		if areAnswers(data, 2, 3, 16, 1, 2) {
			for ; len(data) > 0; data = data[command.AnswerSize:] {
				a := command.ReadAnswer(data)
				if a.From != 2 || a.Node > 3 || a.Session >= 16 || a.Status == command.Done && a.Session%2 != 1 {
					t.Fatalf("took %+v", a)
				}
			}
		}
	})
}

func TestLastWords(t *testing.T) {
	var l lastWords
	for range 10_000 {
		_, _ = l.Write([]byte("panic: no\n\tgoroutine\n"))
	}
	s := l.String()
	if lines := strings.Split(s, "\n"); len(lines) != maxLines+1 || lines[0] != "panic: no" || lines[1] != "  goroutine" || lines[maxLines] != "..." {
		t.Errorf("%q", s)
	}
	if len(l.text) > maxWords {
		t.Errorf("%d bytes kept", len(l.text))
	}
}
