package smrtest

import "testing"

func TestToy(t *testing.T) { Run(t, Toy, Without(LeaderCrashes)) }

func FuzzToy(f *testing.F) { FuzzStep(f, Toy, Without(LeaderCrashes)) }
