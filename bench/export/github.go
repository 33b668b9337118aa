package export

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

// maxAnnotations is how many of a kind GitHub shows for one step.
const maxAnnotations = 10

// maxSummary is how many bytes of a step's summary GitHub keeps; it drops all of a
// longer one.
const maxSummary = 1 << 20

// GitHub tells GitHub Actions about the verdict of a gate, if this is a job there:
// annotations go to w, which is standard output or error, and Markdown to the
// summary of the step. getenv is os.Getenv.
func GitHub(w io.Writer, getenv func(string) string, g *result.Gate) error {
	if getenv("GITHUB_ACTIONS") != "true" {
		return nil
	}
	if err := Annotate(w, g); err != nil {
		return err
	}
	if path := getenv("GITHUB_STEP_SUMMARY"); path != "" {
		return StepSummary(path, Markdown(g))
	}
	return nil
}

// Annotate writes a workflow command for each row that did not pass: errors,
// warnings where the gate passes in spite of them, and notices of what was meant to
// change. GitHub shows ten of a kind, so the rest is counted in the last.
func Annotate(w io.Writer, g *result.Gate) error {
	byLevel := map[string][]annotation{}
	for i := range g.Rows {
		r := &g.Rows[i]
		level := "error"
		switch {
		case r.Outcome == passed:
			continue
		case intended(g):
			level = "notice"
		case r.Outcome == inconclusive && !(g.Verdict == inconclusive && g.Exit != 0):
			level = "warning"
		}
		byLevel[level] = append(byLevel[level], annotation{
			"consbench gate: " + r.Run + " " + r.Metric + ": " + r.Outcome,
			gateSentence(r) + " (" + r.Layer + ", " + r.Source + ")",
		})
	}
	if g.Exit != 0 && len(byLevel["error"]) == 0 {
		byLevel["error"] = []annotation{{"consbench gate: " + g.Verdict, report.GateClosing(g)}}
	}
	for _, level := range []string{"error", "warning", "notice"} {
		list := byLevel[level]
		if more := len(list) - maxAnnotations; more > 0 {
			list = append(list[:maxAnnotations-1:maxAnnotations-1], annotation{
				"consbench gate", fmt.Sprintf("%d more, see the summary", more+1),
			})
		}
		for _, a := range list {
			if _, err := fmt.Fprintf(w, "::%s title=%s::%s\n", level, property(a.title), data(a.message)); err != nil {
				return err
			}
		}
	}
	return nil
}

type annotation struct{ title, message string }

// data escapes the message of a workflow command.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(report.Clean(s))
}

// property escapes a property of a workflow command.
func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(s))
}

// StepSummary appends Markdown to the file of a step's summary. What does not fit
// is cut off at a line, and that is said.
func StepSummary(path, markdown string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("GITHUB_STEP_SUMMARY: %w", err)
	}
	room := int64(maxSummary)
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		room -= info.Size()
	}
	_, err = io.WriteString(f, fit(markdown, room))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("GITHUB_STEP_SUMMARY: %w", err)
	}
	return nil
}

const cutOff = "\n</details>\n\n(cut off: GitHub keeps 1 MiB)\n"

// fit cuts text at the end of a line so that it takes at most room bytes.
func fit(text string, room int64) string {
	if int64(len(text)) <= room {
		return text
	}
	room -= int64(len(cutOff))
	if room <= 0 {
		return ""
	}
	return text[:strings.LastIndexByte(text[:room], '\n')+1] + cutOff
}
