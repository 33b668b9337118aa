package paxos

// A frame of basic Paxos is a Batch: the messages of many instances to one peer.
// Items whose op carries a value are followed, in the same order, by the encoded
// entries in the frame's body (bench/smr/window).

// Op is what an Item says. Ballot and Other are named here as the literature does.
type Op uint8

const (
	OpPrepare  Op = iota + 1 // phase 1a: promise Ballot in Slot
	OpPromise                // phase 1b: promised Ballot; Other is the ballot accepted before, with its entry; 0 = none
	OpReject                 // to phase 1a or 2a of Ballot: has promised Other, which is higher
	OpAccept                 // phase 2a: accept this entry under Ballot
	OpAccepted               // phase 2b: has durably accepted Ballot
	OpChosen                 // notice: what was proposed under Ballot in Slot is chosen
	OpFetch                  // asks for the chosen entry of Slot; Ballot is 0
	OpLearn                  // the chosen entry of Slot; Ballot is that of the entry sent, Other 0
	OpBehind                 // answer to any item on Slot: it is below the window; Other is not used
	opEnd
)

var opNames = [...]string{"?", "prepare", "promise", "reject", "accept", "accepted", "chosen", "fetch", "learn", "behind"}

func (o Op) String() string {
	if o < opEnd {
		return opNames[o]
	}
	return "?"
}

// Item is one message of one instance.
type Item struct {
	Op     Op
	Slot   uint64
	Ballot Ballot
	Other  Ballot
}

// Carries reports whether an encoded entry belongs to the item, and under which
// ballot it is encoded.
func (it Item) Carries() (entry bool, ballot Ballot) {
	switch it.Op {
	case OpAccept, OpLearn:
		return true, it.Ballot
	case OpPromise:
		return it.Other != 0, it.Other
	}
	return false, 0
}

// sound reports whether the fields make sense together.
func (it Item) sound() bool {
	if it.Slot == 0 || (it.Other != 0 && !it.Other.valid()) {
		return false
	}
	switch it.Op {
	case OpFetch, OpBehind:
		return it.Ballot == 0 && it.Other == 0
	case OpReject:
		return it.Ballot.valid() && it.Other > it.Ballot
	case OpPromise:
		return it.Ballot.valid() && it.Other <= it.Ballot
	case OpPrepare, OpAccept, OpAccepted, OpChosen, OpLearn:
		return it.Ballot.valid() && it.Other == 0
	}
	return false
}
