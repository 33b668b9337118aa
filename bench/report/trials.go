package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/consbench/consbench/bench/result"
)

// Trials writes the result of consbench elections: the phases of each setting,
// the settings side by side, what was published beside what was measured, and a
// plot of the distributions.
func Trials(w io.Writer, e *result.Elections, o Options) error {
	p := &page{file: &result.File{Environment: e.Environment}, width: max(o.Width, minWidth), color: o.Color, plots: o.Plots}
	if o.Width == 0 {
		p.width = defaultWidth
	}
	published := false
	for i := range e.Settings {
		published = published || e.Settings[i].Published != nil
	}
	if len(e.Settings) > 0 {
		p.electionConditions(&e.Settings[0].Config, e.Settings)
		p.line("")
	}
	switch {
	case len(e.Settings) == 0:
		p.line("nothing was measured")
		p.line("")
	case published:
		p.published(e.Settings)
	default:
		for i := range e.Settings {
			p.electionPhases(&e.Settings[i])
		}
		if len(e.Settings) > 1 {
			p.electionsSideBySide(e.Settings)
			p.liveAgainstVirtual(e.Settings)
		}
	}
	p.distributionPlot(e.Settings)
	if e.Interrupted {
		p.marked(yellow, "INTERRUPTED", "the figures cover only what was measured until then")
		p.line("")
	}
	p.machine()
	p.rerun(o.Rerun)
	_, err := w.Write(p.out.Bytes())
	return err
}

// fromTo shows a range of times: 150ms-300ms, or 1ms if both ends are the same.
func fromTo(lo, hi int64) string {
	if lo == hi {
		return short(lo)
	}
	return short(lo) + "-" + short(hi)
}

// electionConditions says what the trials of all settings have in common.
func (p *page) electionConditions(c *result.ElectionConfig, all []result.ElectionSetting) {
	parts := []string{plural(c.Nodes, "server")}
	if c.Down > 0 {
		parts = append(parts, fmt.Sprintf("%d dead from the start", c.Down))
	}
	if c.Start == result.StartCrash {
		parts = append(parts, "the leader crashes within the interval after a heartbeat")
	} else {
		parts = append(parts, "all timers start at 0 without a leader")
	}
	parts = append(parts, Clean(c.Logs)+" logs", fromTo(int64(c.DelayMin), int64(c.DelayMax))+" one way")
	if c.CandidatePersistMax > 0 {
		parts = append(parts, "a candidate writes for "+fromTo(int64(c.CandidatePersistMin), int64(c.CandidatePersistMax)))
	}
	if c.VoterPersist > 0 {
		parts = append(parts, "a voter writes for "+short(int64(c.VoterPersist)))
	}
	same := true
	for i := range all {
		same = same && all[i].Config.Heartbeat == c.Heartbeat
	}
	if same {
		parts = append(parts, "heartbeat "+short(int64(c.Heartbeat)))
	} else {
		parts = append(parts, "heartbeat half the shortest timeout")
	}
	if c.PreVote {
		parts = append(parts, "pre-vote")
	}
	if c.CheckQuorum {
		parts = append(parts, "check-quorum")
	}
	p.labelled("ELECTIONS", ", ", append([]string{trialsOf(all)}, parts...)...)
	from := "from the crash"
	if c.Start != result.StartCrash {
		from = "from 0"
	}
	virtual, live := 0, 0
	for i := range all {
		if all[i].Config.Network == "" {
			virtual++
		} else {
			live++
		}
	}
	kind := "virtual time "
	switch {
	case virtual == 0:
		kind = "live, times "
	case live > 0:
		kind = "virtual time, live where a network is named, times "
	}
	p.labelled("", ", ", kind+from, "seed "+strconv.FormatUint(c.Seed, 10), "given up after "+short(int64(c.GiveUp)))
}

// trialsOf says how many trials the settings have; live ones may have fewer.
func trialsOf(all []result.ElectionSetting) string {
	virtual, live := 0, 0
	for i := range all {
		if c := &all[i].Config; c.Network == "" {
			virtual = max(virtual, c.Trials)
		} else {
			live = max(live, c.Trials)
		}
	}
	text := plural(max(virtual, live), "trial")
	if virtual > 0 && live > 0 && virtual != live {
		text = plural(virtual, "trial")
	}
	if len(all) > 1 {
		text += " a setting"
	}
	if virtual > 0 && live > 0 && virtual != live {
		text += " (live " + group(strconv.Itoa(live)) + ")"
	}
	return text
}

// settingName is the protocol, the network if it is a live one, and the range of
// timeouts: what settings differ in.
func settingName(c *result.ElectionConfig) string {
	name := Clean(c.Protocol) + " "
	if c.Network != "" {
		name += Clean(c.Network) + " "
	}
	return name + fromTo(int64(c.ElectionMin), int64(c.ElectionMax))
}

var phaseNames = [...]string{"detected", "elected", "announced", "first commit"}

