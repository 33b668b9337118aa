package probe

// Set counts how often each place was reached. The nil Set counts nothing.
type Set struct{ hits [Count]uint64 }

// Hit notes that a place was reached.
func (s *Set) Hit(id ID) {
	if s != nil {
		s.hits[id]++
	}
}

// Hits is how often a place was reached.
func (s *Set) Hits(id ID) uint64 {
	if s == nil {
		return 0
	}
	return s.hits[id]
}

// Add adds what another set has counted.
func (s *Set) Add(other *Set) {
	if s == nil || other == nil {
		return
	}
	for i, n := range other.hits {
		s.hits[i] += n
	}
}

// Reset sets all counts to 0.
func (s *Set) Reset() {
	if s != nil {
		clear(s.hits[:])
	}
}

// Missing lists the places that runs of protocol could reach and this set has not.
func (s *Set) Missing(protocol string) (missing []ID) {
	for _, id := range Of(protocol) {
		if s.Hits(id) == 0 {
			missing = append(missing, id)
		}
	}
	return missing
}
