package bench

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/consbench/consbench/bench/result"
)

// Version is set by the linker; a build without it says what the module says.
var Version string

// Describe returns what this program is and what it runs on, floors excepted.
func Describe(cfg *Config) result.Environment {
	env := result.Environment{
		Version: Version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		CPU: cpuModel(), CPUs: runtime.NumCPU(), GOMAXPROCS: runtime.GOMAXPROCS(0),
		GOGC: cfg.GOGC, Memory: memoryLimit(),
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		if env.Version == "" {
			env.Version = info.Main.Version
		}
		env.Modules = make(map[string]string, len(info.Deps))
		for _, m := range info.Deps {
			env.Modules[m.Path] = m.Version
		}
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				env.Revision = s.Value
			case "vcs.modified":
				env.Modified = s.Value == "true"
			}
		}
	}
	return env
}

func cpuModel() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// memoryLimit is the machine's memory in bytes, 0 if that is not known.
func memoryLimit() int64 {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == "MemTotal:" {
			kib, _ := strconv.ParseInt(f[1], 10, 64)
			return kib << 10
		}
	}
	return 0
}

// floors are those that this process has measured or was told, by directory: short
// runs that follow each other need not measure the same machine again and again.
var floors struct {
	sync.Mutex
	of map[string]result.Floors
}

// KnowFloors tells what the machine's floors are, with files in dir, so that runs of
// this process do not measure them: another process has.
func KnowFloors(dir string, f result.Floors) {
	floors.Lock()
	defer floors.Unlock()
	if floors.of == nil {
		floors.of = map[string]result.Floors{}
	}
	floors.of[dir] = f
}

// Floors returns the machine's floors, with files in dir. The first call for a
// directory measures them, which takes a few tens of milliseconds. What cannot be
// measured stays null.
func Floors(dir string) result.Floors {
	floors.Lock()
	f, known := floors.of[dir]
	floors.Unlock()
	if known {
		return f
	}
	f = result.Floors{Clock: clockStep(), Wake: wakeTime(), Loopback: loopback(), Fdatasync: fdatasync(dir)}
	KnowFloors(dir, f)
	return f
}

// clockStep is the smallest step between two readings of the clock that differ.
func clockStep() *int64 {
	start := time.Now()
	step := int64(time.Second)
	for range 2000 {
		a := time.Since(start)
		b := a
		for b == a {
			b = time.Since(start)
		}
		step = min(step, int64(b-a))
	}
	return &step
}

// wakeTime is the median time to wake a goroutine and be woken by it.
func wakeTime() *int64 {
	ping, pong := make(chan struct{}), make(chan struct{})
	go func() {
		for range ping {
			pong <- struct{}{}
		}
	}()
	defer close(ping)
	return median(500, func() error {
		ping <- struct{}{}
		<-pong
		return nil
	})
}

// loopback is the median round trip of one byte over a TCP connection.
func loopback() *int64 {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.Copy(c, c) // ends when the other end is closed
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return nil
	}
	defer c.Close()
	buf := make([]byte, 1)
	return median(300, func() error {
		if _, err := c.Write(buf); err != nil {
			return err
		}
		_, err := io.ReadFull(c, buf)
		return err
	})
}

// fdatasync is the median time of an append of 256 bytes and an fdatasync in dir.
func fdatasync(dir string) *int64 {
	if dir == "" {
		dir = os.TempDir()
	}
	f, err := os.CreateTemp(dir, "consbench-floor-*")
	if err != nil {
		return nil
	}
	defer os.Remove(filepath.Clean(f.Name()))
	defer f.Close()
	buf := make([]byte, 256)
	return median(20, func() error {
		if _, err := f.Write(buf); err != nil {
			return err
		}
		return syncData(f)
	})
}

func median(n int, f func() error) *int64 {
	times := make([]int64, n)
	for i := range times {
		start := time.Now()
		if err := f(); err != nil {
			return nil
		}
		times[i] = int64(time.Since(start))
	}
	slices.Sort(times)
	return &times[n/2]
}

// busyTime is how long the processors of this machine have been busy since it
// started, in ticks of 10 ms; negative if that is not known.
func busyTime() time.Duration {
	data, err := os.ReadFile("/proc/stat")
	if err != nil {
		return -1
	}
	return parseBusy(string(data))
}

// parseBusy reads the first line of /proc/stat: cpu, then ticks of user, nice,
// system, idle, iowait, irq, softirq and steal (proc(5)). Guests count as user.
func parseBusy(stat string) time.Duration {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return -1
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every architecture that Go runs on
	sum := time.Duration(0)
	for i, f := range fields[1:9] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil || n < 0 {
			return -1
		}
		if i != 3 && i != 4 { // idle, iowait
			sum += time.Duration(n) * tick
		}
	}
	return sum
}
