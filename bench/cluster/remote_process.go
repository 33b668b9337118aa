package cluster

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/smr"
)

// callLimit bounds an answer of a node. A recovery may take long, and so may one on
// a machine with other things to do; a node that is silent for so long hangs.
const callLimit = 2 * time.Minute

// process is a node's process, from its start to its end.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stderr lastWords
	report func(*report) // called from the goroutine that reads; borrowed

	calls   sync.Mutex // one at a time
	answers chan answer
	gone    chan struct{} // closed at its end; what follows is valid then
	state   *os.ProcessState
	err     error // why it was not understood
}

type answer struct {
	kind messageKind
	body []byte
}

// startProcess starts a node. The goroutine that calls it must stay on its thread for
// as long as the process is to live; see spawner.
func startProcess(argv, env []string, report func(*report)) (*process, error) {
	p := &process{report: report, answers: make(chan answer, 1), gone: make(chan struct{})}
	p.cmd = exec.Command(argv[0], argv[1:]...)
	p.cmd.Env, p.cmd.SysProcAttr, p.cmd.Stderr = env, nodeAttributes(), &p.stderr
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	// A pipe of our own: what the node has said before its end is read to the end.
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.cmd.Stdout = w
	err = p.cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		return nil, err
	}
	go p.read(r)
	return p, nil
}

// read takes what the node says until it ends.
func (p *process) read(r *os.File) {
	err := p.listen(r)
	if err != nil {
		_ = p.cmd.Process.Kill()
		_, _ = io.Copy(io.Discard, r)
	}
	r.Close()
	_ = p.cmd.Wait() // its state says it all
	p.state, p.err = p.cmd.ProcessState, err
	close(p.gone)
}

func (p *process) listen(r io.Reader) error {
	r = bufio.NewReaderSize(r, 64<<10)
	var rep report
	var buf []byte // for reports; whoever has asked keeps his answer
	for {
		kind, body, err := readMessage(r, buf)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF): // it may be killed while it writes
			return nil
		case err != nil:
			return err
		case kind == msgReported:
			if err := rep.read(body); err != nil {
				return err
			}
			p.report(&rep)
			buf = body
		case kind == msgReady, kind == msgDone, kind == msgFailed:
			buf = nil
			select {
			case p.answers <- answer{kind, body}:
			default:
				return fmt.Errorf("%w: an answer to nothing", errMessage)
			}
		default:
			return fmt.Errorf("%w: kind %d is not for a run", errMessage, kind)
		}
	}
}

// call sends a message and returns the answer to it.
func (p *process) call(kind messageKind, body []byte) ([]byte, error) {
	p.calls.Lock()
	defer p.calls.Unlock()
	limit := time.NewTimer(callLimit)
	defer limit.Stop()
	sent := make(chan error, 1)
	go func() { sent <- writeMessage(p.stdin, kind, body) }() // a node that hangs reads nothing
	select {
	case a := <-p.answers:
		if a.kind == msgFailed {
			return nil, errors.New(string(a.body))
		}
		return a.body, nil
	case <-p.gone:
		return nil, p.why()
	case <-limit.C:
		p.kill()
		<-sent
		return nil, fmt.Errorf("process %d did not answer within %v", p.cmd.Process.Pid, callLimit)
	}
}

// kill ends the process with SIGKILL, where there is such a thing, and returns when
// it is gone and all that it had said is read.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // an error means that it is gone already
	<-p.gone
}

// end closes the node's input, which ends it, and kills it if it takes too long.
func (p *process) end() {
	p.stdin.Close()
	limit := time.NewTimer(callLimit)
	defer limit.Stop()
	select {
	case <-p.gone:
	case <-limit.C:
		p.kill()
	}
}

// alive reports whether the process is not known to have ended.
func (p *process) alive() bool {
	select {
	case <-p.gone:
		return false
	default:
		return true
	}
}

// why says how a process that is gone has ended.
func (p *process) why() error {
	err := fmt.Errorf("process %d ended by itself: %v", p.cmd.Process.Pid, p.state)
	if p.err != nil {
		err = fmt.Errorf("process %d was stopped: %w", p.cmd.Process.Pid, p.err)
	}
	if words := p.stderr.String(); words != "" {
		err = fmt.Errorf("%w; it said:\n%s", err, words)
	}
	return err
}

// cpu is the processor time of a process that is gone.
func (p *process) cpu() smr.Time { return smr.Time(p.state.UserTime() + p.state.SystemTime()) }

// usage is what a node has spent: what it has reported, and where it is gone, what
// the system says.
func (p *process) usage(reported measure.Usage) measure.Usage {
	if !p.alive() {
		reported.CPU = max(reported.CPU, p.cpu())
	}
	return reported
}

// lastWords keeps what a process writes to its standard error: the beginning, which
// of a panic says what went wrong, and not the stacks of all goroutines behind it.
type lastWords struct {
	mu   sync.Mutex
	text []byte
}

const (
	maxWords = 16 << 10 // kept
	maxLines = 12       // shown
)

func (l *lastWords) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, b[:min(len(b), maxWords-len(l.text))]...)
	return len(b), nil
}

func (l *lastWords) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := strings.ReplaceAll(strings.TrimSpace(string(l.text)), "\t", "  ")
	lines := strings.Split(text, "\n")
	if len(lines) > maxLines {
		lines = append(lines[:maxLines], "...")
	}
	return strings.Join(lines, "\n")
}

// spawner starts processes from one thread that lives as long as it does: Linux kills
// a node when the thread that started it ends, not the process.
type spawner struct{ jobs chan func() }

func newSpawner() *spawner {
	s := &spawner{make(chan func())}
	go func() {
		runtime.LockOSThread() // and never unlock: the thread ends with the goroutine
		for f := range s.jobs {
			f()
		}
	}()
	return s
}

func (s *spawner) do(f func()) {
	done := make(chan struct{})
	s.jobs <- func() { f(); close(done) }
	<-done
}

func (s *spawner) stop() { close(s.jobs) }
