package smrtest

import "testing"

func TestToy(t *testing.T) { Run(t, Toy, Without(LeaderCrashes)) }
