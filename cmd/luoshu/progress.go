package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"luoshu"
)

// isTerminal reports whether w is a terminal that a person looks at.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

// progress returns a function that shows one line a stage on a terminal, at most
// ten times a second, and nothing elsewhere.
func (a *app) progress(what string) luoshu.Progress {
	if !a.tty {
		return nil
	}
	var last time.Time
	return func(stage string, done, total int64) {
		now := a.now()
		if now.Sub(last) < 100*time.Millisecond && done != total {
			return
		}
		last = now
		line := fmt.Sprintf("%s  %s  %d", what, stage, done)
		if total > 0 {
			line = fmt.Sprintf("%s  %s  %d/%d  %d%%", what, stage, done, total, done*100/total)
		}
		fmt.Fprintf(a.errw, "\r%s%s", line, strings.Repeat(" ", max(0, 70-len(line))))
	}
}

// endProgress clears the progress line.
func (a *app) endProgress() {
	if a.tty {
		fmt.Fprintf(a.errw, "\r%s\r", strings.Repeat(" ", 78))
	}
}
