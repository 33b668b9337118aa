package wal

// depth is how many files are read ahead. Each takes memory for a whole one.
const depth = 2

// readAhead reads files in order while those before are looked at: the device is not
// to wait until a checksum is computed and a record replayed.
type readAhead struct {
	files []fileID // to be loaded
	read  chan loaded
	spare chan []byte // to read into
	quit  chan struct{}
	ended chan struct{}
}

// loaded is a file that was read.
type loaded struct {
	data []byte
	err  error
}

func (s *dirStore) readAhead(kind fileKind, numbers []uint64) *readAhead {
	a := &readAhead{
		read: make(chan loaded, depth-1), spare: make(chan []byte, depth+1),
		quit: make(chan struct{}), ended: make(chan struct{}),
	}
	for _, n := range numbers {
		a.files = append(a.files, fileID{kind, n})
	}
	go a.run(s, a.files)
	return a
}

func (a *readAhead) run(s *dirStore, files []fileID) {
	defer close(a.ended)
	for _, f := range files {
		var buf []byte
		select {
		case buf = <-a.spare:
		default:
		}
		data, err := s.read(f, buf)
		select {
		case a.read <- loaded{data, err}:
		case <-a.quit:
			return
		}
	}
}

// next returns the next file. scratch is read into later.
func (a *readAhead) next(scratch []byte) ([]byte, error) {
	a.files = a.files[1:]
	if scratch != nil {
		select {
		case a.spare <- scratch:
		default:
		}
	}
	l := <-a.read
	return l.data, l.err
}

// stop ends the reading and waits until it has.
func (a *readAhead) stop() {
	close(a.quit)
	<-a.ended
}
