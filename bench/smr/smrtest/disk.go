package smrtest

// disk is the log of one replica and its newest snapshot. Records are appended
// to it at once and durable later; a crash loses what is not.
type disk struct {
	data    []byte
	records []stored
	durable int // records[:durable] outlive a crash
	newest  int // where the newest Baseline starts, durable or not; 0 if there is none to wait for
	grown   int // bytes from the newest Baseline on
	snap    snapshot
}

type stored struct {
	off, end int
	number   uint64 // of the Ready, in its incarnation
	baseline bool   // part of a Baseline
	start    bool   // first record of a Baseline
}

// snapshot is a copy of the state machine at an index.
type snapshot struct {
	index  uint64
	digest uint64
	meta   []byte
}

func (d *disk) append(s stored, head, body []byte) {
	s.off = len(d.data)
	d.data = append(append(d.data, head...), body...)
	s.end = len(d.data)
	if s.start {
		d.newest = len(d.records)
		d.grown = 0
	}
	d.grown += s.end - s.off
	d.records = append(d.records, s)
}

// sync makes every record of the Readys up to number durable.
func (d *disk) sync(number uint64) {
	for d.durable < len(d.records) && d.records[d.durable].number <= number {
		d.durable++
	}
	if d.newest > 0 && d.newest < d.durable {
		d.release(d.newest)
	}
}

// release drops the records before first.
func (d *disk) release(first int) {
	shift := d.records[first].off
	d.data = d.data[:copy(d.data, d.data[shift:])]
	d.records = d.records[:copy(d.records, d.records[first:])]
	for i := range d.records {
		d.records[i].off -= shift
		d.records[i].end -= shift
	}
	d.durable -= first
	d.newest = max(0, d.newest-first)
}

// crash keeps the durable records and up to kept of the others: a crash may tear
// a log between any two records, but leaves all of a Baseline or nothing of it.
func (d *disk) crash(kept int) {
	n := min(d.durable+kept, len(d.records))
	if n < len(d.records) && d.records[n].baseline && !d.records[n].start {
		for !d.records[n].start {
			n--
		}
	}
	d.records = d.records[:n]
	if n > 0 {
		d.data = d.data[:d.records[n-1].end]
	} else {
		d.data = d.data[:0]
	}
	for i := range d.records {
		d.records[i].number = 0
	}
	d.durable, d.newest = n, 0
	for i := n - 1; i > 0; i-- {
		if d.records[i].start {
			d.release(i)
			break
		}
	}
}

func (d *disk) unsynced() int { return len(d.records) - d.durable }

func (d *disk) record(i int) []byte { return d.data[d.records[i].off:d.records[i].end] }
