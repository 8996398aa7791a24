// Command luoshu is the one binary: it makes a demo city, loads files, seals,
// answers figures, checks the ledger and serves the pages.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"luoshu"
	"luoshu/cmd/luoshu/loop"
	"luoshu/cmd/luoshu/places"
	"luoshu/kernel/access"
	"luoshu/kernel/audit"
	"luoshu/kernel/city"
	"luoshu/packs"
)

// version is set by the build (-ldflags "-X main.version=…"); "dev" otherwise.
var version = "dev"

// cli is the command line: one field a command.
type cli struct {
	Demo       demoCmd       `cmd:"" help:"Make a synthetic demo city in a data folder and load it through the ordinary intake."`
	Init       initCmd       `cmd:"" help:"Make an empty data folder for a city."`
	Load       loadCmd       `cmd:"" help:"Load files of one entity. Exit 1 when anything was refused."`
	Export     exportCmd     `cmd:"" help:"Write the current or sealed records of an entity to a .csv or .xlsx file."`
	Templ      templCmd      `cmd:"" name:"template" help:"Write the XLSX template of an entity."`
	Seal       sealCmd       `cmd:"" help:"Seal the ledger as it stands and compute every figure."`
	Seals      sealsCmd      `cmd:"" help:"List the seals."`
	Commits    commitsCmd    `cmd:"" help:"List the commits, newest first."`
	Undo       undoCmd       `cmd:"" help:"Undo a commit by a new one."`
	Figures    figuresCmd    `cmd:"" help:"Print figures of a seal, or the records behind one."`
	Plan       planCmd       `cmd:"" help:"Print the plan: targets, states, figures."`
	Check      checkCmd      `cmd:"" help:"Verify the hash chain against the tables. Exit 1 with what is wrong."`
	Serve      serveCmd      `cmd:"" help:"Serve the pages and the API."`
	Audit      auditCmd      `cmd:"" help:"Search, export and archive the audit log."`
	Pack       packCmd       `cmd:"" help:"Check and test packs."`
	Keys       keysCmd       `cmd:"" help:"Show, make and rotate the keys that data are sealed with."`
	Duplicates duplicatesCmd `cmd:"" help:"Look for records that are likely the same person."`
	Life       lifeCmd       `cmd:"" name:"lifecycle" help:"Change organisations: rename, merge, split, move, manage, close."`
	Promote    promoteCmd    `cmd:"" help:"Run the end of a year: preview it (--dry-run), run it, or take it back (--undo)."`
	User       userCmd       `cmd:"" help:"Manage accounts and grants."`
	Account    accountCmd    `cmd:"" hidden:"" help:"Manage local accounts (use user)."`
	Version    versionCmd    `cmd:"" help:"Print the version."`

	Sources     sourcesCmd         `cmd:"" help:"Write the field-to-source map: who answers for every field, and how far it is filled in."`
	Corrections correctionsCmd     `cmd:"" help:"List and sweep correction requests."`
	Duty        loop.DutyCmd       `cmd:"" help:"What organisations owe by the plan, and when it is due."`
	Case        loop.CaseCmd       `cmd:"" help:"Cases: list, show, open, act."`
	Brief       loop.BriefCmd      `cmd:"" help:"Write the briefing for the half-yearly hearing as .docx or .pdf."`
	Run         places.RunCmd      `cmd:"" help:"Run an engine over a city: forecast, siting."`
	Siting      places.SitingCmd   `cmd:"" help:"Say where places of education should be, with a proven bound."`
	Backtest    places.BacktestCmd `cmd:"" help:"Forecast children from a file of counts and hold it against what came. Exit 1 when nothing could be tested."`
	Verify      verifyCmd          `cmd:"" help:"Rounds of verification and findings of set rules."`
}

// errQuiet ends the program with exit 1 after everything was said.
var errQuiet = errors.New("")

// app is what commands share.
type app struct {
	ctx    context.Context
	out    io.Writer
	errw   io.Writer
	now    func() time.Time
	tty    bool // progress is shown on a terminal only
	logger *slog.Logger
}

// memoryGoal is where the collector starts to work harder: a load or seal of a
// full city is to stay under 1 GiB. GOMEMLIMIT overrides it.
const memoryGoal = 560 << 20

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryGoal)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main without the process: it returns the exit code.
func run(ctx context.Context, args []string, out, errw io.Writer) int {
	var c cli
	code := -1
	k, err := kong.New(&c,
		kong.Name("luoshu"),
		kong.Description("Luoshu 洛书: a city's education data, from a school's file to a figure that opens."),
		kong.Writers(out, errw),
		kong.Exit(func(n int) { code = n }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		fmt.Fprintln(errw, err)
		return 2
	}
	kctx, err := k.Parse(args)
	if code >= 0 { // --help
		return code
	}
	if err != nil {
		fmt.Fprintf(errw, "luoshu: %v\n", err)
		return 2
	}
	a := &app{
		ctx: ctx, out: out, errw: errw, now: time.Now, tty: isTerminal(errw),
		logger: slog.New(slog.NewTextHandler(errw, nil)),
	}
	kctx.BindTo(a, (*loop.App)(nil))
	kctx.BindTo(a, (*places.App)(nil))
	if err := kctx.Run(a); err != nil {
		return a.fail(err)
	}
	return 0
}

// fail says what went wrong in both languages and returns the exit code: 1 for
// what the user can mend, 3 for faults of the program or machine, 130 when
// interrupted.
func (a *app) fail(err error) int {
	if errors.Is(err, errQuiet) {
		return 1
	}
	if a.ctx.Err() != nil && errors.Is(err, context.Canceled) {
		fmt.Fprintln(a.errw, "luoshu: 已中断，未写入任何半成品；可重新运行。 interrupted; nothing half-done was kept; run it again.")
		return 130
	}
	var e *luoshu.Error
	if errors.As(err, &e) {
		fmt.Fprintf(a.errw, "luoshu: %s\nluoshu: %s\n", e.Msg.ZH, e.Msg.EN)
		if e.Cause != nil {
			fmt.Fprintf(a.errw, "luoshu: (%v)\n", e.Cause)
		}
		return 1
	}
	fmt.Fprintf(a.errw, "luoshu: %v\n", err)
	return 3
}

// open opens the data folder; the caller closes it.
func (a *app) open(dir string) (*city.City, error) {
	return city.Open(a.ctx, dir, packs.FS, a.now)
}

// note puts what the operator does into the audit log, before it is done: what
// cannot be noted is not done.
func (a *app) note(ct *city.City, e audit.Event) error {
	e.Actor = operator()
	return ct.Audit.Must(a.ctx, e)
}

// with opens the data folder for the length of one call.
func (a *app) with(dir string, do func(*city.City) error) error {
	c, err := a.open(dir)
	if err != nil {
		return err
	}
	return errors.Join(do(c), c.Close())
}

// json writes v as one line of JSON.
func (a *app) json(v any) error {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// With opens a data folder for as long as do runs.
func (a *app) With(dir string, do func(*city.City) error) error { return a.with(dir, do) }

// JSON writes v as one line of JSON.
func (a *app) JSON(v any) error { return a.json(v) }

// Progress shows how far long work is, as (*app).progress does.
func (a *app) Progress() luoshu.Progress { return a.progress("run") }

// Context ends when the program is interrupted.
func (a *app) Context() context.Context { return a.ctx }

// Out is where answers go.
func (a *app) Out() io.Writer { return a.out }

// operator is who acts on the command line.
func operator() luoshu.Actor { return access.Operator }

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(a *app) error {
	_, err := fmt.Fprintln(a.out, "luoshu", version)
	return err
}