func phasesOf(s *result.ElectionSetting) [4]*result.Phase {
	return [4]*result.Phase{&s.Phases.Detected, &s.Phases.Elected, &s.Phases.Announced, &s.Phases.FirstCommit}
}

// rounded is a mean as a cell's value.
func rounded(mean *float64) *int64 {
	if mean == nil {
		return nil
	}
	v := int64(math.Round(*mean))
	return &v
}

// electionPhases writes the phases of one setting.
func (p *page) electionPhases(s *result.ElectionSetting) {
	g := &grid{header: []string{settingName(&s.Config), "p50", "p90", "p99", "p99.9", "max", "mean"}}
	var columns [6][]*int64
	for _, ph := range phasesOf(s) {
		for i, v := range []*int64{ph.P50, ph.P90, ph.P99, ph.P999, ph.Max, rounded(ph.Mean)} {
			columns[i] = append(columns[i], v)
		}
	}
	cells := times(columns[:]...)
	for i, name := range phaseNames {
		row := []string{" " + name}
		for _, c := range cells {
			row = append(row, c[i])
		}
		g.add(row...)
	}
	p.table(g, "p99.9")
	parts := []string{
		"rounds " + sig3(s.Rounds.Mean) + ", at most " + group(strconv.Itoa(s.Rounds.Max)),
		"split votes " + portion(s.SplitVoteRate),
	}
	if s.Trials < s.Config.Trials {
		parts = append(parts, "only "+plural(s.Trials, "trial"))
	}
	if s.Disturbed > 0 {
		parts = append(parts, plural(s.Disturbed, "attempt")+" begun anew, for the machine stood still before the crash")
	}
	if s.Unfinished > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s unfinished after %s", group(strconv.Itoa(s.Unfinished)), plural(s.Trials, "trial"), short(int64(s.Config.GiveUp))))
	}
	for _, l := range fill(parts, "   ", p.width-1) {
		p.line(" " + l)
	}
	p.line("")
}

// portion shows a share as a percentage.
func portion(share float64) string {
	if share == 0 {
		return "0%"
	}
	return sig3(100*share) + "%"
}

// electionsSideBySide sets the medians of all settings under each other.
func (p *page) electionsSideBySide(all []result.ElectionSetting) {
	g := &grid{header: []string{"SIDE BY SIDE, medians", "detected", "elected", "announced", "first\ncommit", "rounds", "split\nvotes", "unfin-\nished"}}
	var columns [4][]*int64
	unfinished := 0
	for i := range all {
		for j, ph := range phasesOf(&all[i]) {
			columns[j] = append(columns[j], ph.P50)
		}
		unfinished += all[i].Unfinished
	}
	cells := times(columns[:]...)
	for i := range all {
		s := &all[i]
		g.add(" "+settingName(&s.Config), cells[0][i], cells[1][i], cells[2][i], cells[3][i], sig3(s.Rounds.Mean), portion(s.SplitVoteRate), group(strconv.Itoa(s.Unfinished)))
	}
	if unfinished == 0 {
		g.drop(7)
	}
	p.table(g, "elected", "rounds")
	p.line("")
}

// How far the median of a live phase may be from that of the same trials in virtual
// time: a share of it or a time, whichever is more.
const (
	liveShare = 0.15
	liveTime  = 5_000_000
)

// liveAgainstVirtual holds the medians of live settings against those of the setting in
// virtual time that is the same but for the network.
func (p *page) liveAgainstVirtual(all []result.ElectionSetting) {
	held, apart := 0, []string{}
	for i := range all {
		if all[i].Config.Network == "" {
			continue
		}
		for j := range all {
			a, b := all[i].Config, all[j].Config
			a.Network, a.Trials, b.Trials = "", 0, 0
			if a != b {
				continue
			}
			virtual := phasesOf(&all[j])
			for k, ph := range phasesOf(&all[i]) {
				if ph.P50 == nil || virtual[k].P50 == nil {
					apart = append(apart, settingName(&all[i].Config)+" "+phaseNames[k]+" is not known")
					continue
				}
				off := float64(*ph.P50 - *virtual[k].P50)
				if math.Abs(off) > max(liveShare*float64(*virtual[k].P50), liveTime) {
					apart = append(apart, fmt.Sprintf("%s %s %+.1f%%", settingName(&all[i].Config), phaseNames[k], 100*off/float64(*virtual[k].P50)))
					continue
				}
				held++
			}
		}
	}
	limit := fmt.Sprintf("within %.0f%% or %s of those in virtual time", 100*liveShare, short(liveTime))
	switch {
	case len(apart) > 0:
		p.marked(red, "LIVE", fmt.Sprintf("%s not %s: %s", plural(len(apart), "median"), limit, strings.Join(apart, ", ")))
	case held > 0:
		p.marked(green, "LIVE", fmt.Sprintf("all %s of phases are %s", plural(held, "median"), limit))
	default:
		return
	}
	p.line("")
}

