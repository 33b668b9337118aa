package report

import (
	"fmt"

	"github.com/consbench/consbench/bench/result"
)

// livelocks says where elections went on, or did not begin, without end.
func (p *page) livelocks(r *result.Run) {
	for _, l := range r.Livelocks {
		text := "no leader was elected"
		if l.Elected > 0 {
			text = "no leader lasted longer than " + duration(float64(l.Longest))
		}
		text += fmt.Sprintf(" from %s on, for %s, though n%d could speak with a quorum: ", duration(float64(l.From)), duration(float64(l.Until-l.From)), l.Hub)
		switch {
		case l.Timeouts == 0:
			text += "nobody's timer ran out"
		case l.Campaigns == 0:
			text += plural(l.Timeouts, "time-out") + ", and nobody found the votes to campaign"
		default:
			text += plural(l.Timeouts, "time-out") + ", " + plural(l.Campaigns, "campaign") + ", " + plural(l.Elected, "election")
		}
		p.marked(red, "LIVELOCK", text)
	}
}
