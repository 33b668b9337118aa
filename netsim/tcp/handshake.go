package tcp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/consbench/consbench/bench/smr"
)

// The handshake is one greeting of the dialer and one answer, little endian:
//
//	0        8         10     12
//	+--------+---------+------+---- - -+-------+
//	| magic  | version | size | fields | check |
//	+--------+---------+------+---- - -+-------+
//
// size is the length of fields, check the CRC-32C of all before it. The fields of
// a greeting are from (4 bytes), to (4), and the names of cluster and protocol, each
// behind a byte with its length. Those of an answer are a byte, 1 for welcome, and
// the reason of a refusal behind a byte with its length.
const (
	magic        = "consnet\n"
	version      = 1
	preambleSize = len(magic) + 4
	maxFields    = 8 + 2*(1+maxName)
	maxName      = 255
)

// ErrRefused is wrapped by the errors of a handshake that one end has refused.
var ErrRefused = errors.New("tcp: handshake refused")

// greeting is who calls whom, and about what.
type greeting struct {
	from, to          smr.NodeID
	cluster, protocol string
}

func (g *greeting) encode() []byte {
	f := binary.LittleEndian.AppendUint32(nil, uint32(g.from))
	f = binary.LittleEndian.AppendUint32(f, uint32(g.to))
	f = appendName(f, g.cluster)
	f = appendName(f, g.protocol)
	return envelope(f)
}

func decodeGreeting(f []byte) (g greeting, err error) {
	if len(f) < 8 {
		return g, errFields
	}
	g.from = smr.NodeID(binary.LittleEndian.Uint32(f))
	g.to = smr.NodeID(binary.LittleEndian.Uint32(f[4:]))
	rest := f[8:]
	if g.cluster, rest, err = cutName(rest); err != nil {
		return g, err
	}
	if g.protocol, rest, err = cutName(rest); err != nil {
		return g, err
	}
	if len(rest) != 0 {
		return g, errFields
	}
	return g, nil
}

// encodeAnswer is a welcome if reason is empty.
func encodeAnswer(reason string) []byte {
	if reason == "" {
		return envelope([]byte{1, 0})
	}
	return envelope(appendName([]byte{0}, reason[:min(len(reason), maxName)]))
}

// decodeAnswer returns nil for a welcome.
func decodeAnswer(f []byte) error {
	if len(f) < 2 {
		return errFields
	}
	reason, rest, err := cutName(f[1:])
	switch {
	case err != nil || len(rest) != 0 || f[0] > 1:
		return errFields
	case f[0] == 1:
		return nil
	}
	return fmt.Errorf("%w by the peer: %q", ErrRefused, reason)
}

var errFields = fmt.Errorf("%w: malformed", ErrRefused)

func appendName(dst []byte, s string) []byte { return append(append(dst, byte(len(s))), s...) }

func cutName(b []byte) (name string, rest []byte, err error) {
	if len(b) < 1 || len(b)-1 < int(b[0]) {
		return "", nil, errFields
	}
	n := 1 + int(b[0])
	return string(b[1:n]), b[n:], nil
}

func envelope(fields []byte) []byte {
	b := []byte(magic)
	b = binary.LittleEndian.AppendUint16(b, version)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(fields)))
	b = append(b, fields...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// readEnvelope reads a greeting or an answer and returns its fields. It reads no
// byte beyond, and no more than it must to tell a stranger.
func readEnvelope(r io.Reader) ([]byte, error) {
	b := make([]byte, preambleSize+maxFields+4)
	if _, err := io.ReadFull(r, b[:preambleSize]); err != nil {
		return nil, err
	}
	if string(b[:len(magic)]) != magic {
		return nil, fmt.Errorf("%w: this is not consbench speaking", ErrRefused)
	}
	if v := binary.LittleEndian.Uint16(b[len(magic):]); v != version {
		return nil, fmt.Errorf("%w: the peer speaks version %d, this is version %d", ErrRefused, v, version)
	}
	size := int(binary.LittleEndian.Uint16(b[len(magic)+2:]))
	if size > maxFields {
		return nil, errFields
	}
	end := preambleSize + size
	if _, err := io.ReadFull(r, b[preambleSize:end+4]); err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(b[end:]) != crc32.Checksum(b[:end], castagnoli) {
		return nil, fmt.Errorf("%w: checksum does not match", ErrRefused)
	}
	return b[preambleSize:end], nil
}

// judge says why a caller is refused; empty for a welcome.
func (o *Options) judge(g greeting, self smr.NodeID) string {
	switch {
	case g.cluster != o.Cluster:
		return fmt.Sprintf("this is cluster %q, not %q", o.Cluster, g.cluster)
	case g.protocol != o.Protocol:
		return fmt.Sprintf("this cluster runs %q, not %q", o.Protocol, g.protocol)
	case g.to != self:
		return fmt.Sprintf("this is node %v, not %v", self, g.to)
	case o.Addrs[g.from] == "":
		return fmt.Sprintf("node %v is not a member", g.from)
	case g.from <= self:
		return fmt.Sprintf("node %v does not call %v: the higher id calls", g.from, self)
	}
	return ""
}
