package wal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// dumped is what Dump says of a directory.
func dumped(dir string) (string, error) {
	var out strings.Builder
	err := Dump(&out, dir, func(record []byte) string { return "called " + string(record[:4]) })
	return out.String(), err
}

// segmented makes a log of several segments in dir, of n records of 1000 B.
func segmented(t *testing.T, dir string, n uint64) (*Disk, bells) {
	t.Helper()
	bell := make(bells, 1)
	d, err := Open(dir, Options{Segment: 16 << 10, Owner: "a test", Wake: bell})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := contents(d); err != nil {
		t.Fatal(err)
	}
	for i := uint64(1); i <= n; i++ {
		d.Append(0, i, smr.SyncEntries, false, record(fmt.Sprintf("%04d%0996d", i, 0)))
		until(t, d, bell, i)
	}
	return d, bell
}

// TestDump: every record of every segment, in order, and where the log ends.
func TestDump(t *testing.T) {
	dir := t.TempDir()
	d, _ := segmented(t, dir, 40)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := dumped(dir)
	if err != nil {
		t.Fatal(err)
	}
	rest := out
	for i := range 40 {
		_, after, ok := strings.Cut(rest, fmt.Sprintf("  1000 B  crc ok  called %04d\n", i+1))
		if !ok {
			t.Fatalf("record %d is missing, or not in order, in\n%s", i+1, out)
		}
		rest = after
	}
	for want, times := range map[string]int{
		"  segment ": 4, ", 16384 B, log ": 4, "  end     the log goes on in the next segment\n": 2, "  seal    the log was closed here\n": 1,
		"replay from 0000000000000001.seg on: 41280 B of records, end at offset ": 1, " of 0000000000000003.seg\n": 1, "TORN": 0, "BAD": 0,
	} {
		if n := strings.Count(out, want); n != times {
			t.Errorf("%d times %q, want %d, in\n%s", n, want, times, out)
		}
	}

	// A bit that flips in the middle: the record is named, what is behind it is listed.
	name := filepath.Join(dir, "0000000000000002.seg")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	const off = segmentHeader + 4*1032
	data[off+500] ^= 16
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err = dumped(dir)
	var rot *RotError
	if !errors.As(err, &rot) || rot.File != name || rot.Offset != off || !strings.Contains(rot.Reason, "single bit") {
		t.Errorf("a flipped bit: %v; want rot at offset %d of %s", err, off, name)
	}
	if !strings.Contains(out, fmt.Sprintf("%12d  BAD     a record does not match its checksum\n", off)) || !strings.Contains(out, "called 0040\n") {
		t.Errorf("a flipped bit:\n%s", out)
	}

	// A segment that is gone.
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if _, err := dumped(dir); !errors.As(err, &rot) || rot.File != name || rot.Reason != "the segment is missing" {
		t.Errorf("without segment 2: %v", err)
	}
}

// TestDumpOfATornLog: a tail that was not synced is no error.
func TestDumpOfATornLog(t *testing.T) {
	dir := t.TempDir()
	d, _ := segmented(t, dir, 10)
	end := d.next.offset()
	torn := appendFrame(nil, d.id, d.next, kindRecord, flagLast, d.durable.end, []byte(strings.Repeat("torn", 100)), nil)
	d.Crash(0)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "0000000000000001.seg"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(torn[:100], end); err != nil {
		t.Fatal(err)
	}
	out, err := dumped(dir)
	want := fmt.Sprintf("TORN TAIL  104 B behind offset %d of 0000000000000001.seg are not whole and were never synced; a recovery cuts them off\n", end)
	if err != nil || !strings.HasSuffix(out, want) || !strings.Contains(out, "called 0010\n") {
		t.Errorf("%v\n%s\nwant %s", err, out, want)
	}
}

// TestDumpOfALogInUse: a run that writes meanwhile is no rot, and is not disturbed.
func TestDumpOfALogInUse(t *testing.T) {
	dir := t.TempDir()
	d, bell := segmented(t, dir, 1)
	quit, ended := make(chan struct{}), make(chan uint64)
	go func() {
		n := uint64(1)
		for {
			select {
			case <-quit:
				ended <- n
				return
			default:
			}
			n++
			d.Append(0, n, smr.SyncEntries, false, record(fmt.Sprintf("%04d%0996d", n, 0)))
			for d.Poll(0).Number+3 < n {
				<-bell
			}
		}
	}()
	for range 20 {
		if out, err := dumped(dir); err != nil || !strings.Contains(out, "called 0001\n") {
			t.Errorf("%v\n%s", err, out)
			break
		}
	}
	close(quit)
	n := <-ended
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if out, err := dumped(dir); err != nil || !strings.Contains(out, fmt.Sprintf("called %04d\n", n)) {
		t.Errorf("afterwards: %v, want %d records in\n%s", err, n, out)
	}
}
