package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// names of browsers that speak the protocol, on the path.
var names = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "chrome-headless-shell"}

// tab is a tab of a headless browser and what it has seen.
type tab struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex
	requests []string
	said     []string // errors, warnings and violations of the policy
}

// shared is the one browser of all tests.
var shared struct {
	sync.Mutex
	ctx  context.Context
	stop func()
}

// browser starts the browser, or skips the test where there is none.
func browser(t testing.TB) context.Context {
	t.Helper()
	path := os.Getenv("CONSBENCH_BROWSER")
	for _, n := range names {
		if path != "" {
			break
		}
		path, _ = exec.LookPath(n)
	}
	if path == "" {
		t.Skipf("no browser: none of %s is on the path; CONSBENCH_BROWSER names another", strings.Join(names, ", "))
	}
	shared.Lock()
	defer shared.Unlock()
	if shared.ctx != nil {
		return shared.ctx
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.DisableGPU,
		chromedp.Flag("force-device-scale-factor", "1"), chromedp.Flag("hide-scrollbars", true), chromedp.WSURLReadTimeout(2*time.Minute))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeTab := chromedp.NewContext(ctx)
	if err := chromedp.Run(ctx); err != nil {
		stop()
		t.Fatalf("%s does not start: %v", path, err)
	}
	shared.ctx, shared.stop = ctx, func() { closeTab(); stop() }
	return ctx
}

// open opens a tab.
func open(t testing.TB) *tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(browser(t))
	t.Cleanup(closeTab)
	ctx, expire := context.WithTimeout(ctx, 4*time.Minute) // a browser that hangs
	t.Cleanup(expire)
	b := &tab{t: t, ctx: ctx}
	chromedp.ListenTarget(ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			b.requests = append(b.requests, e.Request.URL)
		case *log.EventEntryAdded:
			b.said = append(b.said, fmt.Sprintf("%s: %s", e.Entry.Level, e.Entry.Text))
		case *runtime.EventExceptionThrown:
			b.said = append(b.said, e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			b.said = append(b.said, fmt.Sprintf("console.%s", e.Type))
		}
	})
	b.do(network.Enable(), log.Enable(), runtime.Enable())
	return b
}

func (b *tab) do(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// load shows a page of that width in a colour scheme.
func (b *tab) load(path string, width int, scheme string) {
	b.t.Helper()
	b.do(
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}),
		chromedp.EmulateViewport(int64(width), 900),
		chromedp.Navigate(address(path)),
	)
}

func address(path string) string { return "file://" + filepath.ToSlash(path) }

// ask evaluates an expression that must be of the type of into.
func (b *tab) ask(expression string, into any) {
	b.t.Helper()
	b.do(chromedp.Evaluate(expression, into))
}

// quiet fails if the page asked for anything but itself, or had anything to complain of.
func (b *tab) quiet(path string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, url := range b.requests {
		if url != address(path) && url != "data:," {
			b.t.Errorf("%s asks for %s", filepath.Base(path), url)
		}
	}
	for _, s := range b.said {
		b.t.Errorf("%s: %s", filepath.Base(path), s)
	}
	b.requests, b.said = nil, nil
}
