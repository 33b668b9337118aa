package nearest

import "testing"

func TestOf(t *testing.T) {
	protocols := []string{"raft", "multipaxos", "paxos"}
	flags := []string{"duration", "delay", "election-timeout", "timeout", "clients", "check-quorum", "q1", "q2"}
	for _, c := range []struct {
		name  string
		known []string
		want  string
	}{
		{"raft", protocols, "raft"},
		{"rfat", protocols, "raft"},
		{"Raft", protocols, "raft"},
		{"multi-paxos", protocols, "multipaxos"},
		{"multi", protocols, "multipaxos"},
		{"pax", protocols, "paxos"},
		{"zab", protocols, ""},
		{"", protocols, ""},
		{"client", flags, "clients"},
		{"timout", flags, "timeout"},
		{"electiontimeout", flags, "election-timeout"},
		{"check", flags, "check-quorum"},
		{"de", flags, "delay"},
		{"x", flags, ""},
		{"raft", nil, ""},
	} {
		if got := Of(c.name, c.known); got != c.want {
			t.Errorf("Of(%q, %v) = %q, want %q", c.name, c.known, got, c.want)
		}
	}
}

func TestHint(t *testing.T) {
	if got, want := Hint("rfat", []string{"raft"}), `; did you mean "raft"?`; got != want {
		t.Errorf("Hint = %q, want %q", got, want)
	}
	if got := Hint("zab", []string{"raft"}); got != "" {
		t.Errorf("Hint = %q, want nothing", got)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"", "abc", 3}, {"abc", "acb", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3}} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
