// Package park puts the goroutine of a live actor to sleep until it is woken or
// its deadline comes.
//
// An actor takes turns: it takes what came, does its work, and parks when nothing
// is left. Whoever has something for it calls [Parker.Wake], which is one atomic
// operation unless the goroutine really sleeps. Parker yields a few times before
// it sleeps, since under load the next mail is usually a moment away; it never
// spins while idle.
//
// # Timers
//
// A deadline that moves back, as election timers do with every message, costs
// nothing: the alarm stays where it is and is looked at when it rings.
//
// The timers of the Go runtime are late by up to 1 ms when the process is idle,
// for an idle thread waits in epoll_wait with a timeout in whole milliseconds. For
// a deadline of 100 us this was measured: 1.02 ms late in the median with
// time.Timer, 35 to 45 us with a timerfd, which makes epoll_wait return as any
// other file does. Options.Precise adds a timerfd on Linux. Setting one costs a
// system call each time a goroutine parks for an earlier deadline.
package park
