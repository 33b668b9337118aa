package pagetest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// Picture is a part of a page that the documentation shows: from its top, or from the
// heading of a section, to the end of the first figure.
type Picture struct {
	Name    string // of the file, without .png
	Section string // "": the top of the page
	Scheme  string // light or dark
}

// Pictures are all of them, of the page of what PicturesOf writes.
var Pictures = []Picture{
	{"report-latency", "", "light"},
	{"report-time", "Over time", "dark"},
}

// PicturesOf are the arguments of consbench that make the file of the page.
var PicturesOf = []string{"run", "-p", "raft,multipaxos,paxos", "--rate", "1k/s", "-d", "12s", "--fault", "crash leader every 4s for 1s"}

// Taken says what a picture was taken of. Browsers draw a page in bytes that differ; what they draw
// does not, so that this can be held against the page of today without any.
type Taken struct {
	Picture string `json:"picture"` // SHA-256 of the file
	Source  string `json:"source"`  // SHA-256 of the part of the page, and of its style sheet
	Arch    string `json:"arch"`    // where the source was made: floating point may round otherwise elsewhere
}

// TakenFile is where it stands, beside the pictures.
const TakenFile = "taken.json"

// ReadTaken reads what pictures of a directory were taken of, by name.
func ReadTaken(dir string) (map[string]Taken, error) {
	data, err := os.ReadFile(filepath.Join(dir, TakenFile))
	if err != nil {
		return nil, err
	}
	all := map[string]Taken{}
	return all, json.Unmarshal(data, &all)
}

// WriteTaken writes it.
func WriteTaken(dir string, all map[string]Taken) error {
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, TakenFile), append(data, '\n'), 0o644)
}

// Hash is a SHA-256 in hex.
func Hash[T ~string | ~[]byte](data T) string {
	sum := sha256.Sum256([]byte(data))
	return hex.EncodeToString(sum[:])
}

var (
	unseen = regexp.MustCompile(`(?s)<noscript>.*?</noscript>| (?:id|aria-labelledby)="[^"]*"`)
	sheet  = regexp.MustCompile(`(?s)<style>.*?</style>`)
)

// Of is what a picture of a page would be taken of now; its Picture is empty.
func (p *Picture) Of(html string) (Taken, error) {
	from := `<main `
	at := strings.Index(html, from)
	if p.Section != "" {
		at = strings.Index(html, ">"+p.Section+"</h2>")
	}
	style := sheet.FindString(html)
	if at < 0 || style == "" {
		return Taken{}, fmt.Errorf("%s: the page has no style sheet, or no part %q", p.Name, p.Section)
	}
	part := html[at:]
	end := strings.Index(part, "</figure>")
	if end < 0 {
		return Taken{}, fmt.Errorf("%s: the page has no figure there", p.Name)
	}
	return Taken{Source: Hash(style + unseen.ReplaceAllString(part[:end], "")), Arch: runtime.GOARCH}, nil
}

// Stale says why a picture is not the one of the page, "" if it is.
func (p *Picture) Stale(dir string, known map[string]Taken, now Taken) string {
	taken, ok := known[p.Name]
	if !ok {
		return "nothing says what it was taken of"
	}
	data, err := os.ReadFile(filepath.Join(dir, p.Name+".png"))
	switch {
	case err != nil:
		return err.Error()
	case Hash(data) != taken.Picture:
		return "it is not the picture that was taken"
	case taken.Arch == now.Arch && taken.Source != now.Source:
		return "its part of the page has changed since"
	}
	return ""
}