// published writes published and measured figures side by side.
func (p *page) published(all []result.ElectionSetting) {
	source, failed, held := "", 0, 0
	for i := range all {
		if all[i].Published != nil {
			source = Clean(all[i].Published.Source)
			held++
			if !all[i].Published.OK {
				failed++
			}
		}
	}
	p.marked(bold, "PUBLISHED", source+": time without a leader in ms. GAP is the largest difference between the two distribution functions, OFF that of the medians.")
	p.line("")
	shown := []int{0, 1, 2, 3} // p50, mean, p90, p99
	if p.width < defaultWidth {
		shown = []int{0, 3}
	}
	row := func(c code, timeout string, published, measured [4]string, gap, off string) {
		line := fmt.Sprintf("%-8s", timeout)
		for i, cells := range [][4]string{published, measured} {
			if i > 0 {
				line += " "
			}
			for _, k := range shown {
				line += fmt.Sprintf("%7s", cells[k])
			}
		}
		p.line(p.paint(c, line+fmt.Sprintf("%7s%8s", gap, off)))
	}
	protocol := ""
	for i := range all {
		s := &all[i]
		if s.Published == nil {
			continue
		}
		if s.Config.Protocol != protocol {
			protocol = s.Config.Protocol
			figures, wide, pad := [4]string{"p50", "mean", "p90", "p99"}, 7*len(shown), strings.Repeat(" ", 3*len(shown)-6)
			p.line(p.paint(bold, fmt.Sprintf("%-8s%*s %*s", "", wide, "published"+pad, wide, "measured, "+Clean(protocol)+pad)))
			row(bold, "timeout", figures, figures, "GAP", "OFF")
		}
		q, ph := s.Published.Quantiles, &s.Phases.Announced
		giveUp := int64(s.Config.GiveUp)
		verdict := code("")
		gap, off := gapText(s.Published.Gap), offText(s.Published.Median)
		if !s.Published.OK {
			verdict = red
		}
		const ms = 1_000_000
		row(verdict,
			strconv.FormatInt(int64(s.Config.ElectionMin)/ms, 10)+"-"+strconv.FormatInt(int64(s.Config.ElectionMax)/ms, 10),
			[4]string{plainMs(float64(q[50])), plainMs(s.Published.Mean), plainMs(float64(q[90])), plainMs(float64(q[99]))},
			[4]string{censoredMs(ph.Quantiles[50], giveUp), censoredMs(rounded(ph.Mean), giveUp), censoredMs(ph.Quantiles[90], giveUp), censoredMs(ph.Quantiles[99], giveUp)},
			gap, off)
	}
	p.line("")
	for i := range all {
		s := &all[i]
		if pub := s.Published; pub != nil && pub.Slow != nil {
			p.marked(bold, fromTo(int64(s.Config.ElectionMin), int64(s.Config.ElectionMax)), fmt.Sprintf("%s of %s took more than %s; at least %.0f%% must",
				portion(*pub.Slow), plural(s.Trials, "trial"), short(pub.Slower), 100**pub.SlowLeast))
		}
	}
	p.marked(bold, "LIMITS", limits(all))
	if failed == 0 {
		p.marked(green, "HELD", plural(held, "range")+" within the limits")
	} else {
		var names []string
		for i := range all {
			if all[i].Published != nil && !all[i].Published.OK {
				names = append(names, settingName(&all[i].Config))
			}
		}
		p.beside(red, "NOT HELD", fill(names, ", ", p.width-margin))
	}
	p.line("")
}

// limits says what the measured distributions are held to.
func limits(all []result.ElectionSetting) string {
	text := ""
	for i := range all {
		pub := all[i].Published
		if pub == nil || pub.GapLimit == nil {
			continue
		}
		one := fmt.Sprintf("GAP at most %.2f, OFF at most %.0f%%", *pub.GapLimit, 100**pub.MedLimit)
		name := fromTo(int64(all[i].Config.ElectionMin), int64(all[i].Config.ElectionMax))
		switch {
		case text == "":
			text = name + ": " + one
		case text[len(text)-len(one):] != one:
			text += "; others: " + one
			return text
		}
	}
	return text
}

// plainMs shows a time as a bare number of milliseconds, or in seconds where that
// is too long for a column.
func plainMs(ns float64) string {
	switch ms := ns / 1e6; {
	case ms >= 100_000:
		return strconv.FormatFloat(ms/1e3, 'f', 0, 64) + "s"
	case ms >= 10_000:
		return strconv.FormatFloat(ms/1e3, 'f', 1, 64) + "s"
	case ms >= 1000:
		return group(strconv.FormatFloat(ms, 'f', 0, 64))
	default:
		return strconv.FormatFloat(ms, 'f', 1, 64)
	}
}

// censoredMs is plainMs of a figure that is null where trials were given up.
func censoredMs(ns *int64, giveUp int64) string {
	if ns == nil {
		return ">" + short(giveUp)
	}
	return plainMs(float64(*ns))
}

func gapText(x *float64) string {
	if x == nil {
		return ""
	}
	return strconv.FormatFloat(*x, 'f', 3, 64)
}

func offText(x *float64) string {
	if x == nil {
		return ""
	}
	return fmt.Sprintf("%+.1f%%", 100**x)
}
