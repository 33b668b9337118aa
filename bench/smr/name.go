package smr

import (
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Name is what a person knows an entry's data by: no-op if there is none, short text as
// it is, of anything else the end of its checksum (CRC-32C).
func Name(data []byte) string {
	strange := func(c byte) bool { return c < ' ' || c >= 0x7f }
	switch {
	case len(data) == 0:
		return "no-op"
	case len(data) <= 16 && !slices.ContainsFunc(data, strange):
		return strconv.Quote(string(data))
	}
	return fmt.Sprintf("#%06x", crc32.Checksum(data, castagnoli)&0xffffff)
}
