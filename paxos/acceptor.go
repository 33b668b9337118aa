package paxos

// Acceptor is what one acceptor remembers of one instance (Paxos Made Simple,
// 2.5: "an acceptor needs to remember only the highest-numbered proposal that it
// has ever accepted and the number of the highest-numbered prepare request to
// which it has responded"). The value of the accepted proposal stands in the log
// window at the instance's slot.
//
// Both fields only grow, and both must be durable before they are told to anybody.
type Acceptor struct {
	Promised Ballot // no proposal below this one will be accepted any more
	Accepted Ballot // highest-numbered proposal accepted; 0 = none
}

// Within is the acceptor as bound also by a promise that was given for a whole
// range of instances at once, as in Multi-Paxos: the higher promise holds.
func (a Acceptor) Within(promised Ballot) Acceptor {
	a.Promised = max(a.Promised, promised)
	return a
}

// Prepare is phase 1b: the acceptor receives a prepare request numbered b. True:
// it promises never again to accept a proposal numbered below b, and answers with
// its highest-numbered accepted proposal. False: it has promised a higher number,
// Promised, which the rejection names. A repeated prepare is answered again: b has
// only one proposer.
func (a *Acceptor) Prepare(b Ballot) bool {
	if b == 0 || b < a.Promised {
		return false
	}
	a.Promised = b
	return true
}

// Accept is phase 2b: the acceptor receives an accept request for the proposal
// numbered b. It accepts unless it has already responded to a prepare request
// having a number greater than b; a rejection names that number, Promised.
// Accepting b binds it like a promise, for b is then the highest number it knows.
func (a *Acceptor) Accept(b Ballot) bool {
	if b == 0 || b < a.Promised {
		return false
	}
	a.Promised, a.Accepted = b, b
	return true
}
