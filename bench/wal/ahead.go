package wal

import (
	"errors"
	"io"
)

// Sizes of what is read ahead of a recovery: pieces so large that the device is kept
// busy, and so small that they are still in the processor's cache when their
// checksums are computed.
const (
	pieceSize  = 1 << 20
	pieceFront = 64 << 10 // room for the beginning of a frame that ends in the next piece
	pieces     = 6        // that there are
)

// readAhead reads files in order while those before are looked at: the device is not
// to wait until a checksum is computed and a record replayed.
type readAhead struct {
	read  chan aheadPiece
	spare chan []byte // to read into
	quit  chan struct{}
	ended chan struct{}
}

type aheadPiece struct {
	piece
	err error
}

func (s *dirStore) stream(kind fileKind, numbers []uint64) stream {
	a := &readAhead{
		read: make(chan aheadPiece, pieces), spare: make(chan []byte, pieces),
		quit: make(chan struct{}), ended: make(chan struct{}),
	}
	for range pieces {
		a.spare <- nil
	}
	go a.run(s, kind, numbers)
	return a
}

func (a *readAhead) run(s *dirStore, kind fileKind, numbers []uint64) {
	defer close(a.ended)
	for _, n := range numbers {
		if !a.file(s, fileID{kind, n}) {
			return
		}
	}
}

// file reads a file. It reports whether there is a reason to go on.
func (a *readAhead) file(s *dirStore, f fileID) bool {
	size := pieceSize
	if s.piece > 0 {
		size = s.piece
	}
	file, end, err := s.sized(f)
	for off := int64(0); ; {
		var buf []byte
		select {
		case buf = <-a.spare:
		case <-a.quit:
			return false
		}
		if buf == nil {
			buf = make([]byte, pieceFront+size)
		}
		n := 0
		if err == nil {
			n, err = file.ReadAt(buf[pieceFront:pieceFront+min(int64(size), end-off)], off)
			off += int64(n)
		}
		last := off >= end || errors.Is(err, io.EOF)
		if last && errors.Is(err, io.EOF) {
			err = nil
		}
		a.read <- aheadPiece{piece{buf[:pieceFront+n], pieceFront, last}, err} // has room for all there are
		if err != nil || last {
			return err == nil
		}
	}
}

func (a *readAhead) next() (piece, error) {
	p := <-a.read
	return p.piece, p.err
}

func (a *readAhead) free(buf []byte) {
	if buf != nil {
		a.spare <- buf[:cap(buf)]
	}
}

// stop ends the reading and waits until it has.
func (a *readAhead) stop() {
	close(a.quit)
	<-a.ended
}
